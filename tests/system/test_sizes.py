# SPDX-License-Identifier: MIT
"""Disks of the smallest size that is taken, of one that is just smaller, and of the largest that one meets: installed to
natively, and made somebody's."""

import json
import re
import subprocess

import pytest

import judge
import owning
import powerlog
import recording
import tamper
import vm
from disks import empty_disk

pytestmark = pytest.mark.xdist_group("image")
MIB = 1 << 20
TERABYTE = 10**12


@pytest.fixture(scope="module")
def smallest(medium):
    return int(tamper.output(recording.INSTALL, medium, vm.keys() / "nix-public-key"))


def install(medium, path):
    with powerlog.File(path) as disk:
        recording.install(medium, disk.device, disk.opener)
    return table(path)


def table(path):
    """The partition table, which is right, and whose copy is there."""
    assert "No errors detected" in tamper.output("sfdisk", "--verify", path).decode()
    assert judge.copies(path) == ["first", "second"]
    return json.loads(tamper.output("sfdisk", "--json", path))["partitiontable"]


def becomes_somebodys(path, directory):
    """The disk's side of the first start; the partition for homes."""
    owning.own(path, directory / "log", directory)
    found = [p for p in table(path)["partitions"] if p["type"].lower() == judge.HOME]
    assert len(found) == 1
    return found[0]


def test_smallest(medium, smallest, tmp_path):
    path = empty_disk(tmp_path / "disk", smallest)
    made = install(medium, path)
    end = made["partitions"][-1]["start"] + made["partitions"][-1]["size"]
    # What a home needs at least, and no more, is left behind the system.
    assert 512 * MIB <= (made["lastlba"] + 1 - end) * 512 < 514 * MIB
    home = becomes_somebodys(path, tmp_path)
    assert home["size"] * 512 >= 512 * MIB


def test_one_that_is_just_smaller(medium, smallest, tmp_path):
    """Says how much is needed, in a number that a disk can be bought by, and writes nothing."""
    path = empty_disk(tmp_path / "disk", smallest - MIB)
    with powerlog.File(path) as disk:
        said = subprocess.run([recording.INSTALL, medium, vm.keys() / "nix-public-key", disk.device, disk.opener],
                              capture_output=True, text=True)
    assert said.returncode == 1
    has, needs = map(float, re.search(r"([\d.]+) GB are too small: AtomOS needs ([\d.]+) GB", said.stderr).groups())
    assert has < needs and smallest <= needs * 1e9 < smallest + 1e8
    assert path.stat().st_blocks == 0


def test_four_terabytes(medium, tmp_path):
    path = empty_disk(tmp_path / "disk", 4 * TERABYTE)
    made = install(medium, path)
    assert [p["name"] for p in made["partitions"]] == ["esp", "bios", "atomos"]
    assert made["partitions"][-1]["size"] * 512 == 128 << 30
    recording.convert(path, judge.INSTALLED, tamper.PASSWORD)
    good, said = judge.verify(path)
    assert good, said
    recording.convert(path, judge.INSTALLED, tamper.PASSWORD, encrypt=False)
    home = becomes_somebodys(path, tmp_path)
    # All of the rest, but for what aligns it.
    assert home["size"] * 512 > 4 * TERABYTE - (130 << 30)
    assert home["start"] + home["size"] <= made["lastlba"] + 1
