# SPDX-License-Identifier: MIT
# A module written for NixOS.
{
  configuration =
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.hello ];
    };
}
