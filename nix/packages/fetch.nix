# SPDX-License-Identifier: MIT
# One .deb of the lock, fetched as a fixed-output path: another mirror gives the same path.
{
  name,
  version,
  architecture,
  sha256,
  path,
  repository,
  mirrors,
  ...
}:
let
  # Characters that Debian's versions may have and store names may not.
  legal = builtins.replaceStrings [ "~" ":" "+" ] [ "-" "-" "-" ];
  mirror =
    mirrors.${repository} or (throw "The lock names the repository ${repository} for ${name}, but it has no mirror.");
  url = "${mirror}/${builtins.replaceStrings [ "+" "~" ] [ "%2b" "%7e" ] path}";
in
if repository == "local" then
  builtins.path {
    inherit path sha256;
    name = legal "${name}_${version}_${architecture}.deb";
    recursive = false;
  }
else
  derivation {
    name = legal "${name}_${version}_${architecture}.deb";
    system = "builtin";
    builder = "builtin:fetchurl";
    inherit url;
    urls = [ url ];
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = sha256;
    preferLocalBuild = true;
  }
