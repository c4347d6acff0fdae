# SPDX-License-Identifier: MIT
# The module system: many files that declare and set options become one configuration.
# What a user got wrong is collected as sentences instead of thrown, so that the command line can
# print just these; the value of a wrong option throws its sentence if someone looks at it.
{ errors, properties }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    deepSeq
    filter
    head
    isAttrs
    isString
    length
    map
    mapAttrs
    tryEval
    ;

  inherit
    (import ./types.nix {
      inherit errors properties evalModules;
    })
    types
    mergeDefinitions
    ;

  inherit (import ./load.nix { inherit errors; }) loadAll;

  mkOption = attrs: { _type = "option"; } // attrs;

  mkEnableOption =
    what:
    mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether to enable ${what}.";
    };

  # A default or example to be shown as written, not evaluated.
  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };

  lib =
    builtins.removeAttrs properties [
      "byName"
      "discharge"
      "filterOverrides"
      "isProperty"
      "pushDown"
      "sortByOrder"
    ]
    // import ./strings.nix
    // {
      inherit
        literalExpression
        mkEnableOption
        mkOption
        types
        ;
    };

  isOption = value: isAttrs value && value._type or null == "option";

  ### Evaluating

  # What is wrong with one option. An evaluation that throws (because it uses another wrong
  # option, or because the user's code throws) must not hide the others' sentences.
  attempt =
    found:
    let
      result = tryEval (deepSeq found found);
    in
    if result.success then
      result.value
    else
      [
        {
          _type = "unfinished";
          again = _: found;
        }
      ];

  evalOption =
    loc: declaration: definitions:
    let
      option = declaration.value;
      fallback =
        if option ? default then
          [
            {
              inherit (declaration) file;
              position = null;
              value = properties.mkOptionDefault option.default;
            }
          ]
        else
          [ ];
      live = properties.discharge (fallback ++ definitions);
      merged = mergeDefinitions loc (option.type or types.anything) live;
      sentence = errors.missing loc declaration;
      apply = option.apply or (value: value);
      value = if live == [ ] then throw sentence else apply merged.value;
    in
    {
      inherit value;
      findings = attempt (
        if live == [ ] then
          [
            {
              _type = "missing";
              inherit sentence;
            }
          ]
        else
          merged.errors
      );
      options = option // {
        inherit loc value;
        declared = errors.showWhere declaration;
        isDefined = properties.discharge definitions != [ ];
        files = map (d: d.file) definitions;
      };
    };

  # Every option path below the declarations, for "did you mean".
  paths =
    loc: tree:
    concatMap (
      name:
      let
        here = loc ++ [ name ];
      in
      if isOption tree.${name} then [ here ] else [ here ] ++ paths here tree.${name}
    ) (attrNames tree);

  # A group of options, or one option: { value, options, findings }.
  evalTree =
    known: loc: declarations: definitions:
    let
      leaves = filter (d: isOption d.value) declarations;
    in
    if leaves == [ ] then
      evalGroup known loc declarations definitions
    else if length declarations > 1 then
      {
        findings = [ (errors.declaredTwice loc declarations) ];
        value = throw (errors.declaredTwice loc declarations);
        options = { };
      }
    else
      evalOption loc (head leaves) definitions;

  evalGroup =
    known: loc: declarations: definitions:
    let
      groups = concatMap properties.pushDown definitions;
      strangers = filter (g: !isAttrs g.attrs) groups;
      set = properties.byName (filter (g: isAttrs g.attrs) groups);
      declared = builtins.zipAttrsWith (_: ds: ds) (
        map (
          d:
          mapAttrs (name: value: {
            inherit value;
            inherit (d) file;
            position = builtins.unsafeGetAttrPos name d.value;
          }) d.value
        ) declarations
      );
      unknown = builtins.removeAttrs set (attrNames declared);
      members = mapAttrs (
        name: ds: evalTree known (loc ++ [ name ]) ds (set.${name} or [ ])
      ) declared;
    in
    {
      value = mapAttrs (_: m: m.value) members;
      options = mapAttrs (_: m: m.options) members;
      findings =
        attempt (
          map (g: errors.notAGroup loc (g // { value = g.attrs; })) strangers
          ++ concatMap (
            name: map (d: errors.unknownOption (loc ++ [ name ]) d known) unknown.${name}
          ) (attrNames unknown)
        )
        ++ concatMap (m: m.findings) (attrValues members);
    };

  # Modules (files, functions, attribute sets) and ready definitions become
  # { config, options, findings, errors, missing }:
  #   errors    sentences on what is wrong, to be shown before config is used;
  #   missing   sentences on options without a value, which are wrong only if someone needs them;
  #   findings  both, for the module system that this one is part of (a submodule).
  evalModules =
    {
      modules,
      args ? { },
      prefix ? [ ],
      definitions ? [ ],
    }:
    let
      loaded = loadAll ({ inherit lib config options; } // args) modules;
      known = concatMap (m: paths prefix m.options) loaded;
      tree = evalTree known prefix (map (m: { inherit (m) file; value = m.options; }) loaded) (
        map (m: {
          inherit (m) file;
          position = null;
          value = m.config;
        }) loaded
        ++ definitions
      );
      config = tree.value;
      options = tree.options;
      findings = concatMap (m: m.errors) loaded ++ tree.findings;
      unfinished = filter (f: isAttrs f && f._type == "unfinished") findings;
      missing = map (f: f.sentence) (filter (f: isAttrs f && f._type == "missing") findings);
      sentences = lib.unique (filter isString findings);
    in
    {
      inherit
        config
        options
        findings
        missing
        ;
      errors =
        if sentences != [ ] || unfinished == [ ] then
          sentences
        else if missing != [ ] then
          missing
        else
          # The user's own throw: let Nix say it, with its trace.
          deepSeq ((head unfinished).again null) [ ];
    };
in
{
  inherit lib evalModules mergeDefinitions;
}
