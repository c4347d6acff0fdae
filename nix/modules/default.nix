# SPDX-License-Identifier: MIT
# Every module of AtomOS.
{
  imports = [
    ./accounts.nix
    ./assertions.nix
    ./atomos.nix
    ./boot.nix
    ./build.nix
    ./debian.nix
    ./defaults.nix
    ./etc.nix
    ./firewall.nix
    ./install.nix
    ./kept-code.nix
    ./locale.nix
    ./network.nix
    ./notices.nix
    ./openssh.nix
    ./programs.nix
    ./services.nix
    ./systemd.nix
    ./users.nix
  ];
}
