# SPDX-License-Identifier: MIT
"""Disks to install to, and media to install from, as the tests of the installation need them."""

import fcntl
import hashlib
import json
import shutil

import tamper
import vm

GIB = 1 << 30
NEIGHBOUR_DISK = "0B2D3F4A-1C5E-4F6A-8B7C-9D0E1F2A3B4C"
NEIGHBOUR_SIZE = 300 << 20
# The demo's account stays on a disk that was installed to.
OPEN_ACCOUNT = "users.users.atom.untilOwned = lib.mkForce false;"


def with_disk(path, serial, how=""):
    """Arguments for QEMU that attach a file as a further disk, written to for good."""
    return ["-drive", f"file={path},if=none,id={serial},format=raw,cache=unsafe",
            "-device", f"virtio-blk-pci,drive={serial},serial={serial}{how}"]


def empty_disk(path, size=5 * GIB):
    """A file without content."""
    with open(path, "wb") as f:
        f.truncate(size)
    return path


def make_neighbour(path, size=5 * GIB):
    """A disk with a Linux on it and free space behind."""
    empty_disk(path, size)
    script = f"label: gpt\nlabel-id: {NEIGHBOUR_DISK}\nstart=1MiB, size={NEIGHBOUR_SIZE >> 20}MiB, name=theirs\n"
    tamper.output("sfdisk", "--quiet", path, input=script.encode())
    tamper.output("mkfs.ext4", "-q", "-L", "theirs", "-E", f"offset={1 << 20}", path, f"{NEIGHBOUR_SIZE >> 20}M")
    return path


def digest(path):
    """Of all that is on a disk."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def parse_list(text):
    """The disks of `atomos install --list --json` by their serial number, which virtio has in place of a model."""
    return {d["model"]: d for d in json.loads(text)["disks"]}


def look_at(machine, serial):
    """What `atomos install --list` says of the disk with this serial number."""
    by_serial = parse_list(machine.run("atomos install --list --json", 120))
    assert by_serial["medium"]["medium"] and "runs from it" in by_serial["medium"]["refusal"]
    return by_serial[serial]


def open_image(image):
    """The demo, but its account stays on an installed disk: made once for each demo."""
    directory = vm.BUILD / "vm-open"
    made = directory / "medium.img"
    directory.mkdir(exist_ok=True)
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists() or made.stat().st_mtime < image.stat().st_mtime:
            make_medium(directory, f"  {OPEN_ACCOUNT}\n")
    return made


def make_medium(directory, lines, example="demo"):
    """The image of an example with these lines added to its configuration."""
    example = vm.TOP / "examples" / example
    shutil.copy(example / "atomos.lock", directory)
    (directory / "configuration.nix").write_text(f"{{ lib, ... }}:\n{{\n  imports = [ {example}/configuration.nix ];\n{lines}}}\n")
    image = directory / "medium.img"
    tamper.output(vm.BUILD / "lib/atomos", "image", "--configuration", directory, "-o", image)
    return image
