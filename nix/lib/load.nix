# SPDX-License-Identifier: MIT
# From modules as they are written (files, functions, attribute sets) to a flat list, imports first:
#   { file, key, options, config, errors }
# What isn't a module becomes an empty one with a sentence in errors.
{ errors }:
let
  inherit (builtins)
    attrNames
    concatMap
    filter
    foldl'
    functionArgs
    head
    isAttrs
    isFunction
    isPath
    isString
    pathExists
    substring
    toString
    ;

  empty = file: problem: [
    {
      inherit file;
      key = null;
      options = { };
      config = { };
      errors = [ problem ];
    }
  ];

  reserved = [
    "_file"
    "imports"
    "config"
    "options"
  ];

  # A module and, before it, what it imports.
  load =
    args: parent: module:
    if isPath module || isString module && substring 0 1 module == "/" then
      loadFile args parent module
    else if isFunction module then
      loadFunction args parent null module
    else
      loadAttrs args parent null module;

  loadFile =
    args: parent: path:
    let
      file = toString path;
      target = if builtins.readFileType path == "directory" then path + "/default.nix" else path;
      content = import path;
    in
    if !pathExists path || !pathExists target then
      empty parent (errors.noSuchFile parent file)
    else if isFunction content then
      loadFunction args file file content
    else
      loadAttrs args file file content;

  loadFunction =
    args: file: key: function:
    let
      formals = functionArgs function;
      unknown = filter (name: !formals.${name} && !(args ? ${name})) (attrNames formals);
      given = if formals == { } then args else builtins.intersectAttrs formals args;
    in
    if unknown != [ ] then
      empty file (
        errors.unknownArgument (head unknown) {
          inherit file;
          position = builtins.unsafeGetAttrPos (head unknown) formals;
        }
      )
    else
      loadAttrs args file key (function given);

  loadAttrs =
    args: file0: key: module:
    let
      file = module._file or file0;
      rest = builtins.removeAttrs module reserved;
      explicit = module ? config || module ? options;
    in
    if !isAttrs module then
      empty file0 (errors.notAModule file0 module)
    else if explicit && rest != { } then
      empty file (
        errors.strayAttribute (head (attrNames rest)) {
          inherit file;
          position = builtins.unsafeGetAttrPos (head (attrNames rest)) module;
        }
      )
    else
      concatMap (load args file) (module.imports or [ ])
      ++ [
        {
          inherit file key;
          options = module.options or { };
          config = if explicit then module.config or { } else rest;
          errors = [ ];
        }
      ];

  # A file imported twice counts once.
  withoutRepeats =
    modules:
    (foldl'
      (
        state: module:
        if module.key == null then
          state // { list = state.list ++ [ module ]; }
        else if state.seen ? ${module.key} then
          state
        else
          {
            seen = state.seen // {
              ${module.key} = true;
            };
            list = state.list ++ [ module ];
          }
      )
      {
        seen = { };
        list = [ ];
      }
      modules
    ).list;
in
{
  # `args` are what modules that are functions may ask for.
  loadAll = args: modules: withoutRepeats (concatMap (load args "the configuration") modules);
}
