# SPDX-License-Identifier: MIT
# The same inside of a submodule.
{
  configuration = {
    users.users.ada.hashedPasword = "x";
  };
}
