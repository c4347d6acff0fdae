# SPDX-License-Identifier: MIT
# The right name in the wrong place.
{
  configuration = {
    hostName = "atomos";
  };
}
