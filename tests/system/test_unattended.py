# SPDX-License-Identifier: MIT
"""The countdown of an installation without a question, on two consoles; stand-ins for what it runs."""

import json
import time

import pexpect
import pytest

import standins

LIST = {"disks": [{"disk": "vda", "size": 5000000000, "serial": "S1", "content": "empty", "empty": True, "inner": True, "pin": "none",
                   "free": {"start": 0, "size": 0}, "freeRefusal": "no"}]}


@pytest.fixture
def console(tmp_path):
    """Starts the program on a terminal of its own; all see the same /run, which is nobody else's."""
    consoles = standins.Consoles(tmp_path, LIST, {"unattended": {"answers": {"name": "berta"}}})
    yield lambda: consoles.start("--medium", "--plain")
    consoles.close()


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
