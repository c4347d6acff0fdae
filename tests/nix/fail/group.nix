# SPDX-License-Identifier: MIT
# A value for a group of options.
{
  configuration = {
    services.openssh = true;
  };
}
