# SPDX-License-Identifier: MIT
# The demo as a medium that asks on every console whether to try it or to install it.
{ ... }:
{
  imports = [ ./configuration.nix ];
  atomos.install.menu.enable = true;
}
