# SPDX-License-Identifier: MIT
# An empty disk, no answers, and on to the new system.
{
  configuration.atomos.install.unattended = {
    enable = true;
    restart = true;
  };
  see =
    { text, ... }:
    {
      "atomos.install.unattended.restart" = (builtins.fromJSON (text "/usr/lib/atomos/welcome.json")).unattended;
    };
}
