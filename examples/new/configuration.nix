# The description of your AtomOS system. The words are NixOS's, the software is Debian's.
# Every option is in atomos-configuration.nix(5). After a change:
#
#   atomos keys new                 once: the keys that you sign with; keep them safe
#   atomos lock                     fixes the version of every package in atomos.lock
#   atomos image -o my-system.img   builds and signs the whole medium
#   atomos run my-system.img        boots it in a virtual machine
{ config, lib, ... }:
{
  # More files, so that this one stays short.
  imports = [
    # ./desktop.nix
  ];

  # Your distribution's name, and a number that rises with each image that you publish.
  atomos.product = "my-system";
  atomos.release = 1;

  networking.hostName = "my-system";

  # time.timeZone = "Europe/Berlin";
  # i18n.defaultLocale = "de_DE.UTF-8";
  # console.keyMap = "de-latin1-nodeadkeys";

  # Debian packages: a name, name=version, or the path of a .deb.
  environment.systemPackages = [
    "nano"
    # "htop"
    # "nginx=1.26.3-3+deb13u1"
    # ./my-tool_1.0_amd64.deb
  ];

  # Firmware that isn't free, for most laptops:
  # debian.components = [ "main" "non-free-firmware" ];

  # Without a password or a key nobody can log in. `mkpasswd` (package whois) makes the hash; the
  # one here is that of "change me".
  users.users.me = {
    isNormalUser = true;
    extraGroups = [ "sudo" ];
    hashedPassword = "$y$j9T$awl68dFEOORiCxRFK32SO.$SUSoUvggQR9t.4pko7rJA14jpFXX5qd4/Ew7GUfEYRA";
    # openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA… me@laptop" ];
    # For a medium that others install: on their machines they have an account of their own.
    # untilOwned = true;
  };

  # Wired network by DHCP; for wireless networks use NetworkManager instead.
  networking.useNetworkd = true;
  # networking.networkmanager.enable = true;

  services.openssh.enable = true;
  services.openssh.settings.PasswordAuthentication = false;

  # The medium asks whether to try it or to install it.
  # atomos.install.menu.enable = true;

  # Everything else that comes in is dropped.
  # networking.firewall.allowedTCPPorts = [ 80 443 ];

  # A service of your own.
  # systemd.services.hello = {
  #   description = "Says hello";
  #   wantedBy = [ "multi-user.target" ];
  #   script = ''
  #     echo "Hello from ${config.networking.hostName}"
  #   '';
  # };

  # Files of /etc.
  # environment.etc."motd".text = "Welcome.\n";

  # The root lives in RAM. What a service writes and you want to keep:
  # atomos.state.directories = [ "/var/lib/my-service" ];
}
