# SPDX-License-Identifier: MIT
# A setting beside config.
{
  configuration = {
    config.networking.hostName = "a";
    time.timeZone = "UTC";
  };
}
