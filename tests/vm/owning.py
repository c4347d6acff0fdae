# SPDX-License-Identifier: MIT
"""Records the disk's side of a first start without a machine (powerlog.py): the real steps, with a homectl that flushes
nothing."""

import os
import subprocess

import judge
import judge_owner
import powerlog
import recording
import tamper
import vm

# As own-disk has them.
PASSWORD, KEYMAP = "seven unlikely lamps", "de-latin1"
HOME_SIZE = 20 << 20
OWN = vm.BUILD / "meson/tests/welcome/own-disk"
HOMECTL = """#!/bin/sh
# An account in which nothing is flushed.
for name; do :; done
cat >"/var/lib/systemd/home/$name.identity"
head -c 20M /dev/zero | tr '\\0' h >"/home/$name.home"
"""
REPART = "[Partition]\nType=2c1f8a5e-6d0b-4e0b-9b0e-61746f6d686f\nLabel=atomos-home\nSizeMinBytes=512M\n"


def own(disk, log, directory):
    """The first start's side of the disk, recorded; the recovery key."""
    programs, definitions = directory / "bin", directory / "repart.d"
    programs.mkdir()
    definitions.mkdir()
    (programs / "homectl").write_text(HOMECTL)
    (programs / "homectl").chmod(0o755)
    (definitions / "50-home.conf").write_text(REPART)
    with powerlog.Recorder(disk, log, "--partscan") as recorder:
        # A kernel may know of no GPT; its partitions it takes from anybody.
        tamper.output("partx", "--update", recorder.device)
        said = subprocess.run([OWN, recorder.device, recorder.opener, definitions], capture_output=True, text=True,
                              env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"})
        assert said.returncode == 0, said.stderr
    return said.stdout.strip()


def home_key(disk):
    """The key of the homes, from a root that lies in plain on the disk."""
    start, size = judge.Table(disk).find(judge.INSTALLED)
    with tamper.mounted(disk, area=(start + tamper.DATA_OFFSET, size - tamper.DATA_OFFSET)) as root:
        return (root / "state/atomos/home.key").read_bytes()


class FirstStart(judge_owner.FirstStart):
    """As dm-crypt would have written it."""

    password, keymap = PASSWORD, KEYMAP

    def __init__(self, base, directory):
        self.base, self.final, log = base, directory / "final", directory / "log"
        tamper.output("cp", "--sparse=always", base, self.final)
        recording.convert(self.final, judge.INSTALLED, tamper.PASSWORD, encrypt=False)
        self.recovery = own(self.final, log, directory)
        self.log = powerlog.Log(log)
        self.secrets = {judge.INSTALLED: PASSWORD.encode(), judge.HOME: home_key(self.final)}
        for kind, secret in self.secrets.items():
            recording.encrypt_log(self.log, self.final, kind, secret)
            recording.convert(self.final, kind, secret)

    def home_missing(self, home):
        return None if home.exists() and home.read_bytes() == b"h" * HOME_SIZE else "Anna's home isn't whole"


def recorded(image, medium, directory):
    """A first start on the disk of a recorded installation."""
    return FirstStart(recording.installed(image, medium, directory / "base"), directory)
