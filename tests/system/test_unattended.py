# SPDX-License-Identifier: MIT
"""The countdown of an installation without a question, on two consoles; stand-ins for what it runs."""

import json
import os
import time

import pexpect
import pytest

from nixbuild import program

LIST = {"disks": [{"disk": "vda", "size": 5000000000, "serial": "S1", "content": "empty", "empty": True, "inner": True, "pin": "none",
                   "free": {"start": 0, "size": 0}, "freeRefusal": "no"}]}
ATOMOS = """#!/bin/sh
case "$*" in
*--list*) cat "$0.list" ;;
*) echo "$*" >>"$0.calls" && cat "$ANSWERS" >>"$0.calls" && echo '{"done":1,"total":2,"what":"Copying"}' >&3 ;;
esac
"""
SYSTEMCTL = '#!/bin/sh\necho "systemctl $*" >>"${0%systemctl}atomos.calls"\n'


@pytest.fixture
def console(tmp_path):
    """Starts the program on a terminal of its own; all see the same /run, which is nobody else's."""
    for name, text in (("atomos", ATOMOS), ("systemctl", SYSTEMCTL), ("atomos.list", json.dumps(LIST))):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "boot.json").write_text('{"product": "x", "system": "y", "medium": true, "partition": "vdz3"}')
    (tmp_path / "config.json").write_text(json.dumps({
        "system": "AtomOS demo", "keymaps": ["us"], "unattended": {"answers": {"name": "berta"}}}))
    (tmp_path / "run").mkdir()
    script = f'mount --bind {tmp_path}/run /run && exec {program('atomos-welcome')} --medium --plain --config {tmp_path}/config.json --boot {tmp_path}/boot.json'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "ANSWERS": "/run/atomos/welcome/answers.json"}
    started = []

    def start():
        started.append(pexpect.spawn("unshare", ["-m", "sh", "-c", script], env=environment, timeout=60))
        return started[-1]

    yield start
    for child in started:
        child.close(force=True)


@pytest.mark.parametrize("key", ["x", "\x03"], ids=["letter", "ctrl-c"])
def test_a_key_on_any_console_stops_it(console, tmp_path, key):
    first = console()
    first.expect("there now: empty.")
    first.expect("Everything on that disk will be lost.")
    second = console()
    second.expect("Everything on that disk will be lost.")
    second.expect("Press any key to stop it")
    second.send(key)
    second.expect("Nothing is installed")
    first.expect("Stopped; nothing was changed")
    for child in (first, second):
        child.expect(pexpect.EOF)
    assert not (tmp_path / "atomos.calls").exists()
    # Stopped is stopped: another console's program has nothing to say.
    third = console()
    third.expect(pexpect.EOF)
    assert third.before.strip() == b""


def test_nobody_waits_for_a_console_that_died(console, tmp_path):
    first = console()
    first.expect("Press any key to stop it")
    second = console()
    second.expect("Press any key to stop it")
    first.kill(9)
    second.expect("Nothing is installed")
    second.expect(pexpect.EOF)
    assert not (tmp_path / "atomos.calls").exists()


def test_left_alone_it_installs_and_switches_off(console, tmp_path):
    first, before = console(), time.monotonic()
    first.expect("Press any key to stop it")
    first.expect("Copying")
    assert time.monotonic() - before >= 10
    first.expect("The machine goes off now")
    first.expect(pexpect.EOF)
    assert (tmp_path / "atomos.calls").read_text().splitlines() == [
        "--quiet install --progress-fd 3 --disk vda --yes vda --answers /run/atomos/welcome/answers.json",
        '{"name":"berta"}systemctl poweroff',
    ]


def test_what_does_not_fit_changes_nothing(console, tmp_path):
    disks = {"disks": LIST["disks"] + [{**LIST["disks"][0], "disk": "vdb", "serial": "S2"}]}
    (tmp_path / "atomos.list").write_text(json.dumps(disks))
    first = console()
    first.expect("There are 2 empty disks")
    first.expect(pexpect.EOF)
    assert not (tmp_path / "atomos.calls").exists()
