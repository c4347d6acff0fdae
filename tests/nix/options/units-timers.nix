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
    { spec, text, target, lines, ... }:
    let
      unit = text "/etc/systemd/system/example.timer";
      line = key: lines "/etc/systemd/system/example.timer" "${key}=.*";
    in
    {
      "systemd.timers.<name>.description" = line "Description";
      "systemd.timers.<name>.after" = line "After";
      "systemd.timers.<name>.before" = line "Before";
      "systemd.timers.<name>.wants" = line "Wants";
      "systemd.timers.<name>.requires" = line "Requires";
      "systemd.timers.<name>.bindsTo" = line "BindsTo";
      "systemd.timers.<name>.partOf" = line "PartOf";
      "systemd.timers.<name>.conflicts" = line "Conflicts";
      "systemd.timers.<name>.unitConfig" = line "ConditionACPower";
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
      "systemd.timers.<name>.timerConfig" = line "(OnCalendar|Persistent)";
    };
}
