# SPDX-License-Identifier: MIT
# Files of /etc and environment variables.
{
  configuration = {
    environment.variables = {
      EDITOR = "nano";
      QUOTED = "a \"b\" \\ c";
    };
    environment.etc = {
      "motd".text = "Welcome.\n";
      "secret" = {
        text = "s";
        mode = "0640";
        user = "atom";
        group = "adm";
      };
      "copied".source = ./etc.nix;
      "linked".target = "motd";
      "issue.net".remove = true;
      "hosts".enable = false;
    };
  };
  see =
    { spec, text, target, ... }:
    let
      secret = spec.files."/etc/secret" or { };
    in
    {
      "environment.variables" = text "/etc/environment";
      "environment.etc" = builtins.filter (name: spec.files ? ${name}) [
        "/etc/motd"
        "/etc/secret"
      ];
      "environment.etc.<name>.text" = text "/etc/motd";
      "environment.etc.<name>.source" =
        builtins.match "/nix/store/[^/]+-etc.nix" (spec.files."/etc/copied".source or "") != null;
      "environment.etc.<name>.target" = target "/etc/linked";
      "environment.etc.<name>.remove" = spec.files."/etc/issue.net".remove or false;
      "environment.etc.<name>.enable" = spec.files ? "/etc/hosts";
      "environment.etc.<name>.mode" = secret.mode or null;
      "environment.etc.<name>.user" = secret.user or null;
      "environment.etc.<name>.group" = secret.group or null;
    };
}
