# SPDX-License-Identifier: MIT
# What differs from a plain Debian because the root is made anew, in RAM, at each boot.
{ config, lib, ... }:
let
  # Timers that maintain what does not last, or change what is fixed.
  maskedUnits = [
    "apt-daily.service"
    "apt-daily.timer"
    "apt-daily-upgrade.service"
    "apt-daily-upgrade.timer"
    "dpkg-db-backup.service"
    "dpkg-db-backup.timer"
    "e2scrub_all.service"
    "e2scrub_all.timer"
    "e2scrub_reap.service"
    "fstrim.service"
    "fstrim.timer"
  ];
  empty = {
    text = "";
  };
in
{
  config = {
    systemd.units = builtins.listToAttrs (
      map (name: lib.nameValuePair name { enable = lib.mkDefault false; }) maskedUnits
    );

    environment.etc = {
      # Nothing is mounted by name: the root is there, the rest has units.
      fstab = lib.mkDefault empty;
      # Filled at boot from the state, before systemd starts.
      machine-id = {
        text = "";
        mode = "0444";
      };
      # systemd would rebuild its caches at each boot, which are part of the root.
      ".updated" = empty;
      "os-release".text = config.build.osRelease;
      issue.text = "${config.build.prettyName} \\n \\l\n\n";
    };
    build.files."/var/.updated" = {
      text = "";
      mode = "0644";
      user = "root";
      group = "root";
    };
  };
}
