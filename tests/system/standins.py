# SPDX-License-Identifier: MIT
"""atomos-welcome on terminals of its own, with stand-ins for what it runs."""

import json
import os

import pexpect

import terminal
from nixbuild import program

# Calls are noted beside the program; `fails` holds what it says when it does.
ATOMOS = """#!/bin/sh
case "$*" in
*--list*) cat "$0.list" ;;
*) echo "$*" >>"$0.calls"
   [ ! -e "$ANSWERS" ] || cat "$ANSWERS" >>"$0.calls"
   echo '{"done":1,"total":2,"what":"Copying","detail":"9 MB/s, 0:40 left"}' >&3
   [ ! -e "$0.fails" ] || { cat "$0.fails" >&2; rm "$0.fails"; exit 1; } ;;
esac
"""
SYSTEMCTL = '#!/bin/sh\necho "systemctl $*" >>"${0%systemctl}atomos.calls"\n'


class Consoles:
    """Programs that all see the same /run, which is nobody else's; `cut_off` from all networks."""

    def __init__(self, directory, disks, config):
        self.directory, self.started = directory, []
        for name, text in (("atomos", ATOMOS), ("systemctl", SYSTEMCTL)):
            (directory / name).write_text(text)
            (directory / name).chmod(0o755)
        (directory / "atomos.list").write_text(json.dumps(disks))
        (directory / "boot.json").write_text('{"product": "x", "system": "y", "medium": true, "disk": "vdz", "partition": "vdz3"}')
        self.configure(**config)
        (directory / "run").mkdir()
        self.seen_as, self.cut_off = {"/run": directory / "run"}, False

    def configure(self, **config):
        """What the configuration decided."""
        (self.directory / "config.json").write_text(json.dumps({"system": "AtomOS demo", "keymaps": ["us"], **config}))

    def stand_in(self, name, script):
        """A further program in place of one that is called by this name."""
        (self.directory / name).write_text(f"#!/bin/sh\n{script}")
        (self.directory / name).chmod(0o755)

    def show(self, place, *files):
        """Has them find nothing in a directory of the machine but these empty directories, or files with their content."""
        self.seen_as[place] = self.directory / place.strip("/").replace("/", "-")
        self.seen_as[place].mkdir()
        for name, content in files:
            path = self.seen_as[place] / name
            if content is None:
                path.mkdir(parents=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)

    def start(self, *options, term="dumb", boot=False):
        """Another one: pexpect's child, whose screen is a terminal.Terminal. boot: as the boot does on its consoles."""
        words = f'--config {self.directory}/config.json --boot {self.directory}/boot.json'
        active = self.directory / "active"
        console = f"tty | cut -c 6- >{active} && mount --bind {active} /sys/class/tty/console/active && " if boot else ""
        options += ("--console $(cat /sys/class/tty/console/active)",) if boot else ()
        binds = "".join(f"mount --bind {path} {place} && " for place, path in self.seen_as.items())
        script = f'{console}{binds}exec {program("atomos-welcome")} {" ".join(options)} {words}'
        environment = {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}", "TERM": term,
                       "ANSWERS": "/run/atomos/welcome/answers.json"}
        child = pexpect.spawn("unshare", ["-mn" if self.cut_off else "-m", "sh", "-c", script], env=environment, timeout=60,
                              dimensions=(terminal.ROWS, terminal.COLUMNS))
        child.logfile_read = terminal.Terminal()
        self.started.append(child)
        return child

    def calls(self):
        file = self.directory / "atomos.calls"
        return file.read_text() if file.exists() else None

    def close(self):
        for child in self.started:
            child.close(force=True)
