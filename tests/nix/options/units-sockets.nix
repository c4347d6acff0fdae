# SPDX-License-Identifier: MIT
# A socket of our own, one that a package ships changed, one masked.
{
  configuration.systemd.sockets = {
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
      listenStreams = [
        "0.0.0.0:993"
        "[::]:993"
      ];
      socketConfig.Accept = true;
    };
    shipped = {
      overrideStrategy = "asDropin";
      wantedBy = [ "multi-user.target" ];
      socketConfig.Backlog = 9;
    };
    masked.enable = false;
  };
  see =
    { spec, text, target, lines, ... }:
    let
      unit = text "/etc/systemd/system/example.socket";
      line = key: lines "/etc/systemd/system/example.socket" "${key}=.*";
    in
    {
      "systemd.sockets.<name>.description" = line "Description";
      "systemd.sockets.<name>.after" = line "After";
      "systemd.sockets.<name>.before" = line "Before";
      "systemd.sockets.<name>.wants" = line "Wants";
      "systemd.sockets.<name>.requires" = line "Requires";
      "systemd.sockets.<name>.bindsTo" = line "BindsTo";
      "systemd.sockets.<name>.partOf" = line "PartOf";
      "systemd.sockets.<name>.conflicts" = line "Conflicts";
      "systemd.sockets.<name>.unitConfig" = line "ConditionACPower";
      "systemd.sockets" = unit;
      "systemd.sockets.<name>.wantedBy" =
        target "/etc/systemd/system/multi-user.target.wants/example.socket";
      "systemd.sockets.<name>.requiredBy" = target "/etc/systemd/system/a.service.requires/example.socket";
      "systemd.sockets.<name>.upheldBy" = target "/etc/systemd/system/b.service.upholds/example.socket";
      "systemd.sockets.<name>.enable" = target "/etc/systemd/system/masked.socket";
      "systemd.sockets.<name>.overrideStrategy" = [
        (text "/etc/systemd/system/shipped.socket.d/50-atomos.conf")
        (target "/etc/systemd/system/multi-user.target.wants/shipped.socket")
      ];
      "systemd.sockets.<name>.listenStreams" = line "ListenStream";
      "systemd.sockets.<name>.socketConfig" = line "Accept";
    };
}
