# SPDX-License-Identifier: MIT
# The kernel, its parameters, its modules at boot, and swap.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.boot;

  swapDevice = {
    options = {
      device = mkOption {
        type = types.path;
        example = "/dev/disk/by-partlabel/swap";
        description = "The partition. Its content is lost at each boot.";
      };
      priority = mkOption {
        type = types.nullOr (types.ints.between 0 32767);
        default = null;
        description = "Higher is used first; zram has 100.";
      };
    };
  };

  indexed = builtins.genList (i: {
    name = "swap${toString i}";
    entry = builtins.elemAt config.swapDevices i;
  }) (builtins.length config.swapDevices);

  swapUnit =
    { name, entry }:
    lib.nameValuePair "dev-mapper-${name}.swap" {
      text = ''
        [Unit]
        Description=Swap on ${entry.device}, encrypted with a key of this boot
        After=systemd-cryptsetup@${name}.service

        [Swap]
        What=/dev/mapper/${name}
        ${lib.optionalString (entry.priority != null) "Priority=${toString entry.priority}\n"}'';
      wantedBy = [ "swap.target" ];
    };

  sysctlValue = value: if builtins.isBool value then (if value then "1" else "0") else toString value;
in
{
  options = {
    boot = {
      kernel = {
        flavour = mkOption {
          type = types.strMatching "[a-z0-9][a-z0-9.+-]*" // {
            description = "a flavour of Debian's kernel";
          };
          default = "amd64";
          example = "cloud-amd64";
          vendor = true;
          description = ''
            Flavour of Debian's kernel: the part of the package's name after linux-image-.
            amd64 runs everywhere, cloud-amd64 is small and for virtual machines, rt-amd64 is
            for real time.
          '';
        };
        sysctl = mkOption {
          type = types.attrsOf (types.nullOr (types.oneOf [ types.bool types.int types.str ]));
          default = { };
          example = {
            "net.ipv4.ip_forward" = true;
          };
          description = "Kernel settings that are applied at boot (sysctl.d(5)); null leaves one alone.";
        };
      };
      kernelParams = mkOption {
        type = types.listOf (
          types.strMatching "[^ \t\n\"]+(\"[^\n\"]*\")?" // {
            description = "one kernel parameter, without spaces outside of quotes";
          }
        );
        default = [ ];
        example = [ "mitigations=auto,nosmt" ];
        vendor = true;
        description = "Parameters of the kernel. They are part of the signed boot image; nobody can add to them at boot.";
      };
      initrd.availableKernelModules = mkOption {
        type = types.listOf (
          types.strMatching "[A-Za-z0-9_-]+" // {
            description = "the name of a kernel module";
          }
        );
        default = [ ];
        example = [ "megaraid_sas" ];
        vendor = true;
        apply = modules: lib.sort (lib.unique modules);
        description = ''
          Further kernel modules for the boot image, with those they need, beside the usual ones for
          disks, keyboards, encryption and file systems. Only what a machine has is loaded.
        '';
      };
    };
    zramSwap = {
      enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
        vendor = true;
        description = "Whether memory that is seldom used is compressed (swap on zram).";
      };
      memoryPercent = mkOption {
        type = types.ints.between 1 200;
        default = 50;
        example = 100;
        vendor = true;
        description = "Size of the zram device, in percent of the RAM.";
      };
      algorithm = mkOption {
        type = types.enum [
          "zstd"
          "lz4"
          "lzo-rle"
        ];
        default = "zstd";
        example = "lz4";
        vendor = true;
        description = "How the memory is compressed.";
      };
    };
    swapDevices = mkOption {
      type = types.listOf (types.submodule swapDevice);
      default = [ ];
      example = [ { device = "/dev/disk/by-partlabel/swap"; } ];
      description = ''
        Partitions to swap to, for installed machines. Each is encrypted with a random key
        that is forgotten when the machine is switched off.
      '';
    };
  };

  config = lib.mkMerge [
    {
      debian.basePackages = [ "linux-image-${cfg.kernel.flavour}" ];

      # gpt: a power cut may leave the second partition table as the only whole one.
      boot.kernelParams = lib.mkBefore (
        [
          "systemd.import_credentials=no"
          "gpt"
          # A page that a program or the kernel gives back holds nothing of what was in it.
          "init_on_free=1"
        ]
        ++ map (console: "console=${console}") config.atomos.boot.consoles
        ++ [ "quiet" ]
      );

      # The zram device is there before the root is; the generator would make another.
      environment.etc."systemd/zram-generator.conf".text = "";
    }
    (lib.mkIf (cfg.kernel.sysctl != { }) {
      environment.etc."sysctl.d/60-atomos.conf".text = lib.concatLines (
        lib.mapAttrsToList (key: value: "${key} = ${sysctlValue value}") (
          lib.filterAttrs (_: value: value != null) cfg.kernel.sysctl
        )
      );
    })
    (lib.mkIf (config.swapDevices != [ ]) {
      environment.etc.crypttab.text = lib.concatMapStrings (
        { name, entry }:
        "${name} ${entry.device} /dev/urandom swap,plain,cipher=aes-xts-plain64,size=512,sector-size=4096,nofail\n"
      ) indexed;
      systemd.units = builtins.listToAttrs (map swapUnit indexed);
    })
  ];
}
