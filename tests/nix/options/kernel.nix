# SPDX-License-Identifier: MIT
# Kernel settings at run time, and swap on disk.
{
  configuration = {
    boot.kernel.sysctl = {
      "net.ipv4.ip_forward" = true;
      "vm.swappiness" = 150;
      "kernel.sysrq" = null;
    };
    swapDevices = [
      {
        device = "/dev/disk/by-partlabel/swap";
        priority = 5;
      }
    ];
  };
  see =
    { lines, target, text, ... }:
    {
      "boot.kernel.sysctl" = text "/etc/sysctl.d/60-atomos.conf";
      "swapDevices" = target "/etc/systemd/system/swap.target.wants/dev-mapper-swap0.swap";
      "swapDevices.*.device" = text "/etc/crypttab";
      "swapDevices.*.priority" = lines "/etc/systemd/system/dev-mapper-swap0.swap" "Priority=.*";
    };
}
