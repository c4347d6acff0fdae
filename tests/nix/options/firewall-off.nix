# SPDX-License-Identifier: MIT
# No firewall: no rules, no service, no package.
{
  configuration.networking.firewall.enable = false;
  see =
    { decisions, spec, target, ... }:
    {
      "networking.firewall.enable" = [
        (builtins.elem "nftables" decisions.packages.base)
        (spec.files ? "/etc/nftables.conf")
        (target "/etc/systemd/system/sysinit.target.wants/nftables.service")
      ];
    };
}
