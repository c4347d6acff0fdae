# SPDX-License-Identifier: MIT
# A configured root: the base layer, or with `base` a second layer on it. `users` and `groups` are
# the lock's tables: attribute sets from a name to its number, or to a set with `id`.
{
  packages,
  base ? null,
  users,
  groups,
  # Answers to packages' questions: lines of debconf-set-selections(1).
  debconf ? [ ],
  epoch,
  atomosBuild,
}:
let
  number = entry: toString (if builtins.isAttrs entry then entry.id else entry);
  table =
    entries:
    builtins.concatStringsSep "" (
      map (name: "${name} ${number entries.${name}}\n") (builtins.attrNames entries)
    );
in
derivation (
  {
    name = if base == null then "atomos-root" else "atomos-root-second";
    system = "x86_64-linux";
    builder = atomosBuild;
    args = [ "root" ];
    packages = builtins.concatStringsSep "\n" (map toString packages);
    users = table users;
    groups = table groups;
    debconf = builtins.concatStringsSep "" (map (line: "${line}\n") debconf);
    passAsFile = [
      "packages"
      "users"
      "groups"
      "debconf"
    ];
    SOURCE_DATE_EPOCH = toString epoch;
    requiredSystemFeatures = [ "uid-range" ];
    preferLocalBuild = true;
  }
  // (if base == null then { } else { inherit base; })
)
