# SPDX-License-Identifier: MIT
# An argument that no module gets.
{
  configuration =
    { cfg, ... }:
    {
      networking.hostName = cfg.x;
    };
}
