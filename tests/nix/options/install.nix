# SPDX-License-Identifier: MIT
# The medium's menu, the work of a password, the partition of homes.
{
  configuration.atomos.install = {
    menu.enable = true;
    plain = true;
    passwordWork.milliseconds = 0;
    passwordWork.megabytes = 64;
    home.minimum = "1G";
    home.maximum = "20G";
    unattended.enable = true;
    unattended.disk.serial = "S1";
    unattended.disk.path = "/dev/disk/by-id/x";
    unattended.disk.overwrite = true;
    unattended.answers = {
      language = "de_DE.UTF-8";
      keymap = "de-latin1";
      zone = "Europe/Berlin";
      realName = "Anna Beispiel";
      name = "anna";
      administrator = true;
    };
  };
  see =
    { text, lines, ... }:
    let
      welcome = builtins.fromJSON (text "/usr/lib/atomos/welcome.json");
      home = lines "/usr/lib/repart.d/50-atomos-home.conf";
    in
    {
      "atomos.install.menu.enable" = [
        welcome.menu
        # No log-in in a window either before the questions are answered.
        (lines "/etc/systemd/system/atomos-welcome-tty1.service" "Before=.*")
      ];
      "atomos.install.plain" = [
        (lines "/etc/systemd/system/atomos-welcome-tty1.service" "ExecStart=.*")
        (lines "/etc/systemd/system/atomos-welcome-tty1.service" "TTYPath=.*")
      ];
      "atomos.install.passwordWork.milliseconds" = [
        welcome.slotMilliseconds
        welcome.cheapHomes
      ];
      "atomos.install.passwordWork.megabytes" = welcome.slotMegabytes;
      "atomos.install.home.minimum" = home "SizeMin.*" ++ [
        (builtins.fromJSON (text "/usr/lib/atomos/medium.json")).homeMinimum
      ];
      "atomos.install.unattended.enable" = welcome.unattended != null;
      "atomos.install.unattended.disk.serial" = welcome.unattended.serial or null;
      "atomos.install.unattended.disk.path" = welcome.unattended.path or null;
      "atomos.install.unattended.disk.overwrite" = welcome.unattended.overwrite or null;
      "atomos.install.unattended.answers.language" = welcome.unattended.answers.language or null;
      "atomos.install.unattended.answers.keymap" = welcome.unattended.answers.keymap or null;
      "atomos.install.unattended.answers.zone" = welcome.unattended.answers.zone or null;
      "atomos.install.unattended.answers.realName" = welcome.unattended.answers.realName or null;
      "atomos.install.unattended.answers.name" = welcome.unattended.answers.name or null;
      "atomos.install.unattended.answers.administrator" =
        welcome.unattended.answers.administrator or null;
      "atomos.install.home.maximum" = home "SizeMax.*";
    };
}
