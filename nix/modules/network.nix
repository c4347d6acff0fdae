# SPDX-License-Identifier: MIT
# Names and addresses: who this machine is, how it gets onto a network, how names are resolved.
{ config, lib, ... }:
let
  inherit (lib) mkOption mkEnableOption mkIf types;
  cfg = config.networking;
  services = config.services;

  hostName = types.strMatching "[a-z0-9A-Z]([a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?" // {
    description = "a host name (letters, digits and dashes, at most 64, no dots)";
  };

  enableUnit = {
    overrideStrategy = "asDropin";
  };
in
{
  options = {
    networking = {
      hostName = mkOption {
        type = hostName;
        default = "atomos";
        example = "workstation";
        description = "Name of the machine.";
      };
      hosts = mkOption {
        type = types.attrsOf (types.listOf types.str);
        default = { };
        example = {
          "192.0.2.7" = [ "printer" ];
        };
        description = "Further lines of /etc/hosts: names by address.";
      };
      nameservers = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "192.0.2.53" ];
        description = "Name servers; an empty list takes those that the network offers.";
      };
      useNetworkd = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether systemd-networkd manages the network: every wired interface gets its
          addresses by DHCP, unless a file in /etc/systemd/network says otherwise.
        '';
      };
      networkmanager.enable = mkEnableOption "NetworkManager, for machines with wireless networks and a desktop";
    };
    services.resolved.enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether systemd-resolved resolves names.";
    };
    services.timesyncd = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether systemd-timesyncd sets the clock from the network.";
      };
      servers = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "ntp.example.org" ];
        description = "Time servers; an empty list takes Debian's.";
      };
    };
  };

  config = lib.mkMerge [
    {
      environment.etc = {
        hostname.text = "${cfg.hostName}\n";
        hosts.text = lib.concatLines (
          [
            "127.0.0.1 localhost"
            "127.0.1.1 ${cfg.hostName}"
            "::1 localhost ip6-localhost ip6-loopback"
            "ff02::1 ip6-allnodes"
            "ff02::2 ip6-allrouters"
          ]
          ++ lib.mapAttrsToList (
            address: names: "${address} ${builtins.concatStringsSep " " names}"
          ) cfg.hosts
        );
      };
      assertions = [
        {
          assertion = !(cfg.useNetworkd && cfg.networkmanager.enable);
          message = "networking.useNetworkd and networking.networkmanager.enable exclude each other: choose one.";
        }
      ];
    }
    (mkIf cfg.useNetworkd {
      environment.etc."systemd/network/80-wired.network".text = ''
        [Match]
        Type=ether
        Kind=!*

        [Network]
        DHCP=yes
      '';
      systemd.services.systemd-networkd = enableUnit // {
        wantedBy = [ "multi-user.target" ];
      };
      systemd.services.systemd-network-generator = enableUnit // {
        wantedBy = [ "sysinit.target" ];
      };
      systemd.sockets.systemd-networkd = enableUnit // {
        wantedBy = [ "sockets.target" ];
      };
      # One address is enough, and a machine without a cable still comes up.
      systemd.services.systemd-networkd-wait-online = enableUnit // {
        wantedBy = [ "network-online.target" ];
        serviceConfig.ExecStart = [
          ""
          "/usr/lib/systemd/systemd-networkd-wait-online --any --timeout=30"
        ];
      };
      build.files."/etc/systemd/system/dbus-org.freedesktop.network1.service".target =
        "/usr/lib/systemd/system/systemd-networkd.service";
    })
    (mkIf cfg.networkmanager.enable {
      debian.basePackages = [
        "network-manager"
        "wpasupplicant"
      ];
    })
    (mkIf services.resolved.enable {
      debian.basePackages = [ "systemd-resolved" ];
      environment.etc."resolv.conf".target = "/run/systemd/resolve/stub-resolv.conf";
      environment.etc."systemd/resolved.conf.d/50-atomos.conf" = mkIf (cfg.nameservers != [ ]) {
        text = "[Resolve]\nDNS=${builtins.concatStringsSep " " cfg.nameservers}\n";
      };
    })
    (mkIf (!services.resolved.enable && cfg.nameservers != [ ]) {
      environment.etc."resolv.conf".text = lib.concatLines (
        map (server: "nameserver ${server}") cfg.nameservers
      );
    })
    (mkIf services.timesyncd.enable {
      debian.basePackages = [ "systemd-timesyncd" ];
      environment.etc."systemd/timesyncd.conf.d/50-atomos.conf" =
        mkIf (services.timesyncd.servers != [ ])
          {
            text = "[Time]\nNTP=${builtins.concatStringsSep " " services.timesyncd.servers}\n";
          };
      # It would keep a machine without network in the state "starting" for ever.
      systemd.services.systemd-time-wait-sync.enable = lib.mkDefault false;
      # The clock of the last shutdown, for machines whose own is lost.
      atomos.state.directories = [
        {
          path = "/var/lib/systemd/timesync";
          user = "systemd-timesync";
          group = "systemd-timesync";
        }
      ];
    })
  ];
}
