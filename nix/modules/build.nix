# SPDX-License-Identifier: MIT
# The results: the specification for the builder of the system, and what the command line decides by.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.build;

  internal =
    description:
    mkOption {
      type = types.anything;
      internal = true;
      inherit description;
    };

  zram = {
    inherit (config.zramSwap) enable algorithm;
    percent = config.zramSwap.memoryPercent;
  };

  debianVersions = {
    bookworm = "12";
    trixie = "13";
    forky = "14";
  };
  versionId = debianVersions.${config.debian.suite} or null;
in
{
  options.build = {
    users = internal "Users for the builder.";
    groups = internal "Groups for the builder.";
    rootPassword = internal "Hash of root's password, or null.";
    prettyName = internal "How the system calls itself.";
    osRelease = internal "Text of /etc/os-release.";
    boot = internal "What goes into the boot image.";
    spec = internal "Specification of the system for the builder, without the epoch.";
    decisions = internal "What the command line needs to know.";
  };

  config.build = {
    prettyName = "${config.atomos.product} ${toString config.atomos.release} (AtomOS, Debian ${
      if versionId == null then config.debian.suite else versionId
    })";
    # Still Debian for every program that asks; the image fields name the distribution.
    osRelease = ''
      PRETTY_NAME="${cfg.prettyName}"
      NAME="Debian GNU/Linux"
      ${lib.optionalString (versionId != null) ''
        VERSION_ID="${versionId}"
        VERSION="${versionId} (${config.debian.suite})"
      ''}VERSION_CODENAME=${config.debian.suite}
      ID=debian
      VARIANT="AtomOS"
      VARIANT_ID=atomos
      IMAGE_ID=${config.atomos.product}
      IMAGE_VERSION=${toString config.atomos.release}
    '';

    spec = {
      version = 1;
      inherit (config.atomos) product release;
      inherit (cfg)
        files
        users
        groups
        rootPassword
        ;
      inherit (config.atomos) state;
      ram = {
        inherit zram;
        inherit (config.atomos.ram) rootPercent;
      };
    };

    boot = {
      inherit (config.atomos) product release;
      inherit (config.atomos.boot) keymaps;
      inherit (cfg) osRelease;
      kernel = config.boot.kernel.flavour;
      modules = config.boot.initrd.availableKernelModules;
      cmdline = builtins.concatStringsSep " " config.boot.kernelParams;
      trustedKeys = lib.unique config.atomos.trust.vendorKeys;
      settings = {
        inherit (config.atomos) release;
        inherit (config.atomos.boot) genericPassword keymaps;
        inherit zram;
      };
    };

    decisions = {
      inherit (config.atomos) product release;
      inherit (config.networking) hostName;
      debian = {
        inherit (config.debian)
          suite
          components
          mirror
          securityMirror
          debconf
          ;
        extraRepositories = builtins.mapAttrs (_: r: r // { key = toString r.key; }) config.debian.extraRepositories;
      };
      packages = {
        base = config.debian.basePackages;
        requested = config.environment.systemPackages;
        # By component, without addresses: a lock made of others is stale.
        sources =
          map (component: "main ${component}") config.debian.components
          ++ builtins.concatLists (
            lib.mapAttrsToList (
              name: r:
              if lib.hasSuffix "/" r.suite then
                [ "${name} ${r.suite}" ]
              else
                map (component: "${name} ${r.suite} ${component}") r.components
            ) config.debian.extraRepositories
          );
      };
      inherit (config) warnings;
      assertions = map (a: a.message) (builtins.filter (a: !a.assertion) config.assertions);
      boot = {
        kernel = config.boot.kernel.flavour;
        inherit (config.boot) kernelParams;
        inherit (config.boot.initrd) availableKernelModules;
        inherit (config.atomos.boot) genericPassword keymaps consoles;
        inherit (config.atomos.trust) vendorKeys;
        inherit zram;
        inherit (cfg.boot) cmdline;
      };
      image = {
        label = "atomos";
        # What the prompt uses without a token.
        keymap = if config.console.keyMap == "us" then null else config.console.keyMap;
        inherit (config.atomos.boot) genericPassword;
      };
    };
  };
}
