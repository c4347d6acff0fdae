# SPDX-License-Identifier: MIT
# Two forced values conflict too, and the plain one is not named.
{
  configuration =
    { lib, ... }:
    {
      imports = [
        { time.timeZone = lib.mkForce "UTC"; }
        { time.timeZone = lib.mkForce "Europe/Berlin"; }
        { time.timeZone = "Asia/Tokyo"; }
      ];
    };
}
