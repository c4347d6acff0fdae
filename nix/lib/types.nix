# SPDX-License-Identifier: MIT
# Types of options. A type is { description, check, merge, nested }:
#   check value            whether one definition fits (shallow for containers);
#   merge loc definitions  { value, errors } of all definitions, which passed the check;
#   nested loc             the options inside (submodules), for the manual.
{
  errors,
  properties,
  evalModules,
}:
let
  inherit (builtins)
    all
    concatLists
    concatMap
    concatStringsSep
    elem
    filter
    genList
    head
    isAttrs
    isBool
    isFunction
    isInt
    isList
    isPath
    isString
    length
    map
    mapAttrs
    match
    ;

  failed = message: {
    errors = [ message ];
    value = throw message;
  };

  succeeded = value: {
    errors = [ ];
    inherit value;
  };

  mergeEqual =
    loc: definitions:
    let
      first = head definitions;
    in
    if all (d: d.value == first.value) definitions then
      succeeded first.value
    else
      failed (errors.conflict loc definitions);

  mkType =
    attrs:
    {
      _type = "type";
      merge = mergeEqual;
      nested = _: { };
    }
    // attrs;

  simple = description: check: mkType { inherit description check; };

  # All definitions of one option or member: properties resolved, types checked, values merged.
  mergeDefinitions =
    loc: type: definitions:
    let
      effective = properties.sortByOrder (
        properties.filterOverrides (properties.discharge definitions)
      );
      wrong = filter (d: !(type.check d.value)) effective;
    in
    if wrong != [ ] then
      {
        errors = map (errors.wrongType loc type) wrong;
        value = throw (errors.wrongType loc type (head wrong));
      }
    else
      type.merge loc effective;

  between =
    low: high:
    simple "an integer between ${toString low} and ${toString high}" (
      v: isInt v && v >= low && v <= high
    );

  quoted = errors.showValue;

  types = {
    bool = simple "true or false" isBool;
    int = simple "an integer" isInt;
    str = simple "a string" isString;
    anything = simple "any value" (_: true);
    port = between 0 65535 // {
      description = "a port number (0 to 65535)";
    };
    path = simple "an absolute path" (
      v: isPath v || isString v && builtins.substring 0 1 v == "/" || isAttrs v && v ? outPath
    );
    package = simple "a derivation" (v: isAttrs v && v ? outPath);
    ints = {
      inherit between;
      unsigned = simple "an integer of 0 or more" (v: isInt v && v >= 0);
      positive = simple "an integer of 1 or more" (v: isInt v && v > 0);
    };
    lines = mkType {
      description = "a string of lines";
      check = isString;
      merge = _: definitions: succeeded (concatStringsSep "\n" (map (d: d.value) definitions));
    };
    enum =
      values: simple "one of ${concatStringsSep ", " (map quoted values)}" (v: elem v values);
    strMatching =
      pattern:
      simple "a string that matches ${builtins.replaceStrings [ "\n" "\t" ] [ "\\n" "\\t" ] pattern}" (v: isString v && match pattern v != null);

    nullOr =
      type:
      mkType {
        description = "null or ${type.description}";
        check = v: v == null || type.check v;
        merge =
          loc: definitions:
          if all (d: d.value == null) definitions then
            succeeded null
          else if all (d: d.value != null) definitions then
            type.merge loc definitions
          else
            failed (errors.conflict loc definitions);
        inherit (type) nested;
      };

    either =
      left: right:
      mkType {
        description = "${left.description}, or ${right.description}";
        check = v: left.check v || right.check v;
        merge =
          loc: definitions:
          if all (d: left.check d.value) definitions then
            left.merge loc definitions
          else if all (d: right.check d.value) definitions then
            right.merge loc definitions
          else
            failed (errors.conflict loc definitions);
        nested = loc: left.nested loc // right.nested loc;
      };

    oneOf = list: builtins.foldl' types.either (head list) (builtins.tail list);

    listOf =
      type:
      mkType {
        description = "a list whose items are each ${type.description}";
        check = isList;
        merge = mergeList type;
        nested = loc: type.nested (loc ++ [ "*" ]);
      };

    attrsOf =
      type:
      mkType {
        description = "an attribute set whose values are each ${type.description}";
        check = isAttrs;
        merge = mergeAttrs type;
        nested = loc: type.nested (loc ++ [ "<name>" ]);
      };

    submodule =
      module:
      mkType {
        description = "an attribute set of the options below it";
        check = v: isAttrs v || isFunction v;
        merge = mergeSubmodule (if isList module then module else [ module ]);
        nested =
          loc:
          (evalModules {
            modules = if isList module then module else [ module ];
            prefix = loc;
            args.name = "<name>";
          }).options;
      };
  };

  mergeList =
    type: loc: definitions:
    let
      items =
        d:
        concatLists (
          genList (
            i:
            let
              item = d // {
                value = builtins.elemAt d.value i;
              };
            in
            if properties.discharge [ item ] == [ ] then
              [ ]
            else
              [ (mergeDefinitions (loc ++ [ "[item ${toString (i + 1)}]" ]) type [ item ]) ]
          ) (length d.value)
        );
      merged = concatMap items definitions;
    in
    {
      errors = concatMap (m: m.errors) merged;
      value = map (m: m.value) merged;
    };

  mergeAttrs =
    type: loc: definitions:
    let
      named = properties.byName (
        map (d: {
          inherit (d) file position;
          attrs = d.value;
          wrap = v: v;
        }) definitions
      );
      present = builtins.removeAttrs named (
        filter (n: properties.discharge named.${n} == [ ]) (builtins.attrNames named)
      );
      merged = mapAttrs (name: ds: mergeDefinitions (loc ++ [ name ]) type ds) present;
    in
    {
      errors = concatMap (m: m.errors) (builtins.attrValues merged);
      value = mapAttrs (_: m: m.value) merged;
    };

  mergeSubmodule =
    modules: loc: definitions:
    let
      evaluated = evalModules {
        modules = modules ++ map (d: d.value) (filter (d: isFunction d.value) definitions);
        definitions = filter (d: isAttrs d.value) definitions;
        prefix = loc;
        args.name = builtins.elemAt loc (length loc - 1);
      };
    in
    {
      errors = evaluated.findings;
      value = evaluated.config;
    };
in
{
  inherit types mergeDefinitions;
}
