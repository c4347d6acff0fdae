# SPDX-License-Identifier: MIT
# Users and groups that the configuration names. Debian's own system users come with the packages.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.users;

  accountName = "[a-z_][a-z0-9_-]{0,31}";
  oneField = types.strMatching "[^:\n]*" // {
    description = "a string on one line, without colons";
  };
  id = types.ints.between 0 59999;

  user =
    { name, config, ... }:
    {
      options = {
        uid = mkOption {
          type = types.nullOr id;
          default = null;
          example = 1000;
          description = ''
            Number of the user. The only normal user without a number gets 1000; where there
            are more, each must have one, so that files keep their owner.
          '';
        };
        group = mkOption {
          type = types.str;
          default = name;
          defaultText = "the user's name";
          description = "Primary group. One that is named as the user is made with the user's number.";
        };
        extraGroups = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [
            "sudo"
            "audio"
          ];
          description = "Further groups. Members of sudo may administrate the machine.";
        };
        description = mkOption {
          type = oneField;
          default = "";
          example = "Ada Lovelace";
          description = "The user's full name.";
        };
        home = mkOption {
          type = types.path;
          default = if config.isNormalUser then "/home/${name}" else "/nonexistent";
          defaultText = "/home/NAME for normal users, /nonexistent for others";
          description = "Home directory.";
        };
        createHome = mkOption {
          type = types.bool;
          default = config.isNormalUser;
          defaultText = "config.isNormalUser";
          description = "Whether the home directory is made, with the files of /etc/skel.";
        };
        shell = mkOption {
          type = types.path;
          default = if config.isNormalUser then "/bin/bash" else "/usr/sbin/nologin";
          defaultText = "/bin/bash for normal users, /usr/sbin/nologin for others";
          example = "/usr/bin/zsh";
          description = "Login shell; its package must be in environment.systemPackages.";
        };
        hashedPassword = mkOption {
          type = types.nullOr oneField;
          default = null;
          example = "$y$j9T$…";
          description = ''
            The password's hash as `mkpasswd` prints it. null allows no log-in with a
            password. The hash can be read by everyone who can read the system's store path:
            for people's accounts prefer systemd-homed.
          '';
        };
        untilOwned = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = ''
            Whether nobody can log in to the account on an installed disk, from its first start on
            and before it has an owner: for one with a known password that a medium comes with.
            /etc/issue.d/medium.issue, if the configuration makes one, isn't shown there either.
          '';
        };
        isNormalUser = mkOption {
          type = types.bool;
          default = false;
          description = "Whether this is a person's account, with a home and a shell.";
        };
        openssh.authorizedKeys.keys = mkOption {
          type = types.listOf (types.strMatching "[^\n]+" // { description = "a public key on one line"; });
          default = [ ];
          example = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA… ada@laptop" ];
          description = "Public keys that may log in as this user over SSH.";
        };
      };
    };

  group = {
    options = {
      gid = mkOption {
        type = types.nullOr id;
        default = null;
        example = 1500;
        description = "Number of the group; null for a group that a Debian package makes.";
      };
      members = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Users that belong to the group.";
      };
    };
  };

  accounts = builtins.removeAttrs cfg.users [ "root" ];
  normal = lib.filterAttrs (_: u: u.isNormalUser) accounts;
  unnumbered = builtins.attrNames (lib.filterAttrs (_: u: u.uid == null) normal);

  uidOf = name: u: if u.uid == null && unnumbered == [ name ] && u.isNormalUser then 1000 else u.uid;

  # The private group of a user has the user's number.
  gidOf =
    name: u:
    if cfg.groups ? ${u.group} then
      cfg.groups.${u.group}.gid
    else if u.group == name then
      uidOf name u
    else
      null;

  userSpec = name: u: {
    inherit name;
    inherit (u)
      group
      description
      hashedPassword
      extraGroups
      createHome
      ;
    uid = uidOf name u;
    gid = gidOf name u;
    home = toString u.home;
    shell = toString u.shell;
    sshKeys = u.openssh.authorizedKeys.keys;
  };

  privateGroups = lib.filterAttrs (name: u: u.group == name && !(cfg.groups ? ${name})) accounts;

  groupSpecs =
    lib.mapAttrsToList (name: g: { inherit name; inherit (g) gid members; }) cfg.groups
    ++ lib.mapAttrsToList (name: u: {
      inherit name;
      gid = uidOf name u;
      members = [ ];
    }) privateGroups;

  numbers = builtins.filter (n: n != null) (lib.mapAttrsToList uidOf accounts);

  untilOwned = builtins.attrNames (lib.filterAttrs (_: u: u.untilOwned) cfg.users);
in
{
  options.users = {
    users = mkOption {
      type = types.attrsOf (types.submodule user);
      default = { };
      example = lib.literalExpression ''
        {
          ada = {
            isNormalUser = true;
            extraGroups = [ "sudo" ];
            hashedPassword = "$y$j9T$…";
          };
        }'';
      description = "Accounts, by name. For root, only hashedPassword and openssh.authorizedKeys count.";
    };
    groups = mkOption {
      type = types.attrsOf (types.submodule group);
      default = { };
      example = {
        family.gid = 1500;
      };
      description = "Groups, by name.";
    };
  };

  config = {
    build.users = builtins.attrValues (builtins.mapAttrs userSpec accounts);
    build.groups = groupSpecs;
    build.rootPassword = (cfg.users.root or { hashedPassword = null; }).hashedPassword;

    # Beside the homes, which may be encrypted until their user has logged in.
    environment.etc = lib.mapAttrs' (
      name: u:
      lib.nameValuePair "ssh/authorized_keys.d/${name}" {
        text = lib.concatLines u.openssh.authorizedKeys.keys;
      }
    ) (lib.filterAttrs (_: u: u.openssh.authorizedKeys.keys != [ ]) cfg.users);

    # The root is made anew at each start, and with it the account. A disk without an owner is no
    # exception: what is typed at its first start is for nobody in the network to see.
    systemd.services = lib.mkIf (untilOwned != [ ]) {
      atomos-medium-accounts = {
        description = "No log-in with what the medium came with";
        wantedBy = [ "multi-user.target" ];
        # Nobody logs in before that one, but root by SSH.
        before = [
          "systemd-user-sessions.service"
          "ssh.service"
        ];
        unitConfig.ConditionPathExists = "/run/atomos/installed";
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
          Restart = "on-failure";
        };
        # One that can't be locked keeps none of the others open; another program may hold the file.
        script = ''
          open=
          for name in ${builtins.concatStringsSep " " untilOwned}; do
            usermod --lock --expiredate 1 "$name" || open="$open $name"
          done
          rm -f /etc/issue.d/medium.issue
          [ -z "$open" ] || { echo "The accounts that the medium came with can't be locked:$open. Do it with usermod --lock --expiredate 1." >&2; exit 1; }
        '';
      };
    };
    warnings = lib.optional (builtins.all (u: u.hashedPassword == null && u.openssh.authorizedKeys.keys == [ ]) (
      builtins.attrValues cfg.users
    )) "Nobody can log in: no user of users.users has a hashedPassword or an SSH key.";

    assertions =
      map (name: {
        assertion = builtins.match accountName name != null;
        message = "users: ${builtins.toJSON name} is no name for a user or group: lower case letters, digits, dash and underscore, at most 32, not starting with a digit.";
      }) (builtins.attrNames cfg.users ++ builtins.attrNames cfg.groups)
      ++ [
        {
          assertion = builtins.length unnumbered <= 1;
          message = "The users ${builtins.concatStringsSep " and " unnumbered} have no number: set users.users.NAME.uid of each (1000, 1001, …), so that files keep their owner.";
        }
        {
          assertion = builtins.length (lib.unique numbers) == builtins.length numbers;
          message = "Two users have the same number: give each a uid of its own in users.users.";
        }
      ]
      ++ lib.mapAttrsToList (name: u: {
        assertion = u.isNormalUser || u.uid != null;
        message = "The user ${name} has no number: set users.users.${name}.uid, or isNormalUser for a person's account.";
      }) accounts;
  };
}
