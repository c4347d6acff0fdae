# SPDX-License-Identifier: MIT
# A generic password which no boot tries.
{
  configuration = {
    atomos.boot.genericPassword = "";
  };
}
