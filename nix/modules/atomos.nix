# SPDX-License-Identifier: MIT
# What the distribution is called, what survives a reboot, and what goes into the boot image.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.atomos;

  directory = types.submodule {
    options = {
      path = mkOption {
        type = types.path;
        example = "/var/lib/grafana";
        description = "The directory, an absolute path.";
      };
      mode = mkOption {
        type = types.strMatching "[0-7]{4}" // {
          description = "a mode of four octal digits";
        };
        default = "0755";
        description = "Its mode, when it is made anew.";
      };
      user = mkOption {
        type = types.str;
        default = "root";
        description = "Its owner, when it is made anew.";
      };
      group = mkOption {
        type = types.str;
        default = "root";
        description = "Its group, when it is made anew.";
      };
      execute = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether programs in it may be run. What a directory keeps isn't verified: whoever was
          root once may have put them there.
        '';
      };
    };
  };

  normalise =
    entry:
    if builtins.isAttrs entry then
      entry
    else
      {
        path = toString entry;
        mode = "0755";
        user = "root";
        group = "root";
        execute = false;
      };

  # One entry for each path, ordered by path: the last definition wins.
  byPath =
    entries:
    builtins.attrValues (
      builtins.listToAttrs (lib.reverse (map (e: lib.nameValuePair e.path e) (map normalise entries)))
    );
in
{
  options.atomos = {
    product = mkOption {
      type = types.strMatching "[a-z0-9][a-z0-9._-]*" // {
        description = "a product name (lower case letters, digits, dot, dash, underscore)";
      };
      default = "atomos";
      example = "acme-desktop";
      vendor = true;
      description = ''
        Name of the distribution. A boot image starts systems of its own product only. Lower
        case letters, digits, dot, dash and underscore.
      '';
    };
    release = mkOption {
      type = types.ints.unsigned;
      default = 1;
      example = 42;
      vendor = true;
      description = ''
        Number of this release; it must rise from one published image to the next. A system
        below the lowest release that a machine has pinned is not started without its owner.
      '';
    };
    state = {
      directories = mkOption {
        type = types.listOf (types.either types.path directory);
        default = [ ];
        example = [
          "/var/lib/grafana"
          {
            path = "/var/lib/vault";
            mode = "0700";
            user = "vault";
          }
        ];
        apply = byPath;
        description = ''
          Directories that outlive a reboot. Everything else that is written outside of /home
          lives in RAM and is gone at the next boot. Services switched on by options of AtomOS
          add theirs. A directory above places from which systemd and others run code (/var/lib,
          /etc, …) is refused.
        '';
      };
      files = mkOption {
        type = types.listOf types.path;
        default = [ ];
        example = [ "/etc/adjtime" ];
        apply = files: lib.sort (lib.unique (map toString files));
        description = "Single files that outlive a reboot.";
      };
    };
    ram.rootPercent = mkOption {
      type = types.ints.between 10 95;
      default = 80;
      example = 60;
      description = ''
        How much of the RAM the root may fill at most, in percent. What is more is refused
        with "no space left on device".
      '';
    };
    trust.vendorKeys = mkOption {
      type = types.listOf (
        types.strMatching "[^: ]+:[A-Za-z0-9+/]{43}=" // {
          description = "a public key as Nix writes it (name:base64)";
        }
      );
      default = [ ];
      example = [ "acme-1:1jFbzGvLEPZYhOGUTbvEBzgUZzqFDPRvzTHwTjFPVgg=" ];
      vendor = true;
      description = ''
        Public keys (as Nix writes them) whose signatures the boot image accepts, beside the
        key that the image is built with.
      '';
    };
    boot = {
      genericPassword = mkOption {
        type = types.str;
        default = "atomos";
        example = "acme";
        vendor = true;
        description = ''
          The password that a medium's encrypted partition opens with, of 1 to 4096 bytes. It
          is no secret: boot images contain it and try it first.
        '';
      };
      keymaps = mkOption {
        type = types.listOf types.str;
        default = [
          "us"
          "uk"
          "de-latin1-nodeadkeys"
          "fr-latin9"
          "es"
          "it"
          "pt-latin1"
          "br-abnt2"
          "pl"
          "se-latin1"
          "dvorak"
        ];
        example = [
          "us"
          "hu"
        ];
        vendor = true;
        apply = lib.unique;
        description = ''
          Keyboard layouts that the password prompt at boot may use (names of files below
          /usr/share/keymaps in Debian's console-data).
        '';
      };
      consoles = mkOption {
        type = types.listOf (
          types.strMatching "[a-zA-Z0-9,]+" // {
            description = "a console of the kernel, as ttyS0,115200";
          }
        );
        default = [
          "ttyS0,115200"
          "tty0"
        ];
        example = [
          "tty0"
          "ttyS0,115200"
        ];
        vendor = true;
        description = ''
          Consoles of the kernel. All of them show the boot and ask for the password; the
          messages of systemd go to the last one that exists.
        '';
      };
    };
  };

  config = {
    atomos.state = {
      files = [
        "/etc/machine-id"
        "/var/lib/systemd/random-seed"
      ];
      directories = [
        {
          path = "/etc/NetworkManager/system-connections";
          mode = "0700";
        }
        {
          path = "/var/lib/NetworkManager";
          mode = "0700";
        }
        {
          path = "/var/lib/bluetooth";
          mode = "0700";
        }
        {
          path = "/etc/cups";
          group = "lp";
        }
        "/var/lib/systemd/rfkill"
        "/var/lib/systemd/backlight"
        {
          path = "/var/log/journal";
          mode = "2755";
          group = "systemd-journal";
        }
      ]
      ++ lib.concatMap (name: config.debian.stateOf.${name} or [ ]) config.debian.packageNames;
    };
    assertions = [
      {
        assertion = builtins.elem "us" cfg.boot.keymaps;
        message = "atomos.boot.keymaps must contain \"us\", the layout that is used when no other was chosen.";
      }
      {
        # SECRET_MAX of src/base/secret.h.
        assertion = cfg.boot.genericPassword != "" && builtins.stringLength cfg.boot.genericPassword <= 4096;
        message = "atomos.boot.genericPassword must have 1 to 4096 bytes: with any other no image could be opened.";
      }
      {
        assertion = cfg.boot.consoles != [ ];
        message = "atomos.boot.consoles is empty: without a console nobody could type the password.";
      }
    ];
  };
}
