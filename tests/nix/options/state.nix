# SPDX-License-Identifier: MIT
# What outlives a reboot, and how much of the RAM the root may fill.
{
  configuration = {
    atomos.state.directories = [
      "/var/lib/grafana"
      {
        path = "/var/lib/vault";
        mode = "0700";
        user = "vault";
        group = "keys";
        execute = true;
      }
    ];
    atomos.state.files = [ "/etc/adjtime" ];
    atomos.ram.rootPercent = 60;
    environment.systemPackages = [ "postgresql" ];
  };
  see =
    { spec, ... }:
    let
      at = path: builtins.filter (d: d.path == path) spec.state.directories;
      vault = field: map (d: d.${field}) (at "/var/lib/vault");
    in
    {
      "atomos.state.directories" = at "/var/lib/grafana" ++ at "/var/lib/postgresql";
      "atomos.state.directories.*.path" = vault "path";
      "atomos.state.directories.*.mode" = vault "mode";
      "atomos.state.directories.*.user" = vault "user";
      "atomos.state.directories.*.group" = vault "group";
      "atomos.state.directories.*.execute" = vault "execute";
      "atomos.state.files" = spec.state.files;
      "atomos.ram.rootPercent" = spec.ram.rootPercent;
    };
}
