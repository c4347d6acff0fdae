# SPDX-License-Identifier: MIT
# The demo as a medium that asks on every console whether to try it or to install it. With
# NetworkManager: it asks for a wireless network, too, and so does the machine that it is put on.
{ lib, ... }:
{
  imports = [ ../demo/configuration.nix ];
  atomos.install.menu.enable = true;
  networking.useNetworkd = lib.mkForce false;
  networking.networkmanager.enable = true;
}
