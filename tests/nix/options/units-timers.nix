# SPDX-License-Identifier: MIT
# A timer of our own, one that a package ships changed, one masked.
{
  configuration.systemd.timers = {
    example = {
      description = "An example";
      wantedBy = [ "multi-user.target" ];
      requiredBy = [ "a.service" ];
      upheldBy = [ "b.service" ];
      after = [ "c.service" ];
      before = [ "d.service" ];
      wants = [ "e.service" ];
      requires = [ "f.service" ];
      bindsTo = [ "g.service" ];
      partOf = [ "h.service" ];
      conflicts = [ "i.service" ];
      unitConfig.ConditionACPower = true;
      timerConfig = {
        OnCalendar = "weekly";
        Persistent = true;
      };
    };
    shipped = {
      overrideStrategy = "asDropin";
      wantedBy = [ "multi-user.target" ];
      timerConfig.RandomizedDelaySec = "1h";
    };
    masked.enable = false;
  };
  see =
    { spec, text, target, ... }:
    let
      unit = text "/etc/systemd/system/example.timer";
    in
    {
      "systemd.timers.<name>.description" = unit;
      "systemd.timers.<name>.after" = unit;
      "systemd.timers.<name>.before" = unit;
      "systemd.timers.<name>.wants" = unit;
      "systemd.timers.<name>.requires" = unit;
      "systemd.timers.<name>.bindsTo" = unit;
      "systemd.timers.<name>.partOf" = unit;
      "systemd.timers.<name>.conflicts" = unit;
      "systemd.timers.<name>.unitConfig" = unit;
      "systemd.timers" = unit;
      "systemd.timers.<name>.wantedBy" =
        target "/etc/systemd/system/multi-user.target.wants/example.timer";
      "systemd.timers.<name>.requiredBy" = target "/etc/systemd/system/a.service.requires/example.timer";
      "systemd.timers.<name>.upheldBy" = target "/etc/systemd/system/b.service.upholds/example.timer";
      "systemd.timers.<name>.enable" = target "/etc/systemd/system/masked.timer";
      "systemd.timers.<name>.overrideStrategy" = [
        (text "/etc/systemd/system/shipped.timer.d/50-atomos.conf")
        (target "/etc/systemd/system/multi-user.target.wants/shipped.timer")
      ];
      "systemd.timers.<name>.timerConfig" = unit;
    };
}
