# SPDX-License-Identifier: MIT
# Units as text, and tmpfiles.
{
  configuration.systemd = {
    units."data.mount" = {
      text = ''
        [Mount]
        What=/dev/sdx1
        Where=/data
      '';
      wantedBy = [ "local-fs.target" ];
      requiredBy = [ "a.service" ];
      upheldBy = [ "b.service" ];
    };
    units."getty@tty3.service".wantedBy = [ "getty.target" ];
    units."cron.service".enable = false;
    tmpfiles.rules = [ "d /srv/data 0755 root root -" ];
  };
  see =
    { text, target, ... }:
    {
      "systemd.units" = text "/etc/systemd/system/data.mount";
      "systemd.units.<name>.text" = text "/etc/systemd/system/data.mount";
      "systemd.units.<name>.wantedBy" = [
        (target "/etc/systemd/system/local-fs.target.wants/data.mount")
        (target "/etc/systemd/system/getty.target.wants/getty@tty3.service")
      ];
      "systemd.units.<name>.requiredBy" = target "/etc/systemd/system/a.service.requires/data.mount";
      "systemd.units.<name>.upheldBy" = target "/etc/systemd/system/b.service.upholds/data.mount";
      "systemd.units.<name>.enable" = target "/etc/systemd/system/cron.service";
      "systemd.tmpfiles.rules" = text "/etc/tmpfiles.d/atomos.conf";
    };
}
