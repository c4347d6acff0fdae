# SPDX-License-Identifier: MIT
# NetworkManager, and neither resolved nor timesyncd.
{
  configuration = {
    networking.networkmanager.enable = true;
    networking.nameservers = [ "192.0.2.53" ];
    services.resolved.enable = false;
    services.timesyncd.enable = false;
  };
  see =
    { decisions, spec, text, target, ... }:
    let
      has = name: builtins.elem name decisions.packages.base;
    in
    {
      "networking.networkmanager.enable" = has "network-manager";
      "networking.nameservers" = text "/etc/resolv.conf";
      "services.resolved.enable" = [
        (has "systemd-resolved")
        (target "/etc/resolv.conf")
      ];
      "services.timesyncd.enable" = [
        (has "systemd-timesyncd")
        (builtins.any (d: d.path == "/var/lib/systemd/timesync") spec.state.directories)
      ];
    };
}
