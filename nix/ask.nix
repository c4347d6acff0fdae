# SPDX-License-Identifier: MIT
# What the command line asks before it builds: the decisions, whether the lock still answers them,
# and the store paths they lead to. In one evaluation, since a second one takes as long again.
{
  # For ./default.nix, but `mirrors`: which mirror it is doesn't change a path.
  arguments,
  # Directory of the configuration: local packages in it are named relative to it.
  directory,
  # Whether store paths are asked for, and that of the boot image.
  paths ? true,
  boot ? false,
}:
let
  all = import ./default.nix (arguments // { inherit mirrors; });
  inherit (all) decisions;

  none = "none:";
  mirrors =
    builtins.mapAttrs (_: _: none) decisions.debian.extraRepositories
    // {
      main = none;
      security = none;
    };

  prefix = "${directory}/";
  size = builtins.stringLength prefix;
  relative =
    name:
    if builtins.substring 0 size name == prefix then
      "./${builtins.substring size (-1) name}"
    else
      name;
  # Sorted, without duplicates, as a lock has them.
  names =
    list:
    builtins.attrNames (
      builtins.listToAttrs (
        map (name: {
          name = relative name;
          value = null;
        }) list
      )
    );
  packages = builtins.mapAttrs (_: names) decisions.packages;

  lock = builtins.fromJSON (builtins.readFile arguments.lock);
  fresh =
    arguments.lock != null
    && !(decisions ? error)
    && decisions.assertions == [ ]
    && lock.suite == decisions.debian.suite
    && lock.requested.base == packages.base
    && lock.requested.packages == packages.requested
    && lock.requested.sources or null == packages.sources;
in
{
  decisions = if decisions ? error then decisions else decisions // { inherit packages; };
  inherit fresh;
}
// (
  if fresh && paths then
    {
      system = all.system.outPath;
      inputs = all.inputs.outPath;
    }
  else
    { }
)
// (if fresh && paths && boot then { boot = all.boot.outPath; } else { })
