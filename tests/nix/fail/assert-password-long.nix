# SPDX-License-Identifier: MIT
# A generic password longer than what a boot takes.
{
  configuration = {
    atomos.boot.genericPassword = builtins.concatStringsSep "" (builtins.genList (_: "x") 4097);
  };
}
