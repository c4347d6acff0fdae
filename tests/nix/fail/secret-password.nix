# SPDX-License-Identifier: MIT
# A password in the clear would be readable in the store: there is no such option.
{
  configuration = {
    users.users.ada.password = "sesame";
  };
}
