# SPDX-License-Identifier: MIT
# Two managers of the network, and a repository with a taken name.
{
  configuration = {
    networking.useNetworkd = true;
    networking.networkmanager.enable = true;
    debian.extraRepositories.main = {
      uri = "https://packages.example.org/debian";
      key = "/srv/key.gpg";
    };
  };
}
