# SPDX-License-Identifier: MIT
"""Records what reaches the disk in a first start in a machine (powerlog.py), once for each image and installer."""

import shutil

import first_boot
import judge
import judge_owner
import powerlog
import recording
import tamper

USER, PASSWORD = first_boot.USER, first_boot.OWNER_PASSWORD


def drive(disk, log):
    """Arguments for QEMU: the disk that the machine starts from; all writes go to the log, too."""
    return powerlog.blockdevs(disk, log, "medium") + ["-device", "virtio-blk-pci,drive=medium,serial=medium,bootindex=1"]


def record(image, medium, directory):
    """Answers the questions of an installed disk, with Secure Boot and a TPM: `base` and `final` are the disk before and
    after, `log` what was written, `keep` what the machine keeps beside it, `recovery` the recovery key."""
    base, final, log, keep = (directory / name for name in ("base", "final", "log", "keep"))
    recording.installed(image, medium, base)
    tamper.output("cp", "--sparse=always", base, final)
    log.write_bytes(b"")
    keep.mkdir()
    recovery = first_boot.own("first-start", None, keep, extra=drive(final, log))
    (directory / "recovery").write_text(recovery)


def volume_of(home):
    """Where the volume begins in homed's file, which is a disk of one partition."""
    start, = tamper.output("partx", "--raw", "--noheadings", "--output", "START", home).split()
    return int(start) * powerlog.SECTOR


class FirstStart(judge_owner.FirstStart):
    """See record()."""

    password, keymap = PASSWORD, first_boot.KEYMAP
    kept = (*judge_owner.KEPT, "var/lib/systemd/home/local.private", "var/lib/systemd/home/local.public")

    def home_missing(self, home):
        try:
            tamper.volume_key(home, volume_of(home), PASSWORD.encode())
        except AssertionError as failure:
            return f"the home doesn't open: {failure}"
        return None

    def __init__(self, directory):
        self.base, self.final, self.keep = directory / "base", directory / "final", directory / "keep"
        self.log, self.recovery = powerlog.Log(directory / "log"), (directory / "recovery").read_text()
        # The kernel, which looks at each state, reads btrfs's first superblock alone; only a boot mends a torn one.
        table = judge.Table(self.final)
        self.log.volumes = [(start + tamper.DATA_OFFSET, size - tamper.DATA_OFFSET)
                            for start, size in map(table.find, (judge.INSTALLED, judge.HOME))]

    def machine_of(self, directory):
        """A copy of what the machine keeps, for a machine that starts from one of the states."""
        return shutil.copytree(self.keep, directory / "keep")

    def disk_of(self, directory):
        """A copy of the disk at the end."""
        tamper.output("cp", "--reflink=auto", "--sparse=always", self.final, directory / "disk")
        return directory / "disk"


def recorded(image, medium):
    return FirstStart(recording.kept("first-start", image, lambda directory: record(image, medium, directory),
                                     first_boot.__file__))
