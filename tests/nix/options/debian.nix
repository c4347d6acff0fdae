# SPDX-License-Identifier: MIT
# Packages and where they come from, as the command line is told.
{
  configuration = {
    environment.systemPackages = [
      "htop"
      "nginx=1.26.3-3"
      "htop"
      /srv/tool_1.0_amd64.deb
    ];
    debian = {
      components = [
        "main"
        "non-free-firmware"
      ];
      mirror = "http://mirror.example.org/debian";
      securityMirror = "http://mirror.example.org/debian-security";
      extraRepositories.example = {
        uri = "https://packages.example.org/debian";
        suite = "stable";
        components = [ "contrib" ];
        key = ./debian.nix;
      };
    };
  };
  see =
    { decisions, spec, text, ... }:
    let
      inherit (decisions) debian;
      repository = debian.extraRepositories.example or { };
    in
    {
      "environment.systemPackages" = decisions.packages.requested;
      "debian.components" = [
        debian.components
        decisions.packages.sources
      ];
      "debian.mirror" = [
        debian.mirror
        (text "/etc/apt/sources.list.d/debian.sources")
      ];
      "debian.securityMirror" = [
        debian.securityMirror
        (text "/etc/apt/sources.list.d/debian-security.sources")
      ];
      "debian.extraRepositories" = [
        (builtins.attrNames debian.extraRepositories)
        (text "/etc/apt/sources.list.d/example.sources")
        (spec.files ? "/etc/apt/keyrings/example.gpg")
      ];
      "debian.extraRepositories.<name>.uri" = repository.uri or null;
      "debian.extraRepositories.<name>.suite" = repository.suite or null;
      "debian.extraRepositories.<name>.components" = repository.components or null;
      "debian.extraRepositories.<name>.key" = baseNameOf (repository.key or "");
    };
}
