# SPDX-License-Identifier: MIT
# No disk is overwritten that isn't named, and none again and again.
{
  configuration = {
    atomos.install.unattended = {
      enable = true;
      disk.overwrite = true;
      restart = true;
    };
  };
}
