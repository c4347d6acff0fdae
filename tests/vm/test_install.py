# SPDX-License-Identifier: MIT
"""From the medium to an empty disk, which then starts alone."""

import json

import pytest

import tamper
import vm

pytestmark = pytest.mark.xdist_group("install")
GIB = 1 << 30
INSTALLED_ROOT = "2C1F8A5E-6D0B-4E0B-9B0E-61746F6D726F"


def with_disk(path):
    """Arguments for QEMU that attach a file as a further disk, written to for good."""
    return ["-drive", f"file={path},if=none,id=target,format=raw,cache=unsafe",
            "-device", "virtio-blk-pci,drive=target,serial=target"]


def target_of(machine):
    """The disk's name and what `atomos install --list` says of it."""
    disks = json.loads(machine.run("atomos install --list --json"))["disks"]
    by_serial = {d["model"]: d for d in disks}
    assert by_serial["medium"]["medium"] and "runs from it" in by_serial["medium"]["refusal"]
    return by_serial["target"]["disk"], by_serial["target"]


@pytest.fixture(scope="module")
def installed(image, tmp_path_factory):
    """A disk that was installed to, with what was said."""
    disk = tmp_path_factory.mktemp("install") / "disk.img"
    with open(disk, "wb") as f:
        f.truncate(8 * GIB)
    with vm.boot("install", image, extra=with_disk(disk)) as m:
        m.login()
        name, before = target_of(m)
        assert before["content"] == "empty" and "refusal" not in before
        wrong = m.run(f"atomos install --disk {name} --yes other", 120, check=False)
        assert "Nothing was written" in wrong
        said = m.run(f"atomos install --disk {name} --yes {name}", 900)
        after = target_of(m)[1]
        assert after["content"] == "an AtomOS"
        m.send("systemctl poweroff")
        m.wait_off(180)
    return disk, said


def test_says_what_to_do_next(installed):
    assert "take the medium out" in installed[1]


def test_table(installed):
    disk = installed[0]
    assert "No errors detected" in tamper.output("sfdisk", "--verify", disk).decode()
    table = json.loads(tamper.output("sfdisk", "--json", disk))["partitiontable"]
    assert [p["type"] for p in table["partitions"]] == [
        tamper.ESP, "21686148-6449-6E6F-744E-656564454649", INSTALLED_ROOT]
    assert table["partitions"][0]["size"] * 512 == GIB


def test_key_is_not_the_mediums(installed, image):
    keys = []
    for file, kind in ((image, tamper.MEDIUM_ROOT), (installed[0], INSTALLED_ROOT)):
        keys.append(tamper.volume_key(file, tamper.partition(file, kind)[0]))
    assert keys[0] != keys[1] and len(keys[0]) == len(keys[1]) == 64


def test_verifies(installed):
    program = vm.BUILD / "lib/atomos"
    said = json.loads(tamper.output(program, "verify", "--json", "--keys", vm.keys(), installed[0]))
    assert said["good"] and said["paths"] > 100


def test_starts_alone(installed):
    with vm.boot("installed", installed[0]) as m:
        m.login()
        status = json.loads(m.run("cat /run/atomos/boot.json"))
        assert status["medium"] is False
        assert m.run("findmnt -no FSTYPE /") == "tmpfs"
        said = m.run("nix --extra-experimental-features nix-command store verify --all --sigs-needed 1", 300)
        assert "untrusted" not in said
        m.send("systemctl poweroff")
        m.wait_off(180)
