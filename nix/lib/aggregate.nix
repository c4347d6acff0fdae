# SPDX-License-Identifier: MIT
# One store path that refers to many: what keeps it keeps them all from garbage collection.
# Nix's own builder for environments, given none, makes a single symbolic link with a target of our
# choice. Nix finds references by their hashes, so these are the target.
{ name, paths }:
let
  inherit (builtins)
    concatStringsSep
    genList
    length
    map
    substring
    ;

  # A link's target has at most 4,095 bytes, a hash with its separator 33.
  perLink = 120;

  hashStart = builtins.stringLength builtins.storeDir + 1;
  hashOf = path: substring hashStart 32 "${path}";

  link =
    members:
    derivation {
      inherit name;
      system = "builtin";
      builder = "builtin:buildenv";
      manifest = concatStringsSep " " (map hashOf members);
      derivations = [ ];
      preferLocalBuild = true;
    };

  groups =
    list:
    genList (
      i:
      let
        rest = length list - i * perLink;
      in
      genList (j: builtins.elemAt list (i * perLink + j)) (if rest < perLink then rest else perLink)
    ) ((length list + perLink - 1) / perLink);

  tree =
    list: if length list <= perLink then link list else tree (map link (groups list));
in
tree paths
