#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installing the demo natively onto a loop device, without the kernel's encryption: seconds and bytes written, against the
closure's compressed size and a raw write of as many bytes to the same disk; on what this machine has, and on slower drives."""

import os
import re
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from common import DEMO, KEYS, TOP, WORK, drop_caches

import powerlog
import tamper

INSTALL = TOP / "build/meson/tests/install/install-disk"
DISK = 5 << 30
RATES = [None, 500_000_000, 150_000_000, 40_000_000]
GOAL, GOAL_READ_BACK, TIMES = 1.2, 1.6, 3
CHUNK = 4 << 20


@contextmanager
def drive(directory, rate):
    """An empty disk that takes at most so many bytes a second; None: what it can."""
    file = directory / "disk"
    with open(file, "wb") as f:
        # Room that the file system below has given out already, as a disk's is.
        os.posix_fallocate(f.fileno(), 0, DISK)
    try:
        with powerlog.Slow(file, rate) if rate else powerlog.File(file) as d:
            yield d
    finally:
        file.unlink()


class Installation:
    """One installation: seconds of its parts, bytes."""

    def __init__(self, medium, directory, rate):
        with drive(directory, rate) as d:
            drop_caches()
            before = time.monotonic()
            said = subprocess.run([INSTALL, medium, KEYS / "nix-public-key", d.device, d.opener], check=True,
                                  capture_output=True, text=True).stdout
            self.seconds = time.monotonic() - before
            steps = [(float(at), what) for at, what in re.findall(r"^([\d.]+) (.+)$", said, re.M)]
            self.parts = {what: end - at for (at, what), (end, _) in zip(steps, steps[1:])}
            self.read_back = self.parts["Reading back"]
            self.write = self.seconds - self.read_back
            self.bytes = d.written()


def raw(directory, size, rate):
    """Seconds of writing so many bytes, which don't compress, one behind the other; flushed."""
    block = os.urandom(CHUNK)
    with drive(directory, rate) as d, open(d.device, "wb", buffering=0) as f:
        before = time.monotonic()
        for at in range(0, size, CHUNK):
            f.write(block[:min(CHUNK, size - at)])
        os.fsync(f.fileno())
        return time.monotonic() - before


def compressed(image):
    """Bytes that the closure takes on the medium."""
    said = tamper.output("btrfs", "inspect-internal", "dump-super", tamper.plain_of(image)).decode()
    return int(re.search(r"^bytes_used\s+(\d+)", said, re.M).group(1))


def line(what, ours, theirs, goal):
    ratio = ours / theirs
    print(f"    {what:34} {ours:7.2f} s : {theirs:7.2f} s  ratio {ratio:6.3f}  goal {goal}{'' if ratio <= goal else ', MISSED'}", flush=True)


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    closure = compressed(DEMO)
    print(f"Installing the demo onto a loop device, the best of {TIMES}; its closure is {closure / 1e6:.0f} MB compressed")
    with tempfile.TemporaryDirectory(dir=WORK) as name, tamper.mounted(tamper.plain_of(DEMO), read_only=True) as medium:
        for rate in RATES:
            times = TIMES if rate is None else 1
            ours = min((Installation(medium, Path(name), rate) for _ in range(times)), key=lambda i: i.seconds)
            theirs = min(raw(Path(name), ours.bytes, rate) for _ in range(times))
            print(f"  {'this machine' if rate is None else f'{rate / 1e6:.0f} MB/s'}: {ours.bytes / 1e6:.0f} MB written, "
                  f"{ours.bytes / closure:.3f} times the closure; {ours.seconds:.2f} s: "
                  + ", ".join(f"{what[0].lower()}{what[1:]} {seconds:.2f}" for what, seconds in ours.parts.items()))
            line("writing : raw write", ours.write, theirs, GOAL)
            line("with reading back : raw write", ours.seconds, theirs, GOAL_READ_BACK)


if __name__ == "__main__":
    main()
