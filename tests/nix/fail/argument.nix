# SPDX-License-Identifier: MIT
# An argument that no module gets.
{
  configuration =
    { confg, ... }:
    {
      networking.hostName = confg.x;
    };
}
