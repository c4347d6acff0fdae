# SPDX-License-Identifier: MIT
# Neither a package's name nor a file.
{
  configuration = {
    environment.systemPackages = [ "Htop!" ];
  };
}
