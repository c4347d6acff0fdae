# SPDX-License-Identifier: MIT
# The SSH server. Its host keys are made at the first boot and live in the state.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.openssh;
  units = import ../lib/units.nix { inherit lib; };

  scalar = types.oneOf [
    types.bool
    types.int
    types.str
  ];
  render =
    key: value:
    if builtins.isList value then
      lib.concatMapStrings (item: "${key} ${units.scalar item}\n") value
    else
      "${key} ${units.scalar value}\n";

  hostKey = {
    options = {
      type = mkOption {
        type = types.enum [
          "ed25519"
          "ecdsa"
          "rsa"
        ];
        description = "Kind of the key.";
      };
      path = mkOption {
        type = types.path;
        description = "File of the private key; its directory outlives a reboot.";
      };
    };
  };

  directories = lib.unique (map (key: dirOf key.path) cfg.hostKeys);

  make = key: ''
    [ -s ${key.path} ] || ssh-keygen -q -t ${key.type} -N "" -C "" -f ${key.path}
  '';
in
{
  options.services.openssh = {
    enable = lib.mkEnableOption "the SSH server";
    ports = mkOption {
      type = types.listOf types.port;
      default = [ 22 ];
      description = "Ports that the server listens on.";
    };
    openFirewall = mkOption {
      type = types.bool;
      default = true;
      description = "Whether these ports are opened in the firewall.";
    };
    settings = mkOption {
      type = types.attrsOf (types.nullOr (types.either scalar (types.listOf scalar)));
      default = { };
      example = {
        PasswordAuthentication = false;
      };
      description = "Settings of sshd_config(5). A list makes a line of each item.";
    };
    hostKeys = mkOption {
      type = types.listOf (types.submodule hostKey);
      default = [
        {
          type = "ed25519";
          path = "/var/lib/atomos/ssh/ssh_host_ed25519_key";
        }
      ];
      description = "The server's own keys, made where they don't exist yet.";
    };
  };

  config = lib.mkIf cfg.enable {
    debian.basePackages = [ "openssh-server" ];
    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall cfg.ports;

    services.openssh.settings = {
      PermitRootLogin = lib.mkDefault "prohibit-password";
      X11Forwarding = lib.mkDefault false;
      AuthorizedKeysFile = lib.mkDefault "%h/.ssh/authorized_keys /etc/ssh/authorized_keys.d/%u";
    };

    environment.etc."ssh/sshd_config.d/50-atomos.conf".text =
      lib.concatMapStrings (port: "Port ${toString port}\n") cfg.ports
      + lib.concatMapStrings (key: "HostKey ${key.path}\n") cfg.hostKeys
      + builtins.concatStringsSep "" (
        lib.mapAttrsToList render (lib.filterAttrs (_: value: value != null) cfg.settings)
      );

    # It would listen to a hypervisor, and where there is none complain on the console at every boot.
    environment.etc."systemd/system-generators/systemd-ssh-generator".target = "/dev/null";

    atomos.state.directories = map (path: {
      inherit path;
      mode = "0700";
    }) directories;

    systemd.services = {
      atomos-ssh-keys = {
        description = "Host keys of the SSH server";
        requiredBy = [ "ssh.service" ];
        before = [
          "ssh.service"
          "ssh.socket"
        ];
        unitConfig.RequiresMountsFor = directories;
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
        };
        script = ''
          umask 077
          mkdir -p ${builtins.concatStringsSep " " directories}
          ${lib.concatMapStrings make cfg.hostKeys}'';
      };
      # Debian's own waits for a first boot without machine-id, which never comes.
      sshd-keygen.enable = lib.mkDefault false;
      ssh = {
        overrideStrategy = "asDropin";
        wantedBy = [ "multi-user.target" ];
      };
    };
  };
}
