# SPDX-License-Identifier: MIT
# Packages that would run what the state says: their units are off, their directories known.
let
  config =
    (import ../../../nix {
      configuration.environment.systemPackages = [
        "podman"
        "docker.io"
        "cups"
      ];
    }).config;
  files = config.build.files;
in
{
  containers = builtins.filter (d: builtins.match ".*(containers|docker)" d.path != null) config.atomos.state.directories;
  masked = builtins.filter (
    path: builtins.match ".*/podman-.*" path != null && files.${path}.target == "/dev/null"
  ) (builtins.attrNames files);
  cups = files."/etc/systemd/system/cups.service.d/50-atomos.conf".text;
}
