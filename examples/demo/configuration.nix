# SPDX-License-Identifier: MIT
# The system that `make demo` builds and boots: small, with a user, SSH and encrypted homes.
{ ... }:
{
  atomos.product = "atomos-demo";
  networking.hostName = "atomos";

  # Its password is atom. The hash was made with `mkpasswd -m yescrypt`.
  users.users.atom = {
    isNormalUser = true;
    uid = 1000;
    description = "Demo user";
    extraGroups = [ "sudo" ];
    # An installed disk asks for its owner's account instead, and has no other.
    untilOwned = true;
    hashedPassword = "$y$j9T$k2XAnEHBqQ1Ct2aMXFKNa/$oA1DbVWNyYTal97DQsAxvW3lFQ/.j7ppKocPbNW8hU2";
  };

  # Above every log-in prompt of a medium, below the system's name.
  environment.etc."issue.d/medium.issue".text = "Log in as atom with the password atom.\n\n";

  # Wired network by DHCP, names by systemd-resolved, the clock from the network.
  networking.useNetworkd = true;
  services.resolved.enable = true;
  services.timesyncd.enable = true;

  # Homes that are encrypted with their user's password: `homectl create NAME --storage=luks`.
  services.homed.enable = true;

  services.openssh.enable = true;

  # `make demo` shows the serial console, so the messages of the boot go there; the screen
  # (`./atomos run --graphic`) has a log-in too.
  atomos.boot.consoles = [
    "tty0"
    "ttyS0,115200"
  ];
}
