# SPDX-License-Identifier: MIT
# An option without a value that something needs.
{
  configuration =
    { config, lib, ... }:
    {
      options.acme.site = lib.mkOption {
        type = lib.types.str;
        description = "Where the machine stands.";
      };
      config.networking.hostName = "pc-${config.acme.site}";
    };
}
