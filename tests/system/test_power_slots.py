# SPDX-License-Identifier: MIT
"""The power fails while somebody changes who opens an owner's disk: in every state that a cut can leave it opens with the old
or with the new, and once the old one is gone everything else of the new one is on the disk. build/power/results-* have all."""

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from types import SimpleNamespace

import pexpect
import pytest

import judge
import powerlog
import recording
import tamper
import verdicts
from laidout import ANNA, SIZE, Machine
from sealed import seal, sealed_with

SEED = int(os.environ.get("ATOMOS_TEST_SEED", "1"))
MIB = 1 << 20
# Where the encrypted volume's header lies, and a file system for what the state keeps (in plain, and beside it).
ROOT, STATE = (MIB, SIZE), (MIB + SIZE, 256 * MIB)
FIRST, SECOND = "seven unlikely lamps", "nine other lamps"
RECOVERY = "cccccccc-bbbbbbbb-dddddddd-eeeeeeee-ffffffff-gggggggg-hhhhhhhh-iiiiiiii"
SLOTS = ((FIRST, {"type": "atomos-password", "user": ANNA}), (RECOVERY, {"type": "systemd-recovery"}))
BOBS = ("five lamps of bob", {"type": "atomos-password", "user": "bob"})
OPENS = "A password or recovery key that opens the disk"
SEALED, RECORD, HOMED = "state/atomos/owner/secret-key.sealed", f"var/atomos/slots/{ANNA}", f"var/systemd/home/{ANNA}.identity"


def make_disk(path, header):
    """Two partitions: an owner's volume, of which only the header is there, and an empty file system."""
    with open(path, "wb") as f:
        f.truncate(ROOT[1] + STATE[1] + 4 * MIB)
    lines = [f"start={s // 512}, size={n // 512}, type={t}" for (s, n), t in ((ROOT, judge.INSTALLED), (STATE, recording.LINUX))]
    tamper.output("sfdisk", "--quiet", path, input="\n".join(["label: gpt", *lines, ""]).encode())
    tamper.output("dd", f"if={header}", f"of={path}", "bs=1M", f"seek={ROOT[0] // MIB}", "conv=notrunc", "status=none")
    plain = path.with_suffix(".btrfs")
    with open(plain, "wb") as f:
        f.truncate(STATE[1])
    tamper.output("mkfs.btrfs", "-q", plain)
    tamper.output("dd", f"if={plain}", f"of={path}", "bs=1M", f"seek={STATE[0] // MIB}", "conv=notrunc,sparse", "status=none")
    plain.unlink()


def area(start, size):
    return "--offset", str(start), "--sizelimit", str(size)


@contextmanager
def mounted(device, directory):
    directory.mkdir()
    tamper.output("mount", "-t", "btrfs", device, directory)
    try:
        yield directory
    finally:
        tamper.output("umount", directory)


def record(directory, slots, logs_in_with, act):
    """What reaches the disk while act(machine) goes on, up to the moment in which it is done: base, log, what it returned
    and what the note on the account's slot should say."""
    m = Machine(directory, slots)
    base, disk = directory / "base", directory / "recorded"
    make_disk(base, m.disk)
    with tamper.mounted(base, area=STATE) as state:
        shutil.copytree(m.var, state / "var")
        (state / "state/atomos/owner").mkdir(parents=True)
        (state / SEALED).write_bytes(seal(b"a signing key", FIRST))
        m.var = state / "var"
        m.logs_in_with(logs_in_with)
        hashes = json.loads((state / HOMED).read_text())["privileged"]["hashedPassword"]
        (state / RECORD).write_text("of another password")
    tamper.output("cp", "--sparse=always", base, disk)
    with powerlog.Recorder(disk, directory / "log") as recorder:
        m.use(recorder.attach(*area(*ROOT)))
        with mounted(recorder.attach(*area(*STATE)), directory / "mounted") as state:
            m.var, m.state = state / "var", state / "state"
            result = act(m)
            # Whatever isn't flushed now is lost.
            shutil.copy(directory / "log", directory / "log-then")
            header = m.header()
    slots = {t["user"]: t["keyslots"][0] for t in header["tokens"].values() if "user" in t}
    salt = header["keyslots"][slots[ANNA]]["kdf"]["salt"] if ANNA in slots else "none"
    digest = hashlib.sha256(json.dumps(hashes, separators=(",", ":")).encode()).hexdigest()
    return SimpleNamespace(base=base, log=powerlog.Log(directory / "log-then"), result=result, note=f"{digest} {salt}")


class Judge(verdicts.Judge):
    """`old` and `new`: secrets of which one opens at least, in the end only the new one (None: nothing new came); `stay`: what
    opens always. `written(state, note)`: whether all else is on the disk when the old one doesn't open any more."""

    few, many = 3, 9

    def __init__(self, recorded, replay, old, new, stay, written=None):
        self.replay, self.old, self.new, self.stay, self.written = replay, old, new, stay, written
        self.log, self.note, self.gone, self.seen = recorded.log, recorded.note, False, {}

    def places(self):
        return [ROOT]

    def verdict(self, flush=None, tail=None, kept=()):
        secrets = [*self.stay, self.old, *([self.new] if self.new else [])]
        table = judge.Table(self.replay.path, [(judge.INSTALLED, secret.encode()) for secret in secrets])
        opens = {secret: table.opens(n) for n, secret in enumerate(secrets)}
        by = f"opens with {[s for s, good in opens.items() if good]}"
        if not all(opens[s] for s in self.stay):
            return "failure", f"what stays is gone; {by}"
        old, new = opens[self.old], bool(self.new) and opens[self.new]
        if self.new and not old and not new:
            return "failure", f"neither the old nor the new; {by}"
        if not tail:
            if self.gone and old:
                return "failure", f"the old one is back; {by}"
            self.gone |= not old
        if old:
            return "both" if new else "old", by
        if self.written and not self.is_written(flush, kept):
            return "failure", f"only the new one, and not all of it is there; {by}"
        return "new", by

    def is_written(self, flush, kept):
        """Once for each content, on a copy: btrfs replays its log."""
        content = self.content(flush, kept, *STATE)
        if content not in self.seen:
            copy = self.replay.path.with_suffix(".copy")
            tamper.output("cp", "--reflink=auto", self.replay.path, copy)
            with tamper.mounted(copy, area=STATE) as state:
                self.seen[content] = self.written(state, self.note)
            copy.unlink()
        return self.seen[content]


def judge_all(name, recorded, directory, *secrets, written=None):
    """Every state, and what is there when the verb says that it is done."""
    replay = powerlog.Replay(recorded.log, recorded.base, directory / "disk-of-states")
    j = Judge(recorded, replay, *secrets, written)
    counts = j.run(name, recorded.log, replay, SEED)
    replay.close()
    done = powerlog.Replay(recorded.log, recorded.base, directory / "disk-then")
    for gap in recorded.log.gaps[:recorded.log.flushes()]:
        done.advance(gap)
    assert Judge(recorded, done, *secrets, written).verdict()[0] == "new"
    done.close()
    assert counts.get("old") and counts.get("new")
    return counts


@pytest.fixture(autouse=True)
def work():
    recording.WORK.mkdir(parents=True, exist_ok=True)


def done(machine, *words, answers):
    code, said = machine.tell(*words, answers=answers)
    assert code == 0, said
    return said


def test_mended_password(tmp_path):
    """Slot, sealed key and note: the old slot goes when all of the new is there."""
    def act(m):
        done(m, "passwd", "--mend", answers=[(f"Present password of {ANNA}", SECOND), ("The disk's password, or the recovery key", FIRST)])

    def written(state, note):
        return sealed_with((state / SEALED).read_bytes(), SECOND) and (state / RECORD).read_text() == note
    recorded = record(tmp_path, SLOTS, SECOND, act)
    counts = judge_all("passwd", recorded, tmp_path, FIRST, SECOND, [RECOVERY], written=written)
    assert counts.get("both")


@pytest.mark.long
def test_enrolled_password(tmp_path):
    def act(m):
        done(m, "enroll", "password", ANNA, answers=[(OPENS, RECOVERY), (f"Password that {ANNA} logs in with", SECOND)])
    recorded = record(tmp_path, SLOTS, SECOND, act)
    judge_all("enroll-password", recorded, tmp_path, FIRST, SECOND, [RECOVERY],
              written=lambda state, note: (state / RECORD).read_text() == note)


@pytest.mark.long
def test_recovery_key(tmp_path):
    def act(m):
        with m.started("enroll", "recovery") as child:
            m.answer(child, OPENS, FIRST)
            child.expect(r"((?:[a-v]{8}-){7}[a-v]{8})")
            key = child.match.group(1)
            child.expect(r"Its group (\d) \(of 8\): ")
            child.sendline(key.split("-")[int(child.match.group(1)) - 1])
            child.expect(pexpect.EOF)
            child.close()
            assert child.exitstatus == 0
            return key
    recorded = record(tmp_path, SLOTS, FIRST, act)
    judge_all("enroll-recovery", recorded, tmp_path, RECOVERY, recorded.result, [FIRST])


@pytest.mark.long
def test_removed_slot(tmp_path):
    """Bob's goes; nothing else does, in no state."""
    def act(m):
        number = next(t["keyslots"][0] for t in m.header()["tokens"].values() if t.get("user") == "bob")
        done(m, "enroll", "remove", number, answers=[(f"{OPENS} and stays", FIRST)])
    recorded = record(tmp_path, (*SLOTS, BOBS), FIRST, act)
    judge_all("enroll-remove", recorded, tmp_path, BOBS[0], None, [FIRST, RECOVERY])
