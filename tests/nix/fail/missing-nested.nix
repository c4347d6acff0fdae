# SPDX-License-Identifier: MIT
# The same inside of a list of submodules.
{
  configuration = {
    debian.extraRepositories.acme.uri = "https://packages.example.org/debian";
  };
}
