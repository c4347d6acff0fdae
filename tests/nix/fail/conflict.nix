# SPDX-License-Identifier: MIT
# Two values of the same priority.
{
  configuration = {
    imports = [
      { networking.hostName = "one"; }
      { networking.hostName = "two"; }
    ];
  };
}
