# SPDX-License-Identifier: MIT
# From a lock and a specification to derivations: { root, system, boot, inputs }.
{
  # What atomos.lock says.
  locked,
  # Its directory, which local .debs are relative to.
  directory,
  # config of the module system.
  config,
  # Paths of programs.
  atomosBuild,
  atomosInit,
  mirrors,
}:
let
  inherit (builtins)
    filter
    listToAttrs
    map
    substring
    ;

  builder = program atomosBuild "atomos-build";
  program =
    path: name:
    if path == null then
      throw "nix/default.nix needs the argument ${name}, the path of the program ${name}."
    else
      builtins.path { inherit path name; };

  # Where the configuration names a mirror, callers need not.
  configured =
    builtins.mapAttrs (_: r: r.uri) config.debian.extraRepositories
    // (if config.debian.mirror == null then { } else { main = config.debian.mirror; })
    // (if config.debian.securityMirror == null then { } else { security = config.debian.securityMirror; });

  located =
    package:
    if package.repository == "local" && substring 0 1 package.path != "/" then
      package // { path = directory + "/${package.path}"; }
    else
      package;

  fetch = package: import ../packages/fetch.nix (located package // { mirrors = configured // mirrors; });

  # Only the arguments that the function has: fields may be added on either side.
  call =
    path: arguments:
    let
      function = import path;
    in
    function (builtins.intersectAttrs (builtins.functionArgs function) arguments);

  debs = listToAttrs (
    map (package: {
      inherit (package) name;
      value = fetch package;
    }) locked.packages
  );

  unpack =
    package:
    import ../packages/unpack.nix {
      deb = debs.${package.name};
      inherit package;
      atomosBuild = builder;
    };

  layer = name: map unpack (filter (package: package.layer == name) locked.packages);

  makeRoot =
    arguments:
    call ../packages/root.nix (
      {
        inherit (locked) users groups;
        inherit (config.debian) debconf;
        epoch = locked.date;
        atomosBuild = builder;
      }
      // arguments
    );

  baseRoot = makeRoot { packages = layer "base"; };
  second = layer "second";
  root =
    if second == [ ] then
      baseRoot
    else
      makeRoot {
        packages = second;
        base = baseRoot;
      };

  system = call ../packages/system.nix {
    inherit root;
    spec = builtins.toJSON (config.build.spec // { epoch = locked.date; });
    name = "atomos-system-${config.atomos.product}-${toString config.atomos.release}";
    atomosBuild = builder;
  };
in
{
  root = baseRoot;
  inherit system;
  boot = call ../packages/boot.nix {
    root = baseRoot;
    atomosBuild = builder;
    atomosInit = program atomosInit "atomos-init";
    name = "atomos-boot-${config.atomos.product}-${toString config.atomos.release}";
    epoch = locked.date;
    inherit (config.build.boot)
      cmdline
      keymaps
      modules
      osRelease
      product
      release
      settings
      trustedKeys
      ;
  };
  # The .debs themselves, so that a mirror that drops one does not stop a rebuild.
  inputs = import ./aggregate.nix {
    name = "atomos-inputs";
    paths = map (package: debs.${package.name}) locked.packages;
  };
}
