# SPDX-License-Identifier: MIT
# Names, addresses and the clock.
{
  configuration = {
    networking = {
      hostName = "workstation";
      hosts."192.0.2.7" = [
        "printer"
        "printer.example.org"
      ];
      nameservers = [ "192.0.2.53" ];
      useNetworkd = true;
    };
    services.timesyncd.servers = [ "ntp.example.org" ];
  };
  see =
    { spec, decisions, text, target, ... }:
    {
      "networking.hostName" = [
        decisions.hostName
        (text "/etc/hostname")
      ];
      "networking.hosts" = text "/etc/hosts";
      "networking.nameservers" = text "/etc/systemd/resolved.conf.d/50-atomos.conf";
      "networking.useNetworkd" = [
        (text "/etc/systemd/network/80-wired.network")
        (target "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service")
        (target "/etc/systemd/system/sockets.target.wants/systemd-networkd.socket")
        (text "/etc/systemd/system/systemd-networkd-wait-online.service.d/50-atomos.conf")
      ];
      "services.timesyncd.servers" = text "/etc/systemd/timesyncd.conf.d/50-atomos.conf";
    };
}
