# SPDX-License-Identifier: MIT
"""Records what reaches an owner's disk while `atomos passwd` changes a password in a machine, with homed and the home in use
(powerlog.py), once for each image and installer."""

import hashlib
import json
import shutil

import first_boot
import judge
import judge_owner
import powerlog
import recording
import starting
import tamper
import verdicts
import vm
from sealed import sealed_with

MEND = vm.BUILD / "meson/tests/owner/mend-home"
USER, OLD, NEW = starting.USER, starting.PASSWORD, "nine other lamps"


def record(first, directory):
    """From the start that a TPM opens to the end of the machine: `base` and `final` are the disk before and after, `log` what
    was written, `since` and `then` how many flushes there were before and after the change, `keep` what the machine keeps."""
    base, final, log = (directory / name for name in ("base", "final", "log"))
    keep = first.machine_of(directory)
    for disk in (base, final):
        tamper.output("cp", "--reflink=auto", "--sparse=always", first.final, disk)
    log.write_bytes(b"")

    def flushes(name):
        """Notes how many there are now."""
        shutil.copy(log, directory / "log-now")
        (directory / name).write_text(str(powerlog.Log(directory / "log-now").flushes()))
        (directory / "log-now").unlink()

    with vm.boot("changed-password", None, keep=keep, extra=starting.drive(final, log)) as m:
        m.login(USER, OLD)
        flushes("since")
        code, said = m.dialog(f"atomos passwd {USER}", (f"Present password of {USER}: ", OLD),
                              ("New password: ", NEW), ("New password again: ", NEW))
        assert code == 0, said
        flushes("then")
        m.qmp("system_powerdown")
        m.wait_off(180)


class Judge(verdicts.Judge):
    """Whoever knows both passwords gets in everywhere, the recovery key opens always, and once the old password doesn't open
    the disk any more the new one opens all. `home` says what the user's own volume opens with, by the last look, after what a start does to
it; `mended` whether that was ever something."""

    few, many, large = 2, 9, 32 << 20

    def __init__(self, change, replay):
        self.replay, self.recovery, directory, self.known = replay, change.recovery, replay.path.parent, {}
        self.mended = False
        table = judge.Table(replay.path)
        self.root = self._volume(table, judge.INSTALLED, change.recovery.encode(), directory / "plain-of-root")
        with self.root.mounted() as root:
            self.home_key = (root / "state/atomos/home.key").read_bytes()
        self.homes = self._volume(table, judge.HOME, self.home_key, directory / "plain-of-homes")
        replay.watch = self._changed

    def _volume(self, table, kind, secret, path):
        start, size = table.find(kind)
        volume = judge_owner.Volume(self.replay.path, start, size, tamper.volume_key(self.replay.path, start, secret), path)
        volume.renew_all()
        return volume

    def _changed(self, offset, size):
        self.root.renew(offset, size)
        self.homes.renew(offset, size)

    def places(self):
        return [(self.root.start - tamper.DATA_OFFSET, judge_owner.HEADER)]

    def verdict(self, flush=None, tail=None, kept=None):
        words = [OLD.encode(), NEW.encode(), self.recovery.encode()]
        table = judge.Table(self.replay.path, [*((judge.INSTALLED, word) for word in words), (judge.HOME, self.home_key)])
        old, new, recovery, homes = (table.opens(n) for n in range(4))
        if not recovery or not homes or not (old or new):
            return "failure", f"old, new, recovery key, partition of homes: {'; '.join(table.answers)}"
        with self.root.mounted() as root, self.homes.mounted() as mounted:
            state = root / "state"
            mended = tamper.output(MEND, mounted, state / "root/var/lib/atomos/homes", USER).decode().strip()
            account = json.loads((state / f"root/var/lib/systemd/home/{USER}.identity").read_text())
            self.home = self._words(header_of(mounted / f"{USER}.home"), opens)
            signs = self._words((state / "atomos/owner/secret-key.sealed").read_bytes(), sealed_with)
        self.mended |= mended == "mended"
        by = f"{mended}, disk {'old ' * old}{'new ' * new}home {sorted(self.home)} signs {sorted(signs)}"
        if not self.home or not signs or not account["privileged"]["hashedPassword"]:
            return "failure", f"the home or the key is nobody's; {by}"
        if not old and not NEW in self.home & signs:
            return "failure", f"only the new one, and not of all; {by}"
        return "old" if not new else "both" if old else "new", by

    def _words(self, data, fits):
        """Which of the two passwords fit; guessing is slow, so once for each content."""
        key = hashlib.sha256(data).digest()
        if key not in self.known:
            self.known[key] = {word for word in (OLD, NEW) if fits(data, word)}
        return self.known[key]


def header_of(home):
    """The LUKS2 header in homed's file."""
    with open(home, "rb") as f:
        f.seek(starting.volume_of(home))
        return f.read(tamper.HEADER)


def opens(header, word):
    try:
        tamper.volume_key_of(header, word.encode())
    except AssertionError:
        return False
    return True


class Change:
    """See record(); `log` and `then` begin with the change."""

    def __init__(self, directory, recovery):
        self.base, self.keep, self.recovery = directory / "base", directory / "keep", recovery
        self.log = powerlog.Log(directory / "log")
        since, then = (int((directory / name).read_text()) for name in ("since", "then"))
        self.before, self.log.gaps, self.then = self.log.gaps[:since], self.log.gaps[since:], then - since
        table = judge.Table(self.base)
        self.log.volumes = [(start + tamper.DATA_OFFSET, size - tamper.DATA_OFFSET)
                            for start, size in map(table.find, (judge.INSTALLED, judge.HOME))]

    def judged(self, path):
        """The disk before it, which goes from state to state, and its judge."""
        replay = powerlog.Replay(self.log, self.base, path)
        for gap in self.before:
            replay.advance(gap)
        return replay, Judge(self, replay)

    def machine_of(self, directory):
        """A copy of what the machine keeps."""
        return shutil.copytree(self.keep, directory / "keep")


def recorded(image, first):
    directory = recording.kept("changed-password", image, lambda new: record(first, new), first_boot.__file__)
    return Change(directory, first.recovery)
