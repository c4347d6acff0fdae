# SPDX-License-Identifier: MIT
# One unpacked package: data/, control/ and a manifest of what a Nix archive drops.
{
  deb,
  package,
  atomosBuild,
}:
let
  legal = builtins.replaceStrings [ "~" ":" "+" ] [ "-" "-" "-" ];
in
derivation {
  name = legal "${package.name}-${package.version}";
  system = "x86_64-linux";
  builder = atomosBuild;
  args = [ "unpack" ];
  inherit deb;
  preferLocalBuild = true;
}
