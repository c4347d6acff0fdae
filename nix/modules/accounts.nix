# SPDX-License-Identifier: MIT
# People's accounts with homes that systemd-homed keeps: what other programs must know of them, and one
# password for home and disk.
{ config, lib, ... }:
let
  cfg = config.services.homed;
  script = source: {
    mode = "0755";
    user = "root";
    group = "root";
    text = builtins.readFile source;
  };

  # For shells that read what sh reads.
  word = ''
    # A password that some program has changed in the account or on the disk only: see atomos-passwd(1).
    [ ! -e "/run/atomos/passwords/''${USER:-}" ] || [ -z "''${USER:-}" ] || [ ! -t 0 ] || /usr/lib/atomos/mend-password
  '';

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
      # Nothing but what opens the disk is believed there, so no further password is asked for.
      "sudoers.d/atomos" = {
        text = "%sudo ALL=(root) NOPASSWD: /usr/bin/atomos passwd --mend\n";
        mode = "0440";
      };
      # Passwords reach homed over the bus, whose daemon frees messages without wiping them: what it frees the
      # C library overwrites (what its caches for small pieces keep it doesn't, so there are none). What it doesn't
      # free is atomos-forget's.
      "systemd/system/dbus.service.d/50-atomos.conf".text = ''
        [Service]
        Environment=GLIBC_TUNABLES=glibc.malloc.perturb=170:glibc.malloc.tcache_count=0
      '';
      "profile.d/atomos-password.sh".text = word;
      # Debian's zsh reads no profile.d. Where there is no zsh, apt would find a file that isn't its own.
      "zsh/zprofile" = lib.mkIf (builtins.elem "zsh" config.environment.systemPackages) { text = word; };
      # Who opens the disk has changed, by whatever tool: udev tells when somebody has written there.
      "udev/rules.d/90-atomos-passwords.rules".text = ''
        ACTION=="change", SUBSYSTEM=="block", ENV{ID_PART_ENTRY_TYPE}=="2c1f8a5e-6d0b-4e0b-9b0e-61746f6d726f", RUN+="/usr/bin/systemctl start --no-block atomos-passwords.service"
      '';
    };
    # Nor does fish.
    build.files."/usr/share/fish/vendor_conf.d/atomos-password.fish" = {
      mode = "0644";
      user = "root";
      group = "root";
      text = ''
        # A password that some program has changed in the account or on the disk only: see atomos-passwd(1).
        if status is-login; and test -n "$USER"; and test -e "/run/atomos/passwords/$USER"; and test -t 0
            /usr/lib/atomos/mend-password
        end
      '';
    };
    build.files."/usr/lib/atomos/mend-password" = script ./mend-password.sh;
    build.files."/usr/lib/atomos/mend-password-window" = script ./mend-password-window.sh;
    environment.etc."xdg/autostart/atomos-password.desktop".text = ''
      [Desktop Entry]
      Type=Application
      Name=Password of the disk
      Comment=Asks when the account has another password than the disk
      Exec=/usr/lib/atomos/mend-password-window
      NoDisplay=true
    '';

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
      script = ''
        sed -i -E 's/^(group:[[:space:]]+files) systemd$/\1 [SUCCESS=merge] systemd/' /etc/nsswitch.conf
        grep -q '^group:.*SUCCESS=merge' /etc/nsswitch.conf || {
          echo "The line of groups in /etc/nsswitch.conf isn't Debian's: members that homed knows are missing in it." >&2
          exit 1
        }
      '';
    };

    # homed writes a record whenever it was told a password.
    systemd.services.atomos-forget = {
      description = "Passwords that have passed the system bus are forgotten";
      serviceConfig = {
        Type = "oneshot";
        # A log-in is more than one message, and what comes meanwhile starts nothing.
        ExecStartPre = "/usr/bin/sleep 5";
        ExecStart = "/usr/bin/atomos passwd --forget";
      };
    };
    systemd.units."atomos-forget.path" = {
      text = ''
        [Unit]
        Description=Passwords that homed is told

        [Path]
        PathChanged=/var/lib/systemd/home
      '';
      wantedBy = [ "multi-user.target" ];
    };

    # A password that was being changed when the power failed: see src/owner/home-header.h.
    systemd.services.atomos-homes = {
      description = "Homes that a power failure has left without a key";
      wantedBy = [ "systemd-homed.service" ];
      before = [ "systemd-homed.service" ];
      unitConfig.ConditionDirectoryNotEmpty = "/var/lib/atomos/homes";
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "/usr/bin/atomos passwd --restore";
      };
    };

    systemd.services.atomos-passwords = {
      description = "Accounts whose password isn't the disk's";
      wantedBy = [ "multi-user.target" ];
      after = [ "systemd-homed.service" ];
      unitConfig = {
        # Only an owner's disk has slots with names, and the first start is about to give them.
        ConditionPathExists = "/run/atomos/owned";
        # One change of a slot writes several times.
        StartLimitIntervalSec = 0;
      };
      serviceConfig = {
        Type = "oneshot";
        ExecStart = "/usr/bin/atomos passwd --check";
      };
    };
    systemd.units."atomos-passwords.path" = {
      text = ''
        [Unit]
        Description=Changes of accounts and of the disk's slots

        [Path]
        PathChanged=/var/lib/systemd/home
        PathChanged=/var/lib/atomos/slots
      '';
      wantedBy = [ "multi-user.target" ];
    };
  };
}
