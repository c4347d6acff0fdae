# SPDX-License-Identifier: MIT
# A wrong type inside of a submodule.
{
  configuration = {
    users.users.ada = {
      isNormalUser = "yes";
    };
  };
}
