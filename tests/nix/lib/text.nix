# SPDX-License-Identifier: MIT
# The helpers for lists and text.
let
  inherit (import ../../../nix/lib) lib;
in
{
  prefix = map (lib.hasPrefix "ab") [ "abc" "a" "xab" "" ];
  suffix = map (lib.hasSuffix "bc") [ "abc" "c" "bcx" "" ];
  infix = map (lib.hasInfix "a.c") [ "xa.cx" "abc" ];
  unique = lib.unique [ 3 1 3 2 1 ];
  reverse = lib.reverse [ 1 2 3 ];
  sorted = lib.sort [ "b" "a" ];
  lines = lib.concatLines [ "a" "b" ];
  filtered = lib.filterAttrs (_: value: value > 1) {
    a = 1;
    b = 2;
  };
  renamed = lib.mapAttrs' (name: value: lib.nameValuePair "x${name}" value) { a = 1; };
  optional = [
    (lib.optional false 1)
    (lib.optionals true [ 1 ])
    (lib.optionalString false "a")
    (lib.optionalAttrs false { a = 1; })
  ];
}
