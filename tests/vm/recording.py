# SPDX-License-Identifier: MIT
"""Records installations without a machine (powerlog.py), once for each image and installer."""

import hashlib
import os
import subprocess
import sys

import judge
import powerlog
import tamper
import vm

MIB, GIB = 1 << 20, 1 << 30
INSTALL = vm.BUILD / "meson/tests/install/install-disk"
WORK = vm.BUILD / "power"
DISK = 5 * GIB
THEIRS = (300 * MIB, 200 * MIB)
THEIR_GUID = "5a3c1f0e-27b4-4d8e-9a61-3f0b7c2d4e58"
LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4"
SPACE = (THEIRS[0] + THEIRS[1], DISK - THEIRS[0] - THEIRS[1] - 2 * MIB)
# name: the old table, and the free space to install into, or the whole disk.
RECORDINGS = {"over-gpt": ("gpt", ()), "over-mbr": ("dos", ()), "beside": ("gpt", SPACE)}


def digest(*files):
    """What a recording depends on."""
    h = hashlib.sha256()
    for file in files:
        with open(file, "rb") as f:
            h.update(hashlib.file_digest(f, "sha256").digest())
    return h.hexdigest()[:16]


def make_old(path, table):
    """A small Linux on a disk, under a GPT or, as on a CD's image, an MBR."""
    with open(path, "wb") as f:
        f.truncate(DISK)
    start, size = (n // 512 for n in THEIRS)
    line = f"start={start}, size={size}, type={'83' if table == 'dos' else LINUX}"
    if table == "gpt":
        line += f", uuid={THEIR_GUID}, name=theirs"
    tamper.output("sfdisk", "--quiet", path, input=f"label: {table}\n{line}\n".encode())
    tree = path.parent / "theirs"
    tree.mkdir()
    (tree / "letter").write_text("Dear Anna,\n" * 1000)
    tamper.output("mkfs.ext4", "-q", "-L", "theirs", "-d", tree, "-E", f"offset={THEIRS[0]}", path, f"{THEIRS[1] // MIB}M")
    if table == "dos":
        with open(path, "r+b") as f:
            f.seek(32768)
            f.write(b"\1CD001\1")


def install(medium, device, opener, space=()):
    """An installation, not in a machine: what it said."""
    said = subprocess.run([INSTALL, medium, vm.keys() / "nix-public-key", device, opener, *map(str, space)],
                          capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return said.stdout


def encrypt_log(log, disk, kind, secret):
    """What was recorded in plain becomes what dm-crypt would have written."""
    start, size = judge.Table(disk).find(kind)
    key = tamper.volume_key(disk, start, secret)
    log.transform(start + tamper.DATA_OFFSET, size - tamper.DATA_OFFSET, lambda at, data: tamper.crypt(key, at, data, True))


def record(medium, directory, table, space):
    """Installs onto a disk with a Linux: `base` and `log` in the directory."""
    base, disk = directory / "base", directory / "disk"
    make_old(base, table)
    tamper.output("cp", "--sparse=always", base, disk)
    with powerlog.Recorder(disk, directory / "log") as recorder:
        install(medium, recorder.device, recorder.opener, space)
    encrypt_log(powerlog.Log(directory / "log"), disk, judge.INSTALLED, tamper.PASSWORD)
    disk.unlink()


def convert(disk, kind, secret, encrypt=True):
    """Encrypts in place what lies in plain in a partition, because nothing of the kernel has encrypted it, or the other
    way round. Holes are what was never written: they may stay, so that no block of zeros may have become one."""
    start, size = judge.Table(disk).find(kind)
    key, start, end = tamper.volume_key(disk, start, secret), start + tamper.DATA_OFFSET, start + size
    with open(disk, "r+b") as f:
        at = start
        while at < end and (data := next_data(f, at)) < end:
            at = max(at, data - data % tamper.SECTOR)
            f.seek(at)
            old = f.read(min(tamper.CHUNK, end - at))
            f.seek(at)
            f.write(tamper.crypt(key, at - start, old, encrypt))
            at += len(old)


def next_data(f, at):
    """Where a sparse file has data next, from here on."""
    try:
        return os.lseek(f.fileno(), at, os.SEEK_DATA)
    except OSError:
        return sys.maxsize


def kept(name, image, make, *files):
    """The directory of what make(directory) makes, once for each image, installer, and whatever else it depends on."""
    directory = WORK / f"{name}-{digest(image, INSTALL, *files)}"
    if not directory.exists():
        tamper.output("rm", "-rf", *WORK.glob(f"{name}-*"))
        new = directory.with_suffix(".new")
        new.mkdir(parents=True)
        make(new)
        new.rename(directory)
    return directory


def recorded(name, image, medium):
    """The directory of a recording; `medium` is the image's mounted root."""
    return kept(name, image, lambda directory: record(medium, directory, *RECORDINGS[name]))


def installed(image, medium, path):
    """A disk as the installation over a GPT has left it."""
    directory = recorded("over-gpt", image, medium)
    log = powerlog.Log(directory / "log")
    replay = powerlog.Replay(log, directory / "base", path)
    for gap in log.gaps:
        replay.advance(gap)
    replay.file.close()
    return replay.path
