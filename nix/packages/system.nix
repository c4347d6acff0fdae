# SPDX-License-Identifier: MIT
# A system: a root, and what the configuration puts into it. `spec` is the modules' JSON.
{
  root,
  spec,
  name ? "atomos-system",
  atomosBuild,
}:
derivation {
  inherit name root spec;
  system = "x86_64-linux";
  builder = atomosBuild;
  args = [ "system" ];
  passAsFile = [ "spec" ];
  preferLocalBuild = true;
}
