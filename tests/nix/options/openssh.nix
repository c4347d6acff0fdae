# SPDX-License-Identifier: MIT
# The SSH server, its settings and keys.
{
  configuration.services.openssh = {
    enable = true;
    ports = [ 2222 ];
    openFirewall = false;
    settings = {
      PasswordAuthentication = false;
      AcceptEnv = [
        "LANG"
        "LC_*"
      ];
      X11Forwarding = null;
    };
    hostKeys = [
      {
        type = "rsa";
        path = "/var/lib/keys/ssh_host_rsa_key";
      }
    ];
  };
  see =
    { decisions, spec, text, target, lines, ... }:
    let
      sshd = lines "/etc/ssh/sshd_config.d/50-atomos.conf";
      script = lines "/usr/lib/atomos/units/atomos-ssh-keys-script";
    in
    {
      "services.openssh.enable" = [
        (builtins.elem "openssh-server" decisions.packages.base)
        (target "/etc/systemd/system/multi-user.target.wants/ssh.service")
        (target "/etc/systemd/system/ssh.service.requires/atomos-ssh-keys.service")
        (text "/etc/systemd/system/atomos-ssh-keys.service")
      ];
      "services.openssh.ports" = sshd "Port.*";
      "services.openssh.settings" = sshd "(PasswordAuthentication|AcceptEnv|X11Forwarding) .*";
      "services.openssh.hostKeys" = builtins.any (d: d.path == "/var/lib/keys") spec.state.directories;
      "services.openssh.hostKeys.*.type" = script ".*-t rsa .*";
      "services.openssh.hostKeys.*.path" = [
        (script ".*/var/lib/keys.*")
        (sshd "HostKey.*")
      ];
    };
}
