# SPDX-License-Identifier: MIT
# From the medium to an owned machine: the menu, the first boot's questions, homes.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.atomos.install;
  program = "/usr/lib/atomos/atomos-welcome";

  # "tty0", the screen, is where tty1 is; "ttyS0,115200" is ttyS0.
  terminals = lib.unique (
    map (
      console:
      let
        name = builtins.head (builtins.match "([^,]+)(,.*)?" console);
      in
      if name == "tty0" then "tty1" else name
    ) config.atomos.boot.consoles
  );

  # Asks before anybody can log in there. The program opens the terminal itself, and only when
  # there is something to ask: a log-in never waits for a port that isn't there.
  question =
    name:
    lib.nameValuePair "atomos-welcome-${name}" {
      description = "Questions of the first start on ${name}";
      wantedBy = [ "getty.target" ];
      before = [
        "getty@${name}.service"
        "serial-getty@${name}.service"
      ]
      # On the screen alone: a serial console may ask for ever.
      ++ lib.optional (name == "tty1") "display-manager.service";
      # Not plymouth's end: a display manager brings that about.
      after = [
        "systemd-user-sessions.service"
        "systemd-homed.service"
        "getty-pre.target"
      ];
      unitConfig.ConditionPathExists = "/run/atomos/boot.json";
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${program} --console ${name}${lib.optionalString cfg.plain " --plain"}";
        StandardInput = "null";
        # Not to open it: systemd passes the TERM that the kernel's command line has for it.
        TTYPath = "/dev/${name}";
      };
    };

  # What the first start doesn't ask then. A password isn't among them: everybody could read it in
  # the store, and a hash opens no disk.
  answer =
    type: example: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit example;
      description = "${description} null: the first start asks.";
    };
  given = lib.filterAttrs (_: v: v != null) cfg.unattended.answers;
  unattended =
    if cfg.unattended.enable then
      {
        inherit (cfg.unattended.disk) serial path overwrite;
        inherit (cfg.unattended) restart;
        answers = if given == { } then null else given;
      }
    else
      null;

  size = types.strMatching "[0-9]+[KMGT]?" // {
    description = "a size, as 512M or 20G";
  };
in
{
  options.atomos.install = {
    menu.enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = ''
        Whether a medium greets on every console with the choice to try the system or to install
        it, instead of a log-in.
      '';
    };
    plain = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = ''
        Whether the questions on the boot's consoles, those of the medium's menu and of the first
        start, are plain lines from the beginning, for screen readers and braille, instead of full
        screens. For one console alone: `systemd.tty.term.ttyS0=dumb` among boot.kernelParams.
      '';
    };
    unattended = {
      enable = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether a medium of this system installs it by itself: it says what it is about to do on
          every console, waits for 10 seconds, and any key stops it. Without a rule for the disk it
          takes the free space behind a medium that was written to an inner disk, else the only
          empty inner disk. What the rule doesn't fit changes nothing. Only this option orders
          that: it is signed with the system, unlike a file beside the boot image.
        '';
      };
      disk = {
        serial = mkOption {
          type = types.nullOr (types.strMatching ".+" // { description = "a text that isn't empty"; });
          default = null;
          example = "S4EVNX0M123456";
          description = "Install only to the disk with this number, as `atomos install --list` shows it.";
        };
        path = mkOption {
          type = types.nullOr (types.strMatching "/dev/.+" // { description = "a path below /dev"; });
          default = null;
          example = "/dev/disk/by-path/pci-0000:00:04.0-nvme-1";
          description = "Install only to the disk that this path leads to.";
        };
        overwrite = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether the disk that the rule names may have something on it, which is lost then.";
        };
      };
      restart = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether the machine restarts afterwards; else it goes off, so that the medium can be taken out.
        '';
      };
      answers = {
        language = answer types.str "de_DE.UTF-8" "The language of programs.";
        keymap = answer types.str "de-latin1" "The keyboard.";
        zone = answer types.str "Europe/Berlin" "The time zone.";
        realName = answer types.str "Anna Beispiel" "The name of the person.";
        name = answer types.str "anna" "The name to log in with.";
        administrator = answer types.bool true "Whether this person looks after the machine.";
      };
    };
    passwordWork = {
      milliseconds = mkOption {
        type = types.ints.between 0 10000;
        default = 2000;
        example = 4000;
        description = ''
          How long one try of a typed password takes on the machine that it was set on: what makes
          guessing slow. 0 is the least there is, for machines that only try.
        '';
      };
      megabytes = mkOption {
        type = types.ints.between 1 1024;
        default = 512;
        example = 256;
        description = ''
          How much memory one try of a typed password takes at most. The machine must have it free
          when it starts.
        '';
      };
    };
    home = {
      minimum = mkOption {
        type = size;
        default = "512M";
        example = "20G";
        description = "The least size of the partition for homes; a disk with less room is refused.";
      };
      maximum = mkOption {
        type = types.nullOr size;
        default = null;
        example = "200G";
        description = "The largest size of the partition for homes; null: it fills the disk.";
      };
    };
  };

  config = {
    assertions = [
      {
        assertion =
          cfg.unattended.disk.overwrite -> cfg.unattended.disk.serial != null || cfg.unattended.disk.path != null;
        message = "atomos.install.unattended.disk.overwrite needs a disk's serial or path: no disk is overwritten that the configuration doesn't name.";
      }
      {
        assertion =
          cfg.unattended.disk.overwrite && cfg.unattended.disk.path != null
          -> builtins.match "/dev/disk/by-[^/]+/.+" cfg.unattended.disk.path != null;
        message = "atomos.install.unattended.disk.overwrite needs a path below /dev/disk/by-id, by-path or the like: a name like /dev/sda may be another disk's at the next start.";
      }
      {
        assertion = cfg.unattended.disk.overwrite -> !cfg.unattended.restart;
        message = "atomos.install.unattended.restart with disk.overwrite would install again and again, as long as the medium is there: leave one of them out.";
      }
    ];

    # homes, lists of time zones, passwords with the words that they must not be, drawings
    debian.basePackages = [
      "cracklib-runtime"
      "libncursesw6"
      "libpwquality1"
      "libqrencode4"
      "systemd-repart"
      "tzdata"
    ];

    atomos.state.directories = [ "/var/lib/atomos" ];

    build.files = {
      "/usr/lib/repart.d/50-atomos-home.conf".text = ''
        [Partition]
        Type=2c1f8a5e-6d0b-4e0b-9b0e-61746f6d686f
        Label=atomos-home
        SizeMinBytes=${cfg.home.minimum}
        ${lib.optionalString (cfg.home.maximum != null) "SizeMaxBytes=${cfg.home.maximum}\n"}'';
      "/usr/lib/atomos/welcome.json".text =
        builtins.toJSON {
          system = config.build.prettyName;
          inherit (config.atomos.boot) genericPassword keymaps;
          keymap = config.console.keyMap;
          directories = map (d: d.path) config.atomos.state.directories;
          inherit (config.atomos.state) files;
          executable = map (d: d.path) (builtins.filter (d: d.execute) config.atomos.state.directories);
          repart = "/usr/lib/repart.d";
          slotMilliseconds = cfg.passwordWork.milliseconds;
          slotMegabytes = cfg.passwordWork.megabytes;
          cheapHomes = cfg.passwordWork.milliseconds == 0;
          menu = cfg.menu.enable;
          inherit unattended;
        }
        + "\n";
    };

    # It looks for the disk below /, which is memory; the first start names it.
    systemd.units."systemd-repart.service".enable = lib.mkDefault false;

    systemd.services = builtins.listToAttrs (map question terminals) // {
      # The root is made anew at each boot; what a person chose lies in the state.
      atomos-choices = {
        description = "Language, keyboard and time zone of this machine";
        wantedBy = [ "sysinit.target" ];
        before = [
          "sysinit.target"
          "getty.target"
        ];
        after = [
          "local-fs.target"
          "atomos-keymap.service"
        ];
        unitConfig = {
          DefaultDependencies = false;
          ConditionPathExists = "/var/lib/atomos/choices.json";
        };
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          ExecStart = "${program} --apply";
        };
      };
    };
  };
}
