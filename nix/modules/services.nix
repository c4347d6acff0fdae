# SPDX-License-Identifier: MIT
# Homes, the journal, and Nix in the running system.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services;

  scalar = types.oneOf [
    types.bool
    types.int
    types.str
  ];
  nixValue =
    value:
    if builtins.isBool value then
      (if value then "true" else "false")
    else if builtins.isList value then
      builtins.concatStringsSep " " (map nixValue value)
    else
      toString value;
in
{
  options = {
    services.homed.enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether systemd-homed manages homes that are encrypted with their user's password.";
    };
    services.journald = {
      storage = mkOption {
        type = types.enum [
          "persistent"
          "volatile"
          "auto"
          "none"
        ];
        default = "persistent";
        description = "Where the journal is kept: in the state, or in RAM only.";
      };
      maxUse = mkOption {
        type = types.strMatching "[0-9]+[KMGT]?" // {
          description = "a size, as 64M or 1G";
        };
        default = "64M";
        example = "1G";
        description = "How large the journal may become. On a medium it lives in RAM.";
      };
    };
    nix.settings = mkOption {
      type = types.attrsOf (types.either scalar (types.listOf scalar));
      default = { };
      example = {
        max-jobs = 4;
      };
      description = "Settings of nix.conf(5) in the running system.";
    };
  };

  config = {
    debian.basePackages = lib.optional cfg.homed.enable "systemd-homed";
    atomos.state.directories = lib.optional cfg.homed.enable {
      path = "/var/lib/systemd/home";
      mode = "0700";
    };

    # On an encrypted /home homed would choose homes without encryption of their own.
    environment.etc."systemd/homed.conf.d/50-atomos.conf" = lib.mkIf cfg.homed.enable {
      text = ''
        [Home]
        DefaultStorage=luks
      '';
    };

    environment.etc."systemd/journald.conf.d/50-atomos.conf".text = ''
      [Journal]
      Storage=${cfg.journald.storage}
      SystemMaxUse=${cfg.journald.maxUse}
      RuntimeMaxUse=${cfg.journald.maxUse}
    '';

    # systemd lets the journal go before its file system only where a unit's file says that there is
    # one; the boot has mounted this one.
    systemd.services.systemd-journal-flush = {
      overrideStrategy = "asDropin";
      conflicts = [ "shutdown.target" ];
      before = [ "shutdown.target" ];
    };

    # Only root may ask the daemon for anything, and nothing unsigned enters the store.
    nix.settings = {
      allowed-users = lib.mkDefault [ "root" ];
      trusted-users = lib.mkDefault [ "root" ];
      trusted-public-keys = config.atomos.trust.vendorKeys;
      substituters = lib.mkDefault [ ];
      require-sigs = lib.mkDefault true;
      sandbox = lib.mkDefault true;
      filter-syscalls = lib.mkDefault false;
      auto-allocate-uids = lib.mkDefault true;
      use-cgroups = lib.mkDefault true;
      system-features = lib.mkDefault [ "uid-range" ];
      build-users-group = lib.mkDefault "";
      warn-dirty = lib.mkDefault false;
      experimental-features = [
        "nix-command"
        "flakes"
        "auto-allocate-uids"
        "cgroups"
      ];
    };
    environment.etc."nix/nix.conf".text = lib.concatLines (
      lib.mapAttrsToList (key: value: "${key} = ${nixValue value}") (
        { experimental-features = [ ]; } // config.nix.settings
      )
    );
  };
}
