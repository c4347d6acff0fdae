# SPDX-License-Identifier: MIT
# A server: web server, database, containers and Java, as the long tests build it.
{ lib, ... }:
{
  imports = [ ../demo/configuration.nix ];

  atomos.product = lib.mkForce "atomos-server";

  environment.systemPackages = [
    "nginx"
    "postgresql"
    "podman"
    "default-jre-headless"
  ];

  networking.firewall.allowedTCPPorts = [
    80
    443
  ];
}
