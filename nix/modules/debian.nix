# SPDX-License-Identifier: MIT
# Which Debian packages make the system, and where they come from.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.debian;

  packageName = types.strMatching "[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+:~-]+)?" // {
    description = "the name of a Debian package, also as name=version";
  };
  url = types.strMatching "(https?|file)://.+" // {
    description = "an address (http, https or file)";
  };

  repository = types.submodule {
    options = {
      uri = mkOption {
        type = url;
        example = "https://packages.example.org/debian";
        description = "Address of the repository.";
      };
      suite = mkOption {
        type = types.str;
        default = cfg.suite;
        defaultText = "config.debian.suite";
        description = "Suite of the repository; one that ends in / is a flat repository.";
      };
      components = mkOption {
        type = types.listOf types.str;
        default = [ "main" ];
        description = "Components of the suite.";
      };
      key = mkOption {
        type = types.path;
        example = lib.literalExpression "./example.gpg";
        description = ''
          File with the public key (OpenPGP) that signs the repository; one that is armoured ends
          in .asc.
        '';
      };
    };
  };

  debianKeys = "/usr/share/keyrings/debian-archive-keyring.gpg";
  keyFile =
    name: r: "/etc/apt/keyrings/${name}.${if lib.hasSuffix ".asc" (toString r.key) then "asc" else "gpg"}";

  source = uri: suite: components: key: ''
    Types: deb
    URIs: ${uri}
    Suites: ${suite}
    ${lib.optionalString (!(lib.hasSuffix "/" suite)) ''
      Components: ${builtins.concatStringsSep " " components}
    ''}Signed-By: ${key}
  '';
in
{
  options = {
    environment.systemPackages = mkOption {
      type = types.listOf (types.either packageName types.path);
      default = [ ];
      example = lib.literalExpression ''[ "htop" "nginx=1.26.3-3" ./my-tool_1.0_amd64.deb ]'';
      apply = packages: lib.unique (map toString packages);
      description = ''
        Debian packages of the system: a name, `name=version`, or the path of a .deb. What
        they depend on comes with them; what they only recommend does not.
      '';
    };
    debian = {
      suite = mkOption {
        type = types.strMatching "[a-z][a-z0-9-]*" // {
          description = "the code name of a Debian suite";
        };
        default = "trixie";
        example = "forky";
        vendor = true;
        description = "Debian suite that the packages come from, with its security updates.";
      };
      components = mkOption {
        type = types.listOf types.str;
        default = [ "main" ];
        example = [
          "main"
          "contrib"
          "non-free-firmware"
        ];
        apply = lib.unique;
        description = "Components of the Debian archive to take packages from.";
      };
      mirror = mkOption {
        type = types.nullOr url;
        default = null;
        example = "http://mirror.example.org/debian";
        description = ''
          Mirror of the Debian archive, for building and for apt in the running system. null
          takes the one that apt uses on the machine that builds, and gives the running system
          none.
        '';
      };
      securityMirror = mkOption {
        type = types.nullOr url;
        default = null;
        example = "http://mirror.example.org/debian-security";
        description = ''
          The same for Debian's security updates.
        '';
      };
      extraRepositories = mkOption {
        type = types.attrsOf repository;
        default = { };
        example = lib.literalExpression ''
          {
            example = {
              uri = "https://packages.example.org/debian";
              key = ./example.gpg;
            };
          }'';
        description = "Further repositories, by a name of your choice.";
      };
      debconf = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "postfix postfix/main_mailer_type select Local only" ];
        vendor = true;
        description = ''
          Answers for the questions that packages ask while they are configured, in the form
          of debconf-set-selections(1).
        '';
      };
      basePackages = mkOption {
        type = types.listOf types.str;
        internal = true;
        apply = packages: lib.sort (lib.unique packages);
        description = "Packages that AtomOS itself needs, chosen by its modules.";
      };
      packageNames = mkOption {
        type = types.listOf types.str;
        internal = true;
        description = "Names of all chosen packages, without versions and paths.";
      };
      stateOf = mkOption {
        type = types.attrsOf (types.listOf types.anything);
        internal = true;
        description = "State that well-known packages write: kept when they are chosen by name.";
      };
    };
  };

  config.assertions = map (name: {
    assertion =
      builtins.match "[A-Za-z0-9][A-Za-z0-9.+_-]*" name != null
      && !(builtins.elem name [
        "main"
        "security"
        "local"
      ]);
    message = "debian.extraRepositories.\"${name}\" can't be called so: choose letters, digits, dots and dashes, and none of main, security and local.";
  }) (builtins.attrNames cfg.extraRepositories);

  # apt in the running system knows the same repositories.
  config.environment.etc =
    lib.optionalAttrs (cfg.mirror != null) {
      "apt/sources.list.d/debian.sources".text = source cfg.mirror cfg.suite cfg.components debianKeys;
    }
    // lib.optionalAttrs (cfg.securityMirror != null) {
      "apt/sources.list.d/debian-security.sources".text =
        source cfg.securityMirror "${cfg.suite}-security" cfg.components debianKeys;
    }
    // lib.concatMapAttrs (name: r: {
      "apt/sources.list.d/${name}.sources".text = source r.uri r.suite r.components (keyFile name r);
      "apt/keyrings/${baseNameOf (keyFile name r)}".source = r.key;
    }) cfg.extraRepositories;

  config.debian = {
    packageNames =
      let
        name = entry: builtins.head (builtins.split "=" entry);
      in
      map name (
        builtins.filter (p: !(lib.hasPrefix "/" p)) config.environment.systemPackages
      )
      ++ cfg.basePackages;

    basePackages = [
      "systemd"
      "systemd-sysv"
      "systemd-cryptsetup"
      "systemd-repart"
      "udev"
      "dbus"
      "libpam-systemd"
      "libnss-systemd"
      # what boots, unlocks and stores
      "kmod"
      "busybox"
      "cryptsetup-bin"
      "btrfs-progs"
      "libfido2-1"
      "libtss2-esys-3.0.2-0t64"
      "libtss2-mu-4.0.1-0t64"
      "libtss2-rc0t64"
      "libtss2-sys1t64"
      "libtss2-tcti-device0t64"
      "nix-bin"
      # the password prompt's keyboard
      "kbd"
      "console-data"
      # what people expect on any machine
      "apt"
      "debian-archive-keyring"
      "ca-certificates"
      "iproute2"
      "less"
      "login"
      "netbase"
      "passwd"
      "procps"
      "sudo"
      "tzdata"
    ];

    stateOf =
      let
        owned = path: user: mode: { inherit path user mode; group = user; };
        root = path: {
          inherit path;
          user = "root";
          group = "root";
          mode = "0755";
        };
      in
      {
        postgresql = [ (owned "/var/lib/postgresql" "postgres" "0755") ];
        mariadb-server = [ (owned "/var/lib/mysql" "mysql" "0755") ];
        redis-server = [ (owned "/var/lib/redis" "redis" "0750") ];
        # Programs of containers and applications run from there. Docker's daemon would start
        # by itself what its directory says: it is kept only where a configuration names it.
        podman = [ (root "/var/lib/containers" // { execute = true; }) ];
        samba = [ (root "/var/lib/samba") ];
        libvirt-daemon-system = [ (root "/var/lib/libvirt") ];
        flatpak = [ (root "/var/lib/flatpak" // { execute = true; }) ];
      };
  };
}
