# SPDX-License-Identifier: MIT
"""The programs that are compiled: nothing of the clone's place is in them, so that two clones build
the same store paths."""

import os
import subprocess

import pytest

from nixbuild import TOP, program

PROGRAMS = ("src/atomos/atomos", "src/builder/atomos-build", "src/init/atomos-init")


@pytest.mark.long
def test_same_in_another_directory(tmp_path):
    clone = tmp_path / "some/other/place"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, check=True, capture_output=True).stdout.split(b"\0")
    for file in files:
        # As they are here, committed or not: those that build/lib was compiled from.
        if file and (TOP / os.fsdecode(file)).exists():
            target = clone / os.fsdecode(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((TOP / os.fsdecode(file)).read_bytes())
    subprocess.run(["meson", "setup", clone / "build/meson", clone], check=True, capture_output=True)
    subprocess.run(["ninja", "-C", clone / "build/meson", *PROGRAMS], check=True, capture_output=True)
    for name in PROGRAMS:
        stripped = tmp_path / "stripped"
        subprocess.run(["strip", "-o", stripped, clone / "build/meson" / name], check=True)
        assert stripped.read_bytes() == program(os.path.basename(name)).read_bytes(), f"{name} knows where it was compiled"
