# SPDX-License-Identifier: MIT
# A path in quotes is no path.
{
  configuration = {
    imports = [ "./desktop.nix" ];
  };
}
