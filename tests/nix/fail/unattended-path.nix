# SPDX-License-Identifier: MIT
# A name that may be another disk's tomorrow is none to overwrite.
{
  configuration = {
    atomos.install.unattended = {
      enable = true;
      disk.path = "/dev/sda";
      disk.overwrite = true;
    };
  };
}
