# SPDX-License-Identifier: MIT
"""What an installation puts into its volume, done natively on a loop device: as signed, fresh,
and nothing else."""

import json
import os
import subprocess

import pytest

import tamper
import vm

pytestmark = pytest.mark.xdist_group("image")
NIX = {**os.environ, "NIX_CONFIG": "experimental-features = nix-command\nsubstituters =\nbuild-users-group ="}
PROGRAM = vm.BUILD / "meson/tests/install/fill-disk"


def output(*command, **options):
    return tamper.output(*command, **options).decode()


def fill(medium, disk, size=3 << 30):
    """Fills a file of this size; the finished process."""
    with open(disk, "wb") as f:
        f.truncate(size)
    loop = output("losetup", "--find", "--show", disk).strip()
    try:
        return subprocess.run([PROGRAM, medium, vm.keys() / "nix-public-key", loop, disk.parent / "mount"],
                              capture_output=True, text=True)
    finally:
        output("losetup", "--detach", loop)


@pytest.fixture(scope="module")
def filled(medium, tmp_path_factory):
    """The mounted copy."""
    disk = tmp_path_factory.mktemp("fill") / "disk"
    result = fill(medium, disk)
    assert result.returncode == 0, result.stderr
    output("btrfs", "check", "--check-data-csum", disk)
    with tamper.mounted(disk) as directory:
        yield directory


def test_same_paths_as_on_the_medium(medium, filled):
    names = [sorted(p.name for p in (root / "nix/store").iterdir()) for root in (medium, filled)]
    assert names[0] == names[1] and len(names[0]) > 100
    for p in (filled / "nix/store").iterdir():
        if p.name != ".links":
            assert p.lstat().st_mtime == 1 and p.lstat().st_uid == 0
    assert tamper.system(medium) == tamper.system(filled)
    assert tamper.boot_image(medium) == tamper.boot_image(filled)
    for base in (tamper.system(medium), tamper.boot_image(medium)):
        assert tamper.closure_file(medium, base).read_text() == tamper.closure_file(filled, base).read_text()


def test_nothing_else_is_there(filled):
    lines = output("btrfs", "subvolume", "list", filled).splitlines()
    assert sorted(line.split()[-1] for line in lines) == ["nix", "state"]
    assert list((filled / "state").iterdir()) == []
    assert sorted(p.name for p in filled.iterdir()) == ["nix", "state"]


def test_database_is_fresh_and_valid(filled):
    store = f"local?root={filled}"
    key = (vm.keys() / "nix-public-key").read_text().strip()
    result = subprocess.run(
        ["nix", "store", "verify", "--store", store, "--all", "--sigs-needed", "1", "--trusted-public-keys", key],
        env=NIX, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    paths = json.loads(output("nix", "path-info", "--store", store, "--all", "--json", env=NIX))
    assert len(paths) > 100 and not any(p["ultimate"] for p in paths.values())
    assert output("nix-store", "--store", store, "--gc", "--print-dead", env=NIX).strip() == ""


def test_altered_medium_is_refused(medium, tmp_path):
    """One byte of one file of the medium: named, and the installation ends."""
    layers = [tmp_path / name for name in ("upper", "work", "root")]
    for layer in layers:
        layer.mkdir()
    output("mount", "-t", "overlay", "-o", f"lowerdir={medium},upperdir={layers[0]},workdir={layers[1]}", "overlay", layers[2])
    try:
        manifest = tamper.store(layers[2]) / tamper.system(layers[2]) / "manifest"
        tamper.make_writable(manifest)
        tamper.flip_byte(manifest)
        result = fill(layers[2], tmp_path / "disk")
    finally:
        output("umount", layers[2])
    assert result.returncode == 1
    assert tamper.system(medium) in result.stderr and "manifest" in result.stderr


def test_disk_too_small_is_said(medium, tmp_path):
    result = fill(medium, tmp_path / "disk", 200 << 20)
    assert result.returncode == 1 and "No space left" in result.stderr
