# SPDX-License-Identifier: MIT
# Says what is written to the root in RAM and will be gone: after apt, and at log-in.
{ ... }:
let
  script = source: {
    mode = "0755";
    user = "root";
    group = "root";
    text = builtins.readFile source;
  };
in
{
  config = {
    build.files."/usr/lib/atomos/notice-apt" = script ./notice-apt.sh;
    build.files."/usr/lib/atomos/notice-login" = script ./notice-login.sh;

    environment.etc = {
      "apt/apt.conf.d/90atomos".text = ''
        DPkg::Post-Invoke { "/usr/lib/atomos/notice-apt"; };
      '';
      "update-motd.d/50-atomos".target = "/usr/lib/atomos/notice-login";
    };

    # What changed before this moment, the boot itself changed.
    systemd.services.atomos-notice = {
      description = "Moment from which changes of the root are told at log-in";
      wantedBy = [ "multi-user.target" ];
      before = [
        "getty.target"
        "ssh.service"
        "systemd-user-sessions.service"
      ];
      after = [ "atomos-medium-accounts.service" ];
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
      };
      script = ''
        mkdir -p /run/atomos
        touch /run/atomos/started'';
    };
  };
}
