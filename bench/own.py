#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Starting an owner's machine, whose TPM opens the disk, beside the medium that it was installed from: bytes read before the
login prompt, seconds at several drives' rates; and the seconds from a TPM that fails to the password prompt."""

import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from boot import RATES, Boot, closure_bytes
from common import DEMO, WORK, report

import starting
import tamper
import vm

GOAL_BYTES, GOAL_PROMPT = 1.1, 10
# What fails, what the machine's TPM does (vm.Machine), and whether it was cleared.
FAILURES = [("absent", False, False), ("cleared", "enter-initrd:never", True), ("mute when it is first used", "enter-initrd", False),
            ("mute afterwards", "enter-initrd:after", False)]


@contextmanager
def machine_of(first):
    """(disk, keep): the owner's machine, to be started once."""
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        yield first.disk_of(Path(name)), first.machine_of(Path(name))


def own(first, name, rate=None):
    """One start of the owner's machine."""
    with machine_of(first) as (disk, keep):
        return Boot(name, disk, rate, keep=keep)


def starts(first):
    """Starts of medium and disk at each rate, in turn."""
    for name, rate in RATES:
        medium, disk = Boot(f"medium {name}", DEMO, rate), own(first, f"disk {name}", rate)
        medium.show()
        disk.show()
        report(f"disk : medium, {name}", disk.seconds, medium.seconds)
    closure, uki = closure_bytes(DEMO)
    report("bytes read : closure + boot image", disk.bytes / 1e6, (closure + uki) / 1e6, GOAL_BYTES, "MB")


def prompt(first, name, tpm, cleared):
    """Seconds from the failure, or from the TPM's first use in the boot where it says so itself, to the prompt."""
    with machine_of(first) as (disk, keep):
        if cleared:
            shutil.rmtree(keep / "tpm")
        with vm.boot(f"bench-tpm-{name}", disk, keep=keep, tpm=tpm) as m:
            if not tpm:
                m.expect("This machine has no TPM.")
            failed = time.time()
            m.expect("Password for this AtomOS disk")
            seconds = time.time() - (m.tpm_heard() if tpm else failed)
    print(f"  TPM {name:36} {seconds:6.1f} s to the password prompt, goal {GOAL_PROMPT}"
          f"{'' if seconds <= GOAL_PROMPT else ', MISSED'}", flush=True)


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    with tamper.mounted(tamper.plain_of(DEMO), read_only=True) as medium:
        first = starting.recorded(DEMO, medium)
    emulated = "" if vm.has_kvm() else ", emulated"
    print(f"Start of an owner's machine in QEMU{emulated}; its disk was installed, its first start answered")
    for failure in FAILURES:
        prompt(first, *failure)
    starts(first)


if __name__ == "__main__":
    main()
