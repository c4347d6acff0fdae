# SPDX-License-Identifier: MIT
# What each type takes and refuses.
let
  inherit (import ../../../nix/lib) lib;
  inherit (lib) types;
  samples = {
    "true" = true;
    "1" = 1;
    "-1" = -1;
    "70000" = 70000;
    word = "word";
    slash = "/path";
    path = ./types.nix;
    nothing = null;
    list = [ ];
    attrs = { };
    function = x: x;
  };
  accepted =
    type: builtins.filter (name: type.check samples.${name}) (builtins.attrNames samples);
in
builtins.mapAttrs
  (_: type: {
    inherit (type) description;
    accepts = accepted type;
  })
  {
    inherit (types)
      anything
      bool
      int
      lines
      package
      path
      port
      str
      ;
    attrsOf = types.attrsOf types.int;
    between = types.ints.between (-5) 5;
    either = types.either types.int types.str;
    enum = types.enum [
      "word"
      1
    ];
    listOf = types.listOf types.int;
    nullOr = types.nullOr types.int;
    oneOf = types.oneOf [
      types.bool
      types.int
      types.str
    ];
    positive = types.ints.positive;
    strMatching = types.strMatching "w.*";
    submodule = types.submodule { };
    unsigned = types.ints.unsigned;
  }
