# SPDX-License-Identifier: MIT
"""What a machine makes of a disk whose writing was cut off: see powerlog.py."""

import json
import os
import struct
import subprocess
import zlib

import tamper
import vm

INSTALLED, UNFINISHED, HOME = (f"2c1f8a5e-6d0b-4e0b-9b0e-61746f6d{end}" for end in ("726f", "756e", "686f"))
PROGRAM = vm.BUILD / "meson/tests/install/judge-disk"
SECTOR = 512


class Table:
    """The partition table of a disk as our code reads it, and what opens."""

    def __init__(self, path, tries=()):
        text = "".join(f"{kind} {secret.hex()}\n" for kind, secret in tries)
        lines = tamper.output(PROGRAM, path, input=text.encode()).decode().splitlines()
        self.why = lines[0].removeprefix("none ") if lines[0].startswith("none ") else None
        self.partitions = [(kind, guid, int(start), int(size)) for word, kind, guid, start, size in
                           (line.split() for line in lines if line.startswith("partition "))]
        self.answers = [line for line in lines if line.split()[0] in ("opens", "closed")]

    def find(self, kind):
        """(start, size) of the first partition of a type, or None."""
        return next(((start, size) for k, _, start, size in self.partitions if k == kind), None)

    def opens(self, number):
        return self.answers[number] == "opens"


def copies(path):
    """Which of the two tables of a GPT disk are whole: ("first", "second")."""
    size = os.stat(path).st_size
    with open(path, "rb") as f:
        return [name for name, at in (("first", 1), ("second", size // SECTOR - 1)) if whole(f, at)]


def whole(f, lba):
    """Whether there is a header with good checksums of itself and of its entries."""
    f.seek(lba * SECTOR)
    header = bytearray(f.read(SECTOR))
    signature, _, length, crc, _, my = struct.unpack_from("<8sIIIIQ", header)
    if signature != b"EFI PART" or not 92 <= length <= SECTOR or my != lba:
        return False
    header[16:20] = bytes(4)
    entries, count, entry, sum_ = struct.unpack_from("<QIII", header, 72)
    f.seek(entries * SECTOR)
    return zlib.crc32(header[:length]) == crc and count * entry <= 1 << 20 and zlib.crc32(f.read(count * entry)) == sum_


def verify(path, password=tamper.PASSWORD):
    """The verdict of `atomos verify` over the whole disk, which this password opens: (good, sentence)."""
    said = subprocess.run([vm.BUILD / "lib/atomos", "verify", "--json", "--keys", vm.keys(), "--password-file", "/dev/stdin", path],
                          input=password.decode(), capture_output=True, text=True)
    answer = json.loads(said.stdout or "{}")
    if answer.get("good"):
        return True, f"{answer['paths']} paths as signed"
    return False, answer.get("error") or said.stderr.strip() or "atomos verify says nothing"
