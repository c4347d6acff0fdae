# SPDX-License-Identifier: MIT
# The server's port is open unless it shall not be.
{
  configuration.services.openssh = {
    enable = true;
    openFirewall = false;
  };
  without.services.openssh.enable = true;
  see =
    { config, ... }:
    {
      "services.openssh.openFirewall" = config.networking.firewall.allowedTCPPorts;
    };
}
