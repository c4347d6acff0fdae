# SPDX-License-Identifier: MIT
# Homes, the journal, Nix.
{
  configuration = {
    services.homed.enable = false;
    services.journald.storage = "volatile";
    services.journald.maxUse = "1G";
    nix.settings = {
      max-jobs = 4;
      sandbox = "relaxed";
      experimental-features = [ "ca-derivations" ];
    };
  };
  see =
    { decisions, spec, lines, ... }:
    {
      "services.homed.enable" = [
        (builtins.elem "systemd-homed" decisions.packages.base)
        (builtins.any (d: d.path == "/var/lib/systemd/home") spec.state.directories)
        (lines "/etc/systemd/homed.conf.d/50-atomos.conf" ".+")
      ];
      "services.journald.storage" = lines "/etc/systemd/journald.conf.d/50-atomos.conf" "Storage=.*";
      "services.journald.maxUse" = lines "/etc/systemd/journald.conf.d/50-atomos.conf" ".*MaxUse=.*";
      "nix.settings" = lines "/etc/nix/nix.conf" "(max-jobs|sandbox|experimental-features) .*";
    };
}
