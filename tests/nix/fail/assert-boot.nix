# SPDX-License-Identifier: MIT
# A boot image that nobody could type a password into, and a service with two commands.
{
  configuration = {
    atomos.boot.keymaps = [ "hu" ];
    atomos.boot.consoles = [ ];
    systemd.services.two = {
      script = "true";
      serviceConfig.ExecStart = "/usr/bin/true";
    };
  };
}
