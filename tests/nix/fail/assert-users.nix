# SPDX-License-Identifier: MIT
# Users without numbers, with the same number, and with impossible names.
{
  configuration = {
    users.users = {
      ada.isNormalUser = true;
      bob.isNormalUser = true;
      cy.uid = 700;
      dan.uid = 700;
      "Eve Smith".uid = 701;
      fay = { };
    };
  };
}
