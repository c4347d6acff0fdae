# SPDX-License-Identifier: MIT
# Users and groups, each field as the builder gets it.
{
  configuration = {
    users.users = {
      root.hashedPassword = "$y$root";
      ada = {
        isNormalUser = true;
        uid = 1010;
        group = "family";
        extraGroups = [ "sudo" ];
        description = "Ada Lovelace";
        home = "/srv/ada";
        createHome = false;
        shell = "/usr/bin/zsh";
        hashedPassword = "$y$ada";
        untilOwned = true;
        openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA ada@laptop" ];
      };
      daemon-one.uid = 700;
    };
    users.groups = {
      family.gid = 1500;
      audio.members = [ "ada" ];
    };
  };
  # The same user without any of it.
  without.users.users.ada.uid = 1000;
  see =
    { spec, text, ... }:
    let
      user = name: builtins.head (builtins.filter (u: u.name == name) spec.users ++ [ { } ]);
      group = name: builtins.head (builtins.filter (g: g.name == name) spec.groups ++ [ { } ]);
      ada = user "ada";
    in
    {
      "users.users" = {
        names = map (u: u.name) spec.users;
        inherit (spec) rootPassword;
      };
      "users.users.<name>.uid" = [
        ada.uid
        (user "daemon-one").gid or null
      ];
      "users.users.<name>.group" = [
        ada.group
        ada.gid
      ];
      "users.users.<name>.extraGroups" = ada.extraGroups;
      "users.users.<name>.description" = ada.description;
      "users.users.<name>.home" = ada.home;
      "users.users.<name>.createHome" = [
        ada.createHome
        (user "daemon-one").createHome or null
      ];
      "users.users.<name>.shell" = ada.shell;
      "users.users.<name>.hashedPassword" = ada.hashedPassword;
      "users.users.<name>.openssh.authorizedKeys.keys" = [
        ada.sshKeys
        (text "/etc/ssh/authorized_keys.d/ada")
      ];
      "users.users.<name>.untilOwned" = [
        (text "/etc/systemd/system/atomos-medium-accounts.service")
        (text "/usr/lib/atomos/units/atomos-medium-accounts-script")
      ];
      "users.users.<name>.isNormalUser" = ada.shell;
      "users.groups" = spec.groups;
      "users.groups.<name>.gid" = (group "family").gid or null;
      "users.groups.<name>.members" = (group "audio").members or null;
    };
}
