# SPDX-License-Identifier: MIT
# Firewall: one nftables table for what comes in; everything that isn't named is dropped.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.networking.firewall;

  range = types.submodule {
    options = {
      from = mkOption {
        type = types.port;
        description = "First port.";
      };
      to = mkOption {
        type = types.port;
        description = "Last port.";
      };
    };
  };

  ports =
    protocol:
    mkOption {
      type = types.listOf types.port;
      default = [ ];
      example = [ 80 ];
      apply = list: builtins.sort (a: b: a < b) (lib.unique list);
      description = "${protocol} ports that are open to everyone.";
    };

  ranges =
    protocol:
    mkOption {
      type = types.listOf range;
      default = [ ];
      example = [
        {
          from = 60000;
          to = 61000;
        }
      ];
      description = "Ranges of ${protocol} ports that are open to everyone.";
    };

  accept =
    protocol: single: spans:
    let
      list = map toString single ++ map (r: "${toString r.from}-${toString r.to}") spans;
    in
    lib.optional (list != [ ]) "${protocol} dport { ${builtins.concatStringsSep ", " list} } accept";

  rules = [
    "ct state established,related accept"
    "ct state invalid drop"
    "iifname \"lo\" accept"
  ]
  ++ map (name: "iifname \"${name}\" accept") cfg.trustedInterfaces
  ++ [
    "ip6 nexthdr icmpv6 icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept"
    "udp sport 547 udp dport 546 ip6 saddr fe80::/10 accept"
  ]
  ++ lib.optional cfg.allowPing "meta l4proto { icmp, ipv6-icmp } accept"
  ++ accept "tcp" cfg.allowedTCPPorts cfg.allowedTCPPortRanges
  ++ accept "udp" cfg.allowedUDPPorts cfg.allowedUDPPortRanges
  ++ builtins.filter (line: builtins.isString line && line != "") (
    builtins.split "\n" cfg.extraInputRules
  );
in
{
  options.networking.firewall = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether incoming connections are dropped unless allowed.";
    };
    allowPing = mkOption {
      type = types.bool;
      default = true;
      description = "Whether the machine answers pings.";
    };
    allowedTCPPorts = ports "TCP";
    allowedUDPPorts = ports "UDP";
    allowedTCPPortRanges = ranges "TCP";
    allowedUDPPortRanges = ranges "UDP";
    trustedInterfaces = mkOption {
      type = types.listOf (
        types.strMatching "[^ \"/]{1,15}" // {
          description = "the name of a network interface";
        }
      );
      default = [ ];
      example = [ "wg0" ];
      description = "Interfaces from which everything is accepted.";
    };
    extraInputRules = mkOption {
      type = types.lines;
      default = "";
      example = "ip saddr 192.0.2.0/24 tcp dport 5432 accept";
      description = "Further nftables rules of the input chain, before everything else is dropped.";
    };
  };

  config = lib.mkIf cfg.enable {
    debian.basePackages = [ "nftables" ];
    environment.etc."nftables.conf" = {
      mode = "0755";
      text = ''
        #!/usr/sbin/nft -f
        # Made from networking.firewall. Only this table is replaced.
        table inet atomos
        delete table inet atomos
        table inet atomos {
        	chain input {
        		type filter hook input priority filter; policy drop;
        ${lib.concatMapStrings (rule: "\t\t${rule}\n") rules}	}
        }
      '';
    };
    systemd.services.nftables = {
      overrideStrategy = "asDropin";
      wantedBy = [ "sysinit.target" ];
    };
  };
}
