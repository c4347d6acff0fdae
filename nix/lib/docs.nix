# SPDX-License-Identifier: MIT
# The options as JSON and as a manual page: { optionsDoc, docs } of an evaluated options tree.
{ lib, errors }:
options:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    filter
    isAttrs
    isString
    map
    replaceStrings
    split
    ;

  isOption = value: isAttrs value && value._type or null == "option";
  deep = 99;

  show =
    value:
    if isAttrs value && value._type or null == "literalExpression" then
      value.text
    else
      errors.render deep value;

  # Paths are told from the root of the project.
  relative = replaceStrings [ (toString ../..  + "/") ] [ "" ];

  entry = option: {
    name = errors.showOption option.loc;
    type = option.type.description;
    description = if option ? description then trim option.description else null;
    default =
      if option ? defaultText then
        option.defaultText
      else if option ? default then
        show option.default
      else
        null;
    example = if option ? example then show option.example else null;
    declared = relative option.declared;
    vendor = option.vendor or false;
  };

  trim =
    text: concatStringsSep " " (filter (part: isString part && part != "") (split "[ \n]+" text));

  # Every option below a tree, with those inside of submodules.
  walk =
    tree:
    concatMap (
      name:
      let
        node = tree.${name};
      in
      if !isOption node then
        walk node
      else if node.internal or false then
        [ ]
      else
        [ (entry node) ] ++ walk (node.type.nested node.loc)
    ) (attrNames tree);

  entries = walk options;

  ### scdoc

  escape = replaceStrings [ "\\" "*" "_" ] [ "\\\\" "\\*" "\\_" ];

  # Code that may have several lines, indented below its option.
  code =
    label: text:
    if filter isString (split "\n" text) == [ text ] then
      [ "\t${label}: ${escape text}" ]
    else
      [
        "\t${label}:"
        ""
        "\t```"
      ]
      ++ map (line: "\t${line}") (filter isString (split "\n" text))
      ++ [ "\t```" ];

  paragraph =
    e:
    [
      "*${escape e.name}*"
      "\t${escape (toString e.description)}"
      ""
      "\tType: ${escape e.type}"
    ]
    ++ lib.optionals (e.default != null) ([ "" ] ++ code "Default" e.default)
    ++ lib.optionals (e.example != null) ([ "" ] ++ code "Example" e.example)
    ++ lib.optionals e.vendor [
      ""
      "\tChanges the boot image: the vendor's to set."
    ]
    ++ [
      ""
      "\tDeclared in: ${escape e.declared}"
      ""
    ];
in
{
  optionsDoc = builtins.toJSON entries;
  docs =
    builtins.readFile ./docs-head.scd
    + "\n"
    + lib.concatLines (concatMap paragraph entries)
    + builtins.readFile ./docs-tail.scd;
}
