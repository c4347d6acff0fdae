# SPDX-License-Identifier: MIT
# What the state may make the next boot run. The root is made anew, so code lasts only in what is
# kept: nothing there is run from unless the configuration says so, and a directory that would keep a
# place from which systemd and others start programs is refused.
{ config, lib, ... }:
let
  inherit (lib) mkIf;
  has = name: builtins.elem name config.debian.packageNames;
  kept = map (d: d.path) config.atomos.state.directories;

  # From here programs are started that nobody has asked for.
  places = [
    "/etc/NetworkManager/conf.d"
    "/etc/NetworkManager/dispatcher.d"
    "/etc/apt"
    "/etc/confexts"
    "/etc/containers/systemd"
    "/etc/cron.d"
    "/etc/crontab"
    "/etc/dbus-1"
    "/etc/environment.d"
    "/etc/extensions"
    "/etc/ld.so.conf.d"
    "/etc/modprobe.d"
    "/etc/pam.d"
    "/etc/polkit-1"
    "/etc/portables"
    "/etc/profile.d"
    "/etc/security"
    "/etc/ssh"
    "/etc/sudoers.d"
    "/etc/sysctl.d"
    "/etc/systemd/system"
    "/etc/systemd/system.attached"
    "/etc/systemd/user"
    "/etc/tmpfiles.d"
    "/etc/udev/rules.d"
    "/etc/xdg/autostart"
    "/root/.ssh"
    "/usr/lib"
    "/usr/local/bin"
    "/var/lib/confexts"
    "/var/lib/extensions"
    "/var/lib/machines"
    "/var/lib/portables"
    "/var/lib/systemd/linger"
    "/var/spool/at"
    "/var/spool/cron"
  ];

  strip = path: builtins.head (builtins.match "(.*[^/])?/*" (toString path));
  text = path: if path == null then "" else path;
  above = directory: place: lib.hasPrefix "${text (strip directory)}/" place;
  unnamed = directory: builtins.filter (p: above directory p && !(builtins.elem p kept)) places;
  refused = builtins.filter (directory: unnamed directory != [ ]) kept;
in
{
  config = {
    assertions = map (directory: {
      assertion = false;
      message = "atomos.state.directories keeps ${directory}, and in it ${builtins.head (unnamed directory)}, where whoever was root once could leave code for every boot to come: name the directories in it that are needed instead.";
    }) refused;

    # Containers start by themselves only where a unit of the configuration starts them.
    systemd.units = mkIf (has "podman") {
      "podman-auto-update.service".enable = lib.mkDefault false;
      "podman-auto-update.timer".enable = lib.mkDefault false;
      "podman-restart.service".enable = lib.mkDefault false;
    };

    # It names the programs that cupsd runs and as whom: the root's own, not what /etc/cups keeps.
    build.files = mkIf (has "cups" || has "cups-daemon") {
      "/usr/lib/atomos/cups-files.conf".text = ''
        SystemGroup lpadmin
        ErrorLog syslog
        AccessLog syslog
      '';
    };
    systemd.services = mkIf (has "cups" || has "cups-daemon") {
      cups.serviceConfig.ExecStart = lib.mkDefault [
        ""
        "/usr/sbin/cupsd -l -s /usr/lib/atomos/cups-files.conf"
      ];
    };
  };
}
