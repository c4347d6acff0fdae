# SPDX-License-Identifier: MIT
# One item of a list is wrong.
{
  configuration = {
    networking.firewall.allowedTCPPorts = [
      22
      "http"
    ];
  };
}
