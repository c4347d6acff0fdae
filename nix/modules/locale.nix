# SPDX-License-Identifier: MIT
# Time zone, language and keyboard.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  locale = config.i18n.defaultLocale;
  builtin = locale == "C.UTF-8" || locale == "C" || locale == "POSIX";
  # "de_DE.UTF-8" is generated from the line "de_DE.UTF-8 UTF-8".
  charset = builtins.match "[^.]+\\.([^@]+)(@.*)?" locale;
  wanted = lib.unique (
    lib.optional (!builtin) "${locale} ${builtins.head charset}" ++ config.i18n.supportedLocales
  );
in
{
  options = {
    time.timeZone = mkOption {
      type = types.strMatching "[A-Za-z0-9_+/-]+" // {
        description = "a time zone, as Europe/Berlin";
      };
      default = "UTC";
      example = "Europe/Berlin";
      description = "Time zone, as a path below /usr/share/zoneinfo.";
    };
    i18n.defaultLocale = mkOption {
      type = types.strMatching "C|POSIX|[A-Za-z_]+\\.[A-Za-z0-9-]+(@[a-z]+)?" // {
        description = "a locale with its character set, as de_DE.UTF-8";
      };
      default = "C.UTF-8";
      example = "de_DE.UTF-8";
      description = "Language and formats of the system.";
    };
    i18n.supportedLocales = mkOption {
      type = types.listOf (
        types.strMatching "[A-Za-z_.@0-9-]+ [A-Za-z0-9-]+" // {
          description = "a locale and its character set, as de_DE.UTF-8 UTF-8";
        }
      );
      default = [ ];
      example = [ "fr_FR.UTF-8 UTF-8" ];
      description = "Further locales to generate, in the form of /etc/locale.gen.";
    };
    console.keyMap = mkOption {
      type = types.strMatching "[A-Za-z0-9_.-]+" // {
        description = "the name of a keyboard layout";
      };
      default = "us";
      example = "de-latin1-nodeadkeys";
      description = ''
        Keyboard layout of the text console and of the password prompt at boot: one of
        atomos.boot.keymaps.
      '';
    };
  };

  config = lib.mkMerge [
    {
      # Else a password that was set here could not be typed at boot.
      assertions = [
        {
          assertion = config.console.keyMap == "us" || builtins.elem config.console.keyMap config.atomos.boot.keymaps;
          message = "console.keyMap is \"${config.console.keyMap}\", which the boot image doesn't have: add it to atomos.boot.keymaps, or choose one of ${builtins.concatStringsSep ", " config.atomos.boot.keymaps}.";
        }
      ];
      environment.etc = {
        localtime.target = "/usr/share/zoneinfo/${config.time.timeZone}";
        timezone.text = "${config.time.timeZone}\n";
        "locale.conf".text = "LANG=${locale}\n";
        "default/locale".target = "../locale.conf";
      };
    }
    (lib.mkIf (wanted != [ ]) {
      debian.basePackages = [ "locales" ];
      debian.debconf = [
        "locales locales/locales_to_be_generated multiselect ${builtins.concatStringsSep ", " wanted}"
        "locales locales/default_environment_locale select ${if builtin then "None" else locale}"
      ];
      environment.etc."locale.gen".text = lib.concatLines wanted;
      # For a root whose packages were configured without these answers.
      systemd.services.atomos-locale = {
        description = "Locales of the system";
        wantedBy = [ "multi-user.target" ];
        before = [
          "getty.target"
          "ssh.service"
          "systemd-user-sessions.service"
        ];
        unitConfig.ConditionPathExists = "!/usr/lib/locale/locale-archive";
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = "/usr/sbin/locale-gen";
        };
      };
    })
    (lib.mkIf (config.console.keyMap != "us") {
      systemd.services.atomos-keymap = {
        description = "Keyboard layout of the console";
        wantedBy = [ "sysinit.target" ];
        before = [ "getty.target" ];
        unitConfig = {
          DefaultDependencies = false;
          ConditionPathExists = "/dev/tty0";
        };
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = "/usr/bin/loadkeys --quiet ${config.console.keyMap}";
        };
      };
    })
  ];
}
