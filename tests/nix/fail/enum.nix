# SPDX-License-Identifier: MIT
# A value that isn't one of those allowed, under a condition.
{
  configuration =
    { config, lib, ... }:
    {
      services.openssh.enable = true;
      services.journald.storage = lib.mkIf config.services.openssh.enable "disk";
    };
}
