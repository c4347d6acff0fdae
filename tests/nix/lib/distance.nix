# SPDX-License-Identifier: MIT
# Edit distance, and which name is near enough to be meant.
let
  inherit (import ../../../nix/lib) errors;
in
{
  distances = map (pair: errors.distance (builtins.head pair) (builtins.elemAt pair 1)) [
    [ "" "" ]
    [ "" "abc" ]
    [ "abc" "abc" ]
    [ "kitten" "sitting" ]
    [ "flaw" "lawn" ]
  ];
  near =
    map
      (
        path:
        errors.nearest path [
          [ "networking" "hostName" ]
          [ "networking" "hosts" ]
          [ "time" "timeZone" ]
        ]
      )
      [
        [ "networking" "hostname" ]
        [ "networkin" "hosts" ]
        [ "timeZone" ]
        [ "completely" "different" ]
      ];
}
