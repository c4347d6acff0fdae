# SPDX-License-Identifier: MIT
# Words for what a user got wrong: every function returns one sentence, nothing here throws.
let
  inherit (builtins)
    attrNames
    concatStringsSep
    elemAt
    filter
    foldl'
    genList
    head
    isAttrs
    isBool
    isFunction
    isList
    isPath
    isString
    length
    map
    sort
    stringLength
    substring
    toJSON
    toString
    ;

  # A value as its user would write it, cut where it gets long.
  showValue =
    value:
    let
      text = render 2 value;
    in
    if stringLength text > 70 then substring 0 67 text + "…" else text;

  render =
    depth: value:
    if value == null then
      "null"
    else if isBool value then
      (if value then "true" else "false")
    else if isString value then
      toJSON value
    else if isPath value then
      toString value
    else if isFunction value then
      "a function"
    else if isList value then
      (if depth == 0 then "[ … ]" else "[ ${concatStringsSep " " (map (render (depth - 1)) value ++ [ "]" ])}")
    else if isAttrs value then
      renderAttrs depth value
    else
      toString value;

  renderAttrs =
    depth: value:
    if value ? outPath then
      "the derivation ${value.name or "without a name"}"
    else if depth == 0 then
      "{ … }"
    else
      "{ ${concatStringsSep "" (map (n: "${n} = ${render (depth - 1) value.${n}}; ") (attrNames value))}}";

  # [ "users" "users" "a.b" "[item 2]" ] -> users.users."a.b"[item 2]
  showOption =
    loc:
    foldl' (
      text: part:
      if substring 0 1 part == "[" then
        text + part
      else
        "${text}${if text == "" then "" else "."}${showPart part}"
    ) "" loc;

  showPart =
    part: if builtins.match "[a-zA-Z_<*][a-zA-Z0-9_'>-]*" part != null then part else toJSON part;

  # "file (line n)" of a definition; Nix knows the line for attribute sets that were written out.
  showWhere =
    definition:
    let
      position = definition.position or null;
    in
    if position != null && isString position.file && substring 0 1 position.file == "/" then
      "${position.file} (line ${toString position.line})"
    else
      definition.file;

  showSetting = definition: "${showValue definition.value} in ${showWhere definition}";

  chars = text: genList (i: substring i 1 text) (stringLength text);

  min = a: b: if a < b then a else b;

  # Levenshtein distance of two strings.
  distance =
    a: b:
    let
      letters = chars b;
      firstRow = genList (i: i) (length letters + 1);
      nextRow =
        row: letter:
        foldl' (
          new: i:
          new
          ++ [
            (min (min (elemAt row (i + 1) + 1) (elemAt new i + 1)) (
              elemAt row i + (if elemAt letters i == letter then 0 else 1)
            ))
          ]
        ) [ (head row + 1) ] (genList (i: i) (length letters));
      lastRow = foldl' nextRow firstRow (chars a);
    in
    elemAt lastRow (length letters);

  last = list: elemAt list (length list - 1);

  lower = builtins.replaceStrings (chars "ABCDEFGHIJKLMNOPQRSTUVWXYZ") (chars "abcdefghijklmnopqrstuvwxyz");

  # The only one that a list holds, else null.
  only = list: if length list == 1 then head list else null;

  # The known option path that loc was meant to be: spelt nearly so, the same name elsewhere, or a
  # longer name here. null when there is no good guess.
  nearest =
    loc: known:
    let
      wanted = showOption loc;
      limit = stringLength (last loc) / 3 + 1;
      isSibling = path: length path == length loc && init path == init loc;
      difference =
        path:
        let
          gap = stringLength (showOption path) - stringLength wanted;
        in
        if gap > limit || gap < 0 - limit then limit + 1 else distance wanted (showOption path);
      rated = sort (a: b: a.rating < b.rating) (
        filter (c: c.rating <= limit) (
          map (path: {
            inherit path;
            rating = difference path;
          }) known
        )
      );
      contains = path: builtins.match ".*${lower (last loc)}.*" (lower (last path)) != null;
      elsewhere = only (filter (path: last path == last loc) known);
    in
    if rated != [ ] then
      (head rated).path
    else if elsewhere != null then
      elsewhere
    else if builtins.match "[a-zA-Z]{4,}" (last loc) == null then
      null
    else
      only (filter (path: isSibling path && contains path) known);

  init = list: genList (elemAt list) (length list - 1);
in
{
  inherit
    distance
    nearest
    render
    showOption
    showValue
    showWhere
    ;

  wrongType =
    loc: type: definition:
    "${showOption loc} must be ${type.description}, but it is ${showSetting definition}.";

  notAGroup =
    loc: definition:
    "${showOption loc} is a group of options, but it is ${showSetting definition}: set one of the options in it.";

  conflict =
    loc: definitions:
    "${showOption loc} has different values of the same priority: ${
      concatStringsSep ", " (map showSetting definitions)
    }. Keep one of them, or choose with mkForce or mkDefault.";

  missing =
    loc: declaration:
    "${showOption loc} has no value (it is declared in ${showWhere declaration}): set it in the configuration.";

  unknownOption =
    loc: definition: known:
    let
      near = nearest loc known;
    in
    "There is no option ${showOption loc}, which is set in ${showWhere definition}${
      if near == null then "." else "; did you mean ${showOption near}?"
    }";

  declaredTwice =
    loc: declarations:
    "${showOption loc} is declared more than once: in ${
      concatStringsSep " and in " (map showWhere declarations)
    }.";

  noSuchFile = parent: path: "${parent} imports ${path}, which does not exist.";

  notAModule =
    file: value:
    if isString value then
      "${file} imports the string ${toJSON value}: write the path without quotes, as ./desktop.nix."
    else
      "${file} is not a module, or imports what is none: it holds ${showValue value} instead of an attribute set or a function that returns one.";

  strayAttribute =
    name: place: "${showWhere place} sets ${name} beside `config' or `options': put it into `config'.";

  unknownArgument =
    name: place:
    if name == "pkgs" then
      "${showWhere place} asks for the argument `pkgs', which does not exist in AtomOS: software comes from Debian, as in environment.systemPackages = [ \"name\" ]."
    else
      "${showWhere place} asks for the argument `${name}', which does not exist; there are config, options and lib.";
}
