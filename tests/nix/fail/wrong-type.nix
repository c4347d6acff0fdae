# SPDX-License-Identifier: MIT
# A number where a name is wanted: option, value, file and line.
{
  configuration = {
    networking.hostName = 5;
  };
}
