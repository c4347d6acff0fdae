# SPDX-License-Identifier: MIT
"""Exchanges the medium of a machine that waits at the rescue prompt, so that attacks share a boot."""

import re
import time

PROMPT = "[p]ower off"


def pull_medium(machine):
    """Pulls the medium, and waits until it is gone."""
    machine.pull_medium()
    deadline = time.monotonic() + 60
    while any("medium" in (d.get("qdev") or "") for d in machine.qmp("query-block")):
        assert time.monotonic() < deadline, "the medium can't be pulled"
        time.sleep(0.2)


def plug_medium(machine, path):
    """Plugs in another medium, an altered copy that is written to directly."""
    number = machine.swaps = getattr(machine, "swaps", 0) + 1
    machine.qmp("blockdev-add", **{
        "node-name": f"swap{number}", "driver": "raw",
        "file": {"driver": "file", "filename": str(path), "cache": {"no-flush": True}}})
    machine.qmp("device_add", driver="virtio-blk-pci", id="medium", bus="medium-port",
                drive=f"swap{number}", serial="medium")


def swap_medium(machine, path):
    """Pulls the medium and plugs in another one."""
    pull_medium(machine)
    plug_medium(machine, path)


def rescue_shell(machine, command):
    """What a command prints in the shell of the rescue prompt."""
    machine.send("s")
    machine.expect("rescue# ", 30)
    # The echo of this line has no line's end after its marks.
    machine.send(f"echo @@; {command}; echo @@; exit")
    machine.expect(re.compile(rb"@@\s+(\S.*?)\s*@@\s", re.S), 30)
    said = machine.console.match.group(1).decode().replace("\r", "").strip()
    machine.expect(PROMPT, 30)
    return said


def refused(machine, *texts, timeout=120):
    """Waits for the sentence of a refusal that holds all texts, then for the rescue prompt."""
    machine.expect("AtomOS didn't start: ", timeout)
    machine.expect(PROMPT, timeout)
    said = " ".join(machine.said().rsplit("AtomOS didn't start: ", 1)[1].split())
    for text in texts:
        assert text in said, f"not in the refusal: {text!r}\nthe refusal: {said}"
    return said


def try_again(machine):
    """Lets the rescue prompt boot anew."""
    machine.send("t")
