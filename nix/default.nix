# SPDX-License-Identifier: MIT
# From a configuration and its lock to everything that is built:
#   decisions    what the command line acts on (needs no lock); { error } when something is wrong
#   root         base layer of the root      system   what runs
#   boot         kernel, initramfs and what goes into the UKI
#   inputs       a path that refers to every .deb, to be kept from garbage collection
#   optionsDoc   every option as JSON        docs     the same as a manual page (scdoc)
{
  # Path of the configuration, or a list of modules.
  configuration,
  # Path of atomos.lock; null while there is none.
  lock ? null,
  # Programs of AtomOS that the derivations use.
  atomosBuild ? null,
  atomosInit ? null,
  # Programs that the system itself has, by their path there.
  programs ? { },
  # Public keys of whoever publishes the image.
  vendorKeys ? [ ],
  # Mirrors by repository: main, security, and extra ones by their names.
  mirrors ? { },
}:
let
  inherit (import ./lib) errors evalModules lib;

  evaluated = evalModules {
    modules = [
      ./modules
      {
        atomos.trust.vendorKeys = vendorKeys;
        build.files = builtins.mapAttrs (_: path: {
          source = builtins.path {
            inherit path;
            name = baseNameOf path;
          };
          mode = "0755";
        }) programs;
      }
    ]
    ++ (if builtins.isList configuration then configuration else [ configuration ]);
  };
  inherit (evaluated) config;

  # An option without value is an error only where it is needed.
  needed = builtins.tryEval (builtins.deepSeq config.build.decisions config.build.decisions);
  problems =
    if evaluated.errors != [ ] then
      evaluated.errors
    else if !needed.success && evaluated.missing != [ ] then
      evaluated.missing
    else
      [ ];

  decisions =
    if problems != [ ] then
      { error = builtins.concatStringsSep "\n" problems; }
    else
      config.build.decisions;

  # For whoever builds without the command line: the same sentences.
  checked =
    value:
    if decisions ? error then
      throw decisions.error
    else if decisions.assertions != [ ] then
      throw (builtins.concatStringsSep "\n" decisions.assertions)
    else
      value;

  locked = builtins.fromJSON (builtins.readFile lock);
  artefacts = import ./lib/artefacts.nix {
    inherit
      atomosBuild
      atomosInit
      config
      locked
      mirrors
      ;
    directory = dirOf lock;
  };
in
{
  inherit decisions;
  inherit (evaluated) options;
  inherit config;

  root = checked artefacts.root;
  system = checked artefacts.system;
  boot = checked artefacts.boot;
  inputs = checked artefacts.inputs;

  inherit (import ./lib/docs.nix { inherit errors lib; } evaluated.options) optionsDoc docs;
}
