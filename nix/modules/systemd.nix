# SPDX-License-Identifier: MIT
# Units of systemd. Whatever they run lies in the root, never in the store: the medium may be
# pulled out of a running machine.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  units = import ../lib/units.nix { inherit lib; };
  cfg = config.systemd;

  unitDirectory = "/etc/systemd/system";
  scriptDirectory = "/usr/lib/atomos/units";

  scalar = types.oneOf [
    types.bool
    types.int
    types.str
    types.path
  ];
  settings = types.attrsOf (types.nullOr (types.either scalar (types.listOf scalar)));

  names =
    description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      inherit description;
    };

  common = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "false masks the unit: it can't be started, also when a package ships it.";
    };
    description = mkOption {
      type = types.str;
      default = "";
      example = "Collects the measurements";
      description = "What the unit is, in a few words.";
    };
    wantedBy = names "Units that start this one.";
    requiredBy = names "Units that start this one and fail when it fails.";
    upheldBy = names "Units that start this one again whenever it has stopped.";
    after = names "Units that are started before this one.";
    before = names "Units that are started after this one.";
    wants = names "Units that this one starts.";
    requires = names "Units that this one starts and can't do without.";
    bindsTo = names "Units that this one can't do without at any time.";
    partOf = names "Units whose stop or restart stops or restarts this one.";
    conflicts = names "Units that are stopped when this one starts.";
    unitConfig = mkOption {
      type = settings;
      default = { };
      example = {
        ConditionACPower = true;
      };
      description = "Further settings of the [Unit] section.";
    };
    overrideStrategy = mkOption {
      type = types.enum [
        "auto"
        "asDropin"
        "asFile"
      ];
      default = "auto";
      description = ''
        Whether this is a unit of its own (asFile) or changes one that a package ships
        (asDropin). auto: its own when it says what to run (a list of commands that
        starts with an empty one replaces those of a package's unit).
      '';
    };
  };

  service = {
    options = common // {
      serviceConfig = mkOption {
        type = settings;
        default = { };
        example = {
          ExecStart = "/usr/bin/my-tool --serve";
          DynamicUser = true;
          StateDirectory = "my-tool";
        };
        description = "Settings of the [Service] section. What StateDirectory names outlives a reboot.";
      };
      environment = mkOption {
        type = types.attrsOf (types.nullOr scalar);
        default = { };
        description = "Environment variables of the service.";
      };
      script = mkOption {
        type = types.lines;
        default = "";
        example = "exec my-tool --serve";
        description = "Shell commands (sh, ends at the first that fails) run as the service.";
      };
      preStart = mkOption {
        type = types.lines;
        default = "";
        description = "Shell commands run before the service.";
      };
      postStart = mkOption {
        type = types.lines;
        default = "";
        description = "Shell commands run after the service was started.";
      };
      preStop = mkOption {
        type = types.lines;
        default = "";
        description = "Shell commands run to stop the service.";
      };
      startAt = mkOption {
        type = types.either types.str (types.listOf types.str);
        default = [ ];
        example = "daily";
        description = "Times (systemd.time(7)) at which the service is started, by a timer.";
      };
    };
  };

  timer.options = common // {
    timerConfig = mkOption {
      type = settings;
      default = { };
      example = {
        OnCalendar = "weekly";
        Persistent = true;
      };
      description = "Settings of the [Timer] section.";
    };
  };

  socket.options = common // {
    listenStreams = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "0.0.0.0:993" ];
      description = "Addresses to listen on (ListenStream=).";
    };
    socketConfig = mkOption {
      type = settings;
      default = { };
      description = "Further settings of the [Socket] section.";
    };
  };

  rawUnit.options = {
    enable = common.enable;
    text = mkOption {
      type = types.nullOr types.lines;
      default = null;
      description = "The whole unit file; null leaves the one that a package ships.";
    };
    wantedBy = common.wantedBy;
    requiredBy = common.requiredBy;
    upheldBy = common.upheldBy;
  };

  ### Rendering

  unitSection = u: {
    name = "Unit";
    settings = {
      Description = if u.description == "" then null else u.description;
      After = joined u.after;
      Before = joined u.before;
      Wants = joined u.wants;
      Requires = joined u.requires;
      BindsTo = joined u.bindsTo;
      PartOf = joined u.partOf;
      Conflicts = joined u.conflicts;
    }
    // u.unitConfig;
  };
  joined = list: if list == [ ] then null else builtins.concatStringsSep " " list;

  installSection = u: {
    name = "Install";
    settings = {
      WantedBy = joined u.wantedBy;
      RequiredBy = joined u.requiredBy;
      UpheldBy = joined u.upheldBy;
    };
  };

  # A unit's file or drop-in, and the links that enable it.
  unitFiles =
    name: u: own: sections:
    let
      asFile = u.overrideStrategy == "asFile" || u.overrideStrategy == "auto" && own;
      text = units.sections ([ (unitSection u) ] ++ sections ++ lib.optional asFile (installSection u));
      path = if asFile then "${unitDirectory}/${name}" else "${unitDirectory}/${name}.d/50-atomos.conf";
    in
    if !u.enable then
      { "${unitDirectory}/${name}" = { target = "/dev/null"; }; }
    else
      lib.optionalAttrs (text != "") { ${path} = file "0644" text; } // enablingLinks name asFile u;

  enablingLinks =
    name: own: u:
    units.links name
      (if own then "${unitDirectory}/${units.unitFile name}" else "/usr/lib/systemd/system/${units.unitFile name}")
      {
        wants = u.wantedBy;
        requires = u.requiredBy;
        upholds = u.upheldBy;
      };

  file = mode: text: {
    inherit mode text;
    user = "root";
    group = "root";
  };

  phases = {
    script = "ExecStart";
    preStart = "ExecStartPre";
    postStart = "ExecStartPost";
    preStop = "ExecStop";
  };

  scriptPath = name: phase: "${scriptDirectory}/${name}-${phase}";
  usedPhases = s: builtins.filter (phase: s.${phase} != "") (builtins.attrNames phases);

  # An empty first command takes back what a package's unit runs: a change, no unit of its own.
  runs =
    s:
    s.script != ""
    || (
      let
        command = s.serviceConfig.ExecStart or null;
      in
      command != null && !(builtins.isList command && command != [ ] && builtins.head command == "")
    );

  scripts =
    name: s:
    builtins.listToAttrs (
      map (
        phase: lib.nameValuePair (scriptPath name phase) (file "0755" "#!/bin/sh\nset -e\n${s.${phase}}\n")
      ) (usedPhases s)
    );

  serviceFiles =
    name: s:
    let
      commands = builtins.listToAttrs (
        map (phase: lib.nameValuePair phases.${phase} (scriptPath name phase)) (usedPhases s)
      );
      variables = units.environment (lib.filterAttrs (_: value: value != null) s.environment);
      section = {
        name = "Service";
        settings =
          commands // lib.optionalAttrs (variables != [ ]) { Environment = variables; } // s.serviceConfig;
      };
    in
    unitFiles "${name}.service" s (runs s) [ section ]
    // lib.optionalAttrs s.enable (scripts name s);

  timerFiles =
    name: t:
    unitFiles "${name}.timer" t (t.timerConfig != { }) [
      {
        name = "Timer";
        settings = t.timerConfig;
      }
    ];

  socketFiles =
    name: s:
    unitFiles "${name}.socket" s (s.listenStreams != [ ] || s.socketConfig != { }) [
      {
        name = "Socket";
        settings = lib.optionalAttrs (s.listenStreams != [ ]) { ListenStream = s.listenStreams; } // s.socketConfig;
      }
    ];

  rawFiles =
    name: u:
    if !u.enable then
      { "${unitDirectory}/${name}" = { target = "/dev/null"; }; }
    else
      lib.optionalAttrs (u.text != null) { "${unitDirectory}/${name}" = file "0644" u.text; }
      // enablingLinks name (u.text != null) u;

  scheduled = lib.filterAttrs (_: s: s.enable && s.startAt != [ ]) cfg.services;

  # /var/lib directories of services that were switched on here.
  stateDirectories =
    s:
    let
      value = s.serviceConfig.StateDirectory or [ ];
      listed = if builtins.isList value then value else builtins.filter builtins.isString (builtins.split " +" value);
      prefix = if s.serviceConfig.DynamicUser or false == true then "/var/lib/private/" else "/var/lib/";
      user = if s.serviceConfig.DynamicUser or false == true then "root" else s.serviceConfig.User or "root";
    in
    map (directory: {
      path = prefix + builtins.head (builtins.split ":" directory);
      mode = s.serviceConfig.StateDirectoryMode or "0755";
      inherit user;
      group = if user == "root" then "root" else s.serviceConfig.Group or user;
    }) (builtins.filter (d: d != "") listed);

  merged = attrsList: builtins.foldl' (a: b: a // b) { } attrsList;
in
{
  options.systemd = {
    services = mkOption {
      type = types.attrsOf (types.submodule service);
      default = { };
      example = lib.literalExpression ''
        {
          hello = {
            wantedBy = [ "multi-user.target" ];
            script = "echo Hello";
          };
        }'';
      description = ''
        Services, by name without ".service". One that a Debian package ships is changed, one
        that says what to run is new.
      '';
    };
    timers = mkOption {
      type = types.attrsOf (types.submodule timer);
      default = { };
      description = "Timers, by name without \".timer\".";
    };
    sockets = mkOption {
      type = types.attrsOf (types.submodule socket);
      default = { };
      description = "Sockets, by name without \".socket\".";
    };
    units = mkOption {
      type = types.attrsOf (types.submodule rawUnit);
      default = { };
      example = lib.literalExpression ''{ "apt-daily.timer".enable = false; }'';
      description = "Units of every kind as text, by full name.";
    };
    tmpfiles.rules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "d /srv/data 0755 root root -" ];
      description = "Lines of tmpfiles.d(5): files and directories made at each boot.";
    };
  };

  config = {
    systemd.timers = builtins.mapAttrs (name: s: {
      description = lib.mkDefault "Timer of ${name}";
      wantedBy = [ "timers.target" ];
      timerConfig.OnCalendar = s.startAt;
    }) scheduled;

    environment.etc."tmpfiles.d/atomos.conf" = lib.mkIf (cfg.tmpfiles.rules != [ ]) {
      text = lib.concatLines cfg.tmpfiles.rules;
    };

    build.files = lib.mkMerge [
      (merged (lib.mapAttrsToList serviceFiles cfg.services))
      (merged (lib.mapAttrsToList timerFiles cfg.timers))
      (merged (lib.mapAttrsToList socketFiles cfg.sockets))
      (merged (lib.mapAttrsToList rawFiles cfg.units))
    ];

    atomos.state.directories = lib.concatMap stateDirectories (
      builtins.filter (s: s.enable) (builtins.attrValues cfg.services)
    );

    assertions =
      let
        spec = name: s: {
          assertion = !(s.script != "" && s.serviceConfig ? ExecStart);
          message = "systemd.services.${name} has both script and serviceConfig.ExecStart: keep one.";
        };
      in
      lib.mapAttrsToList spec cfg.services;
  };
}
