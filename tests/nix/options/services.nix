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
    { decisions, spec, text, ... }:
    {
      "services.homed.enable" = [
        (builtins.elem "systemd-homed" decisions.packages.base)
        (builtins.any (d: d.path == "/var/lib/systemd/home") spec.state.directories)
      ];
      "services.journald.storage" = text "/etc/systemd/journald.conf.d/50-atomos.conf";
      "services.journald.maxUse" = text "/etc/systemd/journald.conf.d/50-atomos.conf";
      "nix.settings" = text "/etc/nix/nix.conf";
    };
}
