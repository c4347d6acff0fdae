# SPDX-License-Identifier: MIT
# What homes kept by systemd-homed bring along, and that nobody's subordinate numbers overlap.
let
  evaluate = configuration: (import ../../../nix { inherit configuration; }).config.build.spec;
  spec = evaluate {
    users.users.ada = {
      isNormalUser = true;
      uid = 1001;
    };
    users.users.robot = {
      group = "users";
      uid = 900;
    };
  };
  files = spec.files;
  lines = builtins.filter (l: builtins.isString l && l != "") (builtins.split "\n" files."/etc/subuid".text);
  fields = line: builtins.filter builtins.isString (builtins.split ":" line);
  first = line: builtins.fromJSON (builtins.elemAt (fields line) 1);
  starts = builtins.sort builtins.lessThan (map first lines);
  at = builtins.elemAt lines;
in
{
  count = builtins.length lines;
  some = [
    (at 0)
    (at 1)
    (at (builtins.length lines - 1))
  ];
  same = files."/etc/subgid".text == files."/etc/subuid".text;
  overlap = builtins.filter (i: builtins.elemAt starts (i + 1) - builtins.elemAt starts i < 65536) (
    builtins.genList (i: i) (builtins.length starts - 1)
  );
  sudo = files."/etc/sudoers.d/atomos";
  bus = files."/etc/systemd/system/dbus.service.d/50-atomos.conf".text;
  log-in = {
    bash = files."/etc/profile.d/atomos-password.sh".text;
    fish = files."/usr/share/fish/vendor_conf.d/atomos-password.fish".text;
    zsh = (evaluate { environment.systemPackages = [ "zsh" ]; }).files."/etc/zsh/zprofile".text;
    without-zsh = files ? "/etc/zsh/zprofile";
  };
  written = files."/etc/udev/rules.d/90-atomos-passwords.rules".text;
  without = builtins.filter (path: (evaluate { services.homed.enable = false; environment.systemPackages = [ "zsh" ]; }).files ? ${path}) [
    "/etc/subuid"
    "/etc/profile.d/atomos-password.sh"
    "/usr/share/fish/vendor_conf.d/atomos-password.fish"
    "/etc/zsh/zprofile"
    "/etc/udev/rules.d/90-atomos-passwords.rules"
    "/etc/sudoers.d/atomos"
    "/etc/systemd/system/dbus.service.d/50-atomos.conf"
    "/etc/systemd/system/atomos-forget.path"
    "/etc/systemd/system/atomos-forget.service"
    "/etc/systemd/system/atomos-groups.service"
    "/etc/systemd/system/atomos-passwords.service"
    "/etc/xdg/autostart/atomos-password.desktop"
  ];
}
