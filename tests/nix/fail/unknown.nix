# SPDX-License-Identifier: MIT
# A misspelt option gets the nearest name.
{
  configuration = {
    networking.hostNam = "atomos";
  };
}
