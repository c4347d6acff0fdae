# SPDX-License-Identifier: MIT
# mkIf, mkMerge, mkForce, mkOrder …: how they are written, and how definitions are freed of them.
# A definition is { file, position, value }; position is what unsafeGetAttrPos says, or null.
let
  inherit (builtins)
    concatMap
    filter
    foldl'
    isAttrs
    map
    sort
    unsafeGetAttrPos
    zipAttrsWith
    ;

  defaultPriority = 100;
  defaultOrder = 1000;

  isProperty = kind: value: isAttrs value && value._type or null == kind;

  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkOrder = order: content: {
    _type = "order";
    inherit order content;
  };

  # mkIf and mkMerge at the top of each definition are resolved; false ones vanish.
  discharge = concatMap (
    definition:
    let
      inherit (definition) value;
    in
    if isProperty "if" value then
      (if value.condition then discharge [ (definition // { value = value.content; }) ] else [ ])
    else if isProperty "merge" value then
      discharge (map (content: definition // { value = content; }) value.contents)
    else
      [ definition ]
  );

  # Only the definitions of the highest priority (the lowest number) stay.
  filterOverrides =
    definitions:
    let
      priority = d: if isProperty "override" d.value then d.value.priority else defaultPriority;
      strip = d: if isProperty "override" d.value then d // { value = d.value.content; } else d;
      highest = foldl' (best: d: if priority d < best then priority d else best) 9999 definitions;
    in
    discharge (map strip (filter (d: priority d == highest) definitions));

  sortByOrder =
    definitions:
    let
      order = d: if isProperty "order" d.value then d.value.order else defaultOrder;
      strip = d: if isProperty "order" d.value then d // { value = d.value.content; } else d;
    in
    if filter (d: isProperty "order" d.value) definitions == [ ] then
      definitions
    else
      map strip (sort (a: b: order a < order b) definitions);

  # Properties around a group of options are moved to its members, unevaluated: a module may
  # depend on the configuration it adds to. Gives { file, position, attrs, wrap }.
  pushDown =
    definition:
    let
      inherit (definition) value;
      inner = content: pushDown (definition // { value = content; });
      around = property: map (d: d // { wrap = v: property (d.wrap v); });
    in
    if isProperty "if" value then
      around (mkIf value.condition) (inner value.content)
    else if isProperty "override" value then
      around (mkOverride value.priority) (inner value.content)
    else if isProperty "merge" value then
      concatMap inner value.contents
    else
      [
        {
          inherit (definition) file position;
          attrs = value;
          wrap = v: v;
        }
      ];

  # { name = [ definition … ]; … } of a list from pushDown.
  byName =
    groups:
    zipAttrsWith (_: definitions: definitions) (
      map (
        group:
        builtins.mapAttrs (name: value: {
          inherit (group) file;
          position = unsafeGetAttrPos name group.attrs;
          value = group.wrap value;
        }) group.attrs
      ) groups
    );
in
{
  inherit
    byName
    discharge
    filterOverrides
    isProperty
    mkIf
    mkMerge
    mkOrder
    mkOverride
    pushDown
    sortByOrder
    ;
  mkDefault = mkOverride 1000;
  mkForce = mkOverride 50;
  mkOptionDefault = mkOverride 1500;
  mkBefore = mkOrder 500;
  mkAfter = mkOrder 1500;
}
