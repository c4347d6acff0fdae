# SPDX-License-Identifier: MIT
# Text of systemd's configuration files from Nix values.
{ lib }:
let
  inherit (builtins)
    concatMap
    isBool
    isList
    map
    replaceStrings
    toString
    ;

  # true -> yes; everything else as text.
  scalar = value: if isBool value then lib.toBool value else toString value;

  # One line, several for a list, none for null.
  setting =
    key: value:
    if value == null then
      ""
    else if isList value then
      lib.concatMapStrings (item: "${key}=${scalar item}\n") value
    else
      "${key}=${scalar value}\n";

  settings = attrs: lib.concatMapStrings (key: setting key attrs.${key}) (builtins.attrNames attrs);

  # "[Name]" and its settings; nothing when there are none.
  section =
    name: attrs:
    let
      text = settings attrs;
    in
    lib.optionalString (text != "") "[${name}]\n${text}";

  # Sections in the given order: [ { name, settings } … ].
  sections =
    list:
    builtins.concatStringsSep "\n" (
      builtins.filter (text: text != "") (map (s: section s.name s.settings) list)
    );

  # Environment= lines, quoted as systemd.syntax(7) wants it.
  environment =
    variables:
    lib.mapAttrsToList (
      name: value:
      ''"${name}=${replaceStrings [ "\\" ''"'' "%" "\n" ] [ "\\\\" ''\"'' "%%" "\\n" ] (scalar value)}"''
    ) variables;

  # Where the unit's own file lies: an instance of a template is the template's.
  unitFile =
    name:
    let
      instance = builtins.match "([^@]*@)[^.]+(\\.[a-z]+)" name;
    in
    if instance == null then name else lib.concatMapStrings (x: x) instance;

  # Links that `systemctl enable` would make.
  links =
    name: target: attrs:
    builtins.listToAttrs (
      concatMap
        (
          kind:
          map (
            other:
            lib.nameValuePair "/etc/systemd/system/${other}.${kind}/${name}" {
              inherit target;
            }
          ) attrs.${kind}
        )
        [
          "wants"
          "requires"
          "upholds"
        ]
    );
in
{
  inherit
    environment
    links
    scalar
    section
    sections
    settings
    unitFile
    ;
}
