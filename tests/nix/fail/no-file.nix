# SPDX-License-Identifier: MIT
# An import that isn't there.
{
  configuration = {
    imports = [ ./desktop.nix ];
  };
}
