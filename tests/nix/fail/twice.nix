# SPDX-License-Identifier: MIT
# An option that exists is declared again.
{
  configuration =
    { lib, ... }:
    {
      options.networking.hostName = lib.mkOption { type = lib.types.str; };
    };
}
