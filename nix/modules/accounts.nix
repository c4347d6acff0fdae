# SPDX-License-Identifier: MIT
# People's accounts with homes that systemd-homed keeps: what other programs must know of them.
{ config, lib, ... }:
let
  cfg = config.services.homed;

  ### Subordinate numbers (subuid(5))

  count = 65536;
  # systemd leaves this range alone; homed gives people the numbers from 60001 on.
  homedFirst = 60001;
  homedUsers = 513;
  homedBase = 1879048192;
  homedLine = i: "${toString (homedFirst + i)}:${toString (homedBase + i * count)}:${toString count}";
  homedLines = builtins.genList homedLine homedUsers;

  # As the builder gives them: 65536 for each person, from 100000 on.
  numbered = builtins.filter (u: u.uid != null && u.uid >= 1000 && base u + count <= homedBase) config.build.users;
  base = u: 100000 + (u.uid - 1000) * count;
  line = u: "${u.name}:${toString (base u)}:${toString count}";
  subordinates = lib.concatLines (map line numbered ++ homedLines);
in
{
  config = lib.mkIf cfg.enable {
    # By number: which names there are, only the state knows.
    environment.etc = {
      subuid.text = subordinates;
      subgid.text = subordinates;
    };

    # Members of a group that homed's records name are none of /etc/group: asked for its members
    # (polkit does that), it would leave them out. An edit, since packages write that file too.
    systemd.services.atomos-groups = {
      description = "Groups with their members from everywhere";
      wantedBy = [ "sysinit.target" ];
      before = [ "sysinit.target" ];
      unitConfig.DefaultDependencies = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
      script = "sed -i -E 's/^(group:[[:space:]]+files) systemd$/\\1 [SUCCESS=merge] systemd/' /etc/nsswitch.conf";
    };
  };
}
