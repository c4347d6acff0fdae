# SPDX-License-Identifier: MIT
# Small helpers for lists, attribute sets and text, named as in NixOS's lib.
let
  inherit (builtins)
    attrNames
    concatStringsSep
    elem
    filter
    foldl'
    listToAttrs
    map
    replaceStrings
    ;

  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: values: if condition then values else [ ];
  optionalString = condition: text: if condition then text else "";
  optionalAttrs = condition: attrs: if condition then attrs else { };

  # The first of each value, in order.
  unique = foldl' (list: value: if elem value list then list else list ++ [ value ]) [ ];

  nameValuePair = name: value: { inherit name value; };
  mapAttrs' = f: attrs: listToAttrs (map (name: f name attrs.${name}) (attrNames attrs));
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (attrNames attrs);
  # Attribute sets that f makes of each attribute, joined.
  concatMapAttrs = f: attrs: foldl' (a: b: a // b) { } (mapAttrsToList f attrs);
  filterAttrs =
    keep: attrs:
    builtins.removeAttrs attrs (filter (name: !(keep name attrs.${name})) (attrNames attrs));

  concatMapStrings = f: list: concatStringsSep "" (map f list);
  concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
  concatLines = concatMapStrings (line: line + "\n");
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      start = builtins.stringLength text - builtins.stringLength suffix;
    in
    start >= 0 && builtins.substring start (-1) text == suffix;
  hasInfix =
    infix: text: builtins.length (filter builtins.isString (builtins.split (escapeRegex infix) text)) > 1;
  escapeRegex = replaceStrings [ "\\" "." "[" "]" "*" "+" "?" "(" ")" "{" "}" "^" "$" "|" ] [
    "\\\\"
    "\\."
    "\\["
    "\\]"
    "\\*"
    "\\+"
    "\\?"
    "\\("
    "\\)"
    "\\{"
    "\\}"
    "\\^"
    "\\$"
    "\\|"
  ];
  sort = builtins.sort (a: b: a < b);
  reverse = foldl' (list: value: [ value ] ++ list) [ ];
  concatMap = builtins.concatMap;
  toBool = value: if value then "yes" else "no";
in
{
  inherit
    concatLines
    concatMap
    concatMapAttrs
    concatMapStrings
    concatMapStringsSep
    escapeRegex
    filterAttrs
    hasInfix
    hasPrefix
    hasSuffix
    mapAttrs'
    mapAttrsToList
    nameValuePair
    optional
    optionalAttrs
    optionalString
    optionals
    reverse
    sort
    toBool
    unique
    ;
}
