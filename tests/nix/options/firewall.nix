# SPDX-License-Identifier: MIT
# The firewall's rules.
{
  configuration.networking.firewall = {
    allowPing = false;
    allowedTCPPorts = [
      443
      80
      80
    ];
    allowedUDPPorts = [ 53 ];
    allowedTCPPortRanges = [
      {
        from = 8000;
        to = 8010;
      }
    ];
    allowedUDPPortRanges = [
      {
        from = 60000;
        to = 61000;
      }
    ];
    trustedInterfaces = [ "wg0" ];
    extraInputRules = ''
      ip saddr 192.0.2.0/24 tcp dport 5432 accept
    '';
  };
  see =
    { lines, ... }:
    let
      matching = word: lines "/etc/nftables.conf" ".*${word}.*";
    in
    {
      "networking.firewall.allowPing" = matching "ipv6-icmp";
      "networking.firewall.allowedTCPPorts" = matching "tcp dport [{]";
      "networking.firewall.allowedTCPPortRanges" = matching "tcp dport [{]";
      "networking.firewall.allowedTCPPortRanges.*.from" = matching "8000-";
      "networking.firewall.allowedTCPPortRanges.*.to" = matching "-8010";
      "networking.firewall.allowedUDPPorts" = matching "udp dport [{]";
      "networking.firewall.allowedUDPPortRanges" = matching "udp dport [{]";
      "networking.firewall.allowedUDPPortRanges.*.from" = matching "60000-";
      "networking.firewall.allowedUDPPortRanges.*.to" = matching "-61000";
      "networking.firewall.trustedInterfaces" = matching "wg0";
      "networking.firewall.extraInputRules" = matching "5432";
    };
}
