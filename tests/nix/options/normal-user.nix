# SPDX-License-Identifier: MIT
# What isNormalUser alone gives.
{
  configuration.users.users.ada.isNormalUser = true;
  without.users.users.ada.uid = 700;
  see =
    { spec, ... }:
    {
      "users.users.<name>.isNormalUser" = {
        inherit (spec) users groups;
      };
    };
}
