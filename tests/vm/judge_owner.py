# SPDX-License-Identifier: MIT
"""What a machine makes of a disk whose first start was cut off (see powerlog.py): it must ask again, or be its owner's
with every key and everything that was kept."""

import os
from contextlib import contextmanager

import first_boot
import installed
import judge
import powerlog
import tamper
import verdicts

HEADER = 64 << 10
# What the state keeps of the running system's paths, and of ours.
KEPT = ("etc/machine-id", f"var/lib/systemd/home/{first_boot.USER}.identity", "var/lib/atomos/choices.json")
OWNERS = "public-key", "secret-key.sealed"


class Volume:
    """The plain text of an encrypted partition, kept up with the disk's states."""

    def __init__(self, disk, start, size, key, path):
        self.disk, self.start, self.size, self.key, self.path = disk, start + tamper.DATA_OFFSET, size - tamper.DATA_OFFSET, key, path
        with open(path, "wb") as f:
            f.truncate(self.size)

    def renew(self, offset, size):
        """These bytes of the disk are other ones now."""
        first, last = max(offset, self.start) - self.start, min(offset + size, self.start + self.size) - self.start
        if first >= last:
            return
        first, last = first - first % tamper.SECTOR, -(-last // tamper.SECTOR) * tamper.SECTOR
        with open(self.disk, "rb") as disk, open(self.path, "r+b") as plain:
            disk.seek(self.start + first)
            plain.seek(first)
            plain.write(tamper.crypt(self.key, first, disk.read(last - first), False))

    def renew_all(self):
        """Whatever of the disk isn't a hole."""
        with open(self.disk, "rb") as disk:
            at, end = self.start, self.start + self.size
            while at < end:
                try:
                    at = os.lseek(disk.fileno(), at, os.SEEK_DATA)
                except OSError:
                    return
                hole = os.lseek(disk.fileno(), at, os.SEEK_HOLE)
                while at < min(hole, end):
                    self.renew(at, min(tamper.CHUNK, hole - at))
                    at += tamper.CHUNK
                at = max(at, hole)

    @contextmanager
    def mounted(self):
        """A copy, mounted as the next start does it: what is in btrfs's log is replayed."""
        copy = self.path.with_suffix(".copy")
        tamper.output("cp", "--reflink=auto", "--sparse=always", self.path, copy)
        try:
            with tamper.mounted(copy) as directory:
                yield directory
        finally:
            copy.unlink()


class Judge(verdicts.Judge):
    """Judges the states of a first start. `final` is the disk behind it; missing(state, homes, tokens) says what is missing in
    the two mounted file systems and the header's tokens, or nothing."""

    few, many, large = 2, 12, 32 << 20

    def __init__(self, replay, final, words, missing):
        self.path, self.log, self.missing, directory = replay.path, replay.log, missing, replay.path.parent
        # Password and recovery key.
        self.words = [word.encode() for word in words]
        self.root = self.volume(final, judge.INSTALLED, self.words[0], directory / "plain-of-root")
        self.root.renew_all()
        replay.watch = self.root.renew
        with self.final(final, directory) as root:
            self.home_key = (root / "state/atomos/home.key").read_bytes()
        self.home = self.volume(final, judge.HOME, self.home_key, directory / "plain-of-homes")
        self.home.renew_all()
        replay.watch = self.changed
        self.verified, self.is_owned = {}, False

    def volume(self, final, kind, secret, path):
        start, size = judge.Table(final).find(kind)
        return Volume(self.path, start, size, tamper.volume_key(final, start, secret), path)

    @contextmanager
    def final(self, final, directory):
        """The root at the end of the recording."""
        whole = Volume(final, self.root.start - tamper.DATA_OFFSET, self.root.size + tamper.DATA_OFFSET, self.root.key,
                       directory / "plain-of-final")
        whole.renew_all()
        with whole.mounted() as root:
            yield root
        whole.path.unlink()

    def changed(self, offset, size):
        self.root.renew(offset, size)
        self.home.renew(offset, size)

    def places(self):
        return [*super().places(), (self.root.start - tamper.DATA_OFFSET, HEADER)]

    def verdict(self, flush=None, tail=None, kept=()):
        """Who owns it once owns it for ever."""
        verdict, reason = self.look()
        if not tail and verdict == "asks" and self.is_owned:
            return "failure", "the generic password opens it again"
        self.is_owned |= verdict == "owned"
        if verdict == "failure":
            return verdict, reason
        good, said = self.verify(flush, kept, tamper.PASSWORD if verdict == "asks" else self.words[0])
        return (verdict if good else "failure"), f"{said}; {reason}"

    def verify(self, flush, kept, word):
        """Verifies the whole system, once for each content of the volume and each who opens it."""
        content = word, *self.content(flush, kept, self.root.start, self.root.size)
        if content not in self.verified:
            self.verified[content] = judge.verify(self.path, word)
        return self.verified[content]

    def look(self):
        """Who opens this state, and has what is theirs."""
        table = judge.Table(self.path, [(judge.INSTALLED, tamper.PASSWORD)])
        by = f"read by its {' and '.join(judge.copies(self.path))} table"
        if not table.find(judge.INSTALLED):
            return "failure", table.why or f"no root of ours; {by}"
        if table.opens(0):
            return "asks", by
        table = judge.Table(self.path, [*((judge.INSTALLED, word) for word in self.words), (judge.HOME, self.home_key)])
        if not all(table.opens(n) for n in range(3)):
            return "failure", f"password, recovery key, partition of homes: {'; '.join(table.answers)}"
        return self.owned(by)

    def owned(self, by):
        """Everything that makes the machine usable is there, as a start finds it."""
        tokens = installed.tokens_at(self.path, self.root.start - tamper.DATA_OFFSET)
        with self.root.mounted() as root, self.home.mounted() as homes:
            if (root / "state/atomos/home.key").read_bytes() != self.home_key:
                return "failure", "the key of the homes isn't the one in the state"
            missing = self.missing(root / "state", homes, tokens.values())
        return ("failure", missing) if missing else ("owned", by)


class FirstStart:
    """A recorded one: `base` is the disk before it, `log` what was written, `final` the disk behind it, and `recovery` the
    recovery key. A kind of them has the owner's `password` and `keymap`, and home_missing(file) as missing()."""

    kept = KEPT

    def missing(self, state, homes, tokens):
        """What the owner had and a start doesn't find."""
        keymaps = [token["keymap"] for token in tokens if token["type"] == "atomos-keymap"]
        if keymaps != [self.keymap]:
            return f"the prompt's keyboard is {keymaps or 'not noted'}"
        for file in (*(state / "root" / name for name in self.kept), *(state / "atomos/owner" / name for name in OWNERS)):
            if not file.exists() or not file.stat().st_size:
                return f"{file.name} isn't there"
        return self.home_missing(homes / f"{first_boot.USER}.home")

    def judge(self, replay):
        return Judge(replay, self.final, (self.password, self.recovery), self.missing)

    def judge_all(self, name, path, seed):
        """Until the last step it asks again; from then on the owner has everything."""
        replay = powerlog.Replay(self.log, self.base, path)
        counts = self.judge(replay).run(name, self.log, replay, seed)
        replay.close()
        assert counts["asks"] > 10 and counts["owned"] > 2

    def asks(self, path):
        """Whether a disk in one of the states opens with the generic password."""
        return judge.Table(path, [(judge.INSTALLED, tamper.PASSWORD)]).opens(0)
