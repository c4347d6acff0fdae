# SPDX-License-Identifier: MIT
# No number is no disk's name.
{
  configuration = {
    atomos.install.unattended = {
      enable = true;
      disk.serial = "";
    };
  };
}
