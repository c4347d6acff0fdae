# SPDX-License-Identifier: MIT
# A service of our own, one that a package ships changed, one masked.
{
  configuration.systemd.services = {
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
      serviceConfig = {
        DynamicUser = true;
        StateDirectory = "example";
        ExecReload = null;
        SystemCallFilter = [
          "@system-service"
          "~@mount"
        ];
      };
      environment = {
        WORD = "a \"b\" 100%";
        UNSET = null;
      };
      script = "exec example --serve";
      preStart = "prepare";
      postStart = "announce";
      preStop = "farewell";
      startAt = "daily";
    };
    shipped = {
      overrideStrategy = "asDropin";
      wantedBy = [ "multi-user.target" ];
      serviceConfig.ExecStart = [
        ""
        "/usr/bin/other"
      ];
    };
    replaced.serviceConfig.ExecStart = [
      ""
      "/usr/bin/other"
    ];
    masked.enable = false;
  };
  see =
    { spec, text, target, lines, ... }:
    let
      unit = text "/etc/systemd/system/example.service";
      line = key: lines "/etc/systemd/system/example.service" "${key}=.*";
    in
    {
      "systemd.services.<name>.description" = line "Description";
      "systemd.services.<name>.after" = line "After";
      "systemd.services.<name>.before" = line "Before";
      "systemd.services.<name>.wants" = line "Wants";
      "systemd.services.<name>.requires" = line "Requires";
      "systemd.services.<name>.bindsTo" = line "BindsTo";
      "systemd.services.<name>.partOf" = line "PartOf";
      "systemd.services.<name>.conflicts" = line "Conflicts";
      "systemd.services.<name>.unitConfig" = line "ConditionACPower";
      "systemd.services" = unit;
      "systemd.services.<name>.wantedBy" =
        target "/etc/systemd/system/multi-user.target.wants/example.service";
      "systemd.services.<name>.requiredBy" = target "/etc/systemd/system/a.service.requires/example.service";
      "systemd.services.<name>.upheldBy" = target "/etc/systemd/system/b.service.upholds/example.service";
      "systemd.services.<name>.enable" = target "/etc/systemd/system/masked.service";
      "systemd.services.<name>.overrideStrategy" = [
        (text "/etc/systemd/system/replaced.service.d/50-atomos.conf")
        (text "/etc/systemd/system/shipped.service.d/50-atomos.conf")
        (target "/etc/systemd/system/multi-user.target.wants/shipped.service")
      ];
      "systemd.services.<name>.serviceConfig" = [
        (line "SystemCallFilter")
        (builtins.filter (d: d.path == "/var/lib/private/example") spec.state.directories)
      ];
      "systemd.services.<name>.environment" = line "Environment";
      "systemd.services.<name>.script" = text "/usr/lib/atomos/units/example-script";
      "systemd.services.<name>.preStart" = text "/usr/lib/atomos/units/example-preStart";
      "systemd.services.<name>.postStart" = text "/usr/lib/atomos/units/example-postStart";
      "systemd.services.<name>.preStop" = text "/usr/lib/atomos/units/example-preStop";
      "systemd.services.<name>.startAt" = [
        (text "/etc/systemd/system/example.timer")
        (target "/etc/systemd/system/timers.target.wants/example.timer")
      ];
    };
}
