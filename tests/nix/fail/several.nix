# SPDX-License-Identifier: MIT
# Everything that is wrong is told at once, also what depends on something wrong.
{
  configuration =
    { config, ... }:
    {
      networking.hostName = [ "a" ];
      environment.etc."motd".text = "Welcome to ${config.networking.hostName}\n";
      boot.kernelParams = "quiet";
      service.openssh.enable = true;
    };
}
