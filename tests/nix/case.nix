# SPDX-License-Identifier: MIT
# Evaluates one case of this directory. A case is an attribute set:
#   configuration, without   what it sets, and what it is compared with (default: nothing)
#   see                      from { config, decisions, spec, boot, text, target, lines } to what is pinned,
#                            by the option whose effect it shows
# A case in fail/ has only a configuration: its error is pinned. A case in lib/ is a value.
{ path }:
let
  case = import path;
  evaluate = configuration: import ../../nix { inherit configuration; };

  look =
    configuration:
    let
      result = evaluate configuration;
      inherit (result.config.build) spec;
    in
    {
      inherit (result) config decisions;
      inherit spec;
      inherit (result.config.build) boot;
      text = file: spec.files.${file}.text or null;
      target = file: spec.files.${file}.target or null;
      # The lines of a file that match a pattern.
      lines =
        file: pattern:
        builtins.filter (line: builtins.isString line && builtins.match pattern line != null) (
          builtins.split "\n" (spec.files.${file}.text or "")
        );
    };

  # The boot image takes its files from the base root, which depends on the answers that packages
  # get; nothing in it is of the package locales.
  answers =
    result: builtins.filter (line: builtins.match "locales .*" line == null) result.config.debian.debconf;

  kind = baseNameOf (dirOf path);
  after = look case.configuration;
  before = look (case.without or { });
in
{
  result =
    if kind == "lib" then
      { value = case; }
    else if kind == "fail" then
      {
        value =
          let
            inherit (evaluate case.configuration) decisions;
          in
          decisions.error or (builtins.concatStringsSep "\n" decisions.assertions);
      }
    else
      {
        value = case.see after;
        without = case.see before;
        # Only the vendor's options may change the boot image.
        bootChanged = after.boot != before.boot || answers after != answers before;
      };
}
