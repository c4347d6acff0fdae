# SPDX-License-Identifier: MIT
"""The power fails while AtomOS is installed: every state that a cut can leave is the old system, an installation
that says it was interrupted, or a whole one. Recorded and replayed natively; build/power/results-* have all states."""

import os
import random

import pytest

import judge
import owning
import powerlog
import recording
import tamper
import verdicts

pytestmark = pytest.mark.xdist_group("image")
SEED = int(os.environ.get("ATOMOS_TEST_SEED", "1"))
# btrfs's first, and what it says of its log.
SUPERBLOCK = 64 << 10
LOG_ROOT = SUPERBLOCK + 0x60


class Judge(verdicts.Judge):
    """Judges states of one recording."""

    def __init__(self, log, replay, table, beside):
        self.log, self.replay, self.table, self.beside = log, replay, table, beside
        self.mbr = os.pread(replay.file.fileno(), 512, 0)
        # Before each gap: has anything been written where the other system lies?
        self.touched = [False]
        for gap in log.gaps:
            self.touched.append(self.touched[-1] or any(w.touches(*recording.THEIRS) for w in gap))
        self.verified = {}

    def theirs(self, table, flush, kept):
        """The other system is what the disk's table says, and no byte of it was written."""
        if self.touched[flush] or any(w.touches(*recording.THEIRS) for w, _ in kept):
            return False
        if self.table == "dos":
            return os.pread(self.replay.file.fileno(), 512, 0) == self.mbr
        return any(guid == recording.THEIR_GUID and (start, size) == recording.THEIRS for _, guid, start, size in table.partitions)

    def verdict(self, flush, tail, kept):
        table = judge.Table(self.replay.path, [(judge.INSTALLED, tamper.PASSWORD)])
        by = f"read by its {' and '.join(judge.copies(self.replay.path)) or 'MBR'} table"
        theirs = self.theirs(table, flush, kept)
        if self.beside and not theirs:
            return "failure", f"the other system is gone or altered; {table.why or by}"
        if table.find(judge.INSTALLED):
            if not table.opens(0):
                return "failure", f"the volume doesn't open: {table.answers[0]}"
            good, said = self.verify(flush, kept, table)
            return "installed" if good else "failure", f"{said}; {by}"
        if table.find(judge.UNFINISHED):
            return "unfinished", by
        return ("old", by) if theirs else ("failure", table.why or f"neither the old system nor ours; {by}")

    def verify(self, flush, kept, table):
        """Verifies the whole system, once for each content of the volume."""
        content = self.content(flush, kept, *table.find(judge.INSTALLED))
        if content not in self.verified:
            self.verified[content] = judge.verify(self.replay.path)
        return self.verified[content]


# The quickest over another system, and beside one; the rest in make check-all.
@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.long] if n == "over-mbr" else [])
                                  for n in recording.RECORDINGS])
def test_every_state(image, medium, tmp_path, name):
    table, space = recording.RECORDINGS[name]
    directory = recording.recorded(name, image, medium)
    log = powerlog.Log(directory / "log")
    replay = powerlog.Replay(log, directory / "base", tmp_path / "disk")
    j = Judge(log, replay, table, bool(space))
    counts = j.run(name, log, replay, SEED)
    replay.close()
    assert counts.get("old") and counts.get("installed")
    assert bool(counts.get("unfinished")) == (not space)


def test_installs_again_over_an_interrupted_one(image, medium, tmp_path):
    """From the medium simply started again, onto what a cut in the middle of the copy left."""
    directory = recording.recorded("over-gpt", image, medium)
    log = powerlog.Log(directory / "log")
    replay = powerlog.Replay(log, directory / "base", tmp_path / "disk")
    largest = max(range(len(log.gaps)), key=lambda n: sum(w.size for w in log.gaps[n]))
    for gap in log.gaps[:largest]:
        replay.advance(gap)
    for write, sectors in powerlog.tail(log, log.gaps[largest], "sectors", random.Random(SEED)):
        replay.put(write, sectors)
    assert judge.Table(replay.path).find(judge.UNFINISHED)
    good, said = judge.verify(replay.path)
    assert not good and "was interrupted: start the medium again" in said
    with powerlog.File(replay.path) as disk:
        recording.install(medium, disk.device, disk.opener)
    recording.convert(replay.path, judge.INSTALLED, tamper.PASSWORD)
    good, said = judge.verify(replay.path)
    assert good, said
    replay.close()


def test_verifies_with_a_log_to_replay(image, medium, tmp_path):
    """The power failed just after something was written to the state: btrfs has it in its log."""
    path = recording.installed(image, medium, tmp_path / "disk")
    recording.convert(path, judge.INSTALLED, tamper.PASSWORD, encrypt=False)
    start, size = judge.Table(path).find(judge.INSTALLED)
    start, size = start + tamper.DATA_OFFSET, size - tamper.DATA_OFFSET
    cut = tmp_path / "cut"
    with tamper.mounted(path, area=(start, size)) as root:
        with open(root / "state/letter", "w") as f:
            f.write("Dear Anna")
            f.flush()
            os.fsync(f.fileno())
        # No zeros of a block become a hole: a hole isn't encrypted below.
        tamper.output("cp", "--sparse=auto", path, cut)
    with open(cut, "rb") as f:
        f.seek(start + LOG_ROOT)
        assert f.read(8) != bytes(8), "btrfs has nothing to replay"
    recording.convert(cut, judge.INSTALLED, tamper.PASSWORD)
    good, said = judge.verify(cut)
    assert good, said


def test_verifies_with_a_torn_superblock(image, medium, tmp_path):
    """A drive tore the first one: the boot mends it (tests/vm/test_power.py), and here it is taken for what it will be."""
    path = recording.installed(image, medium, tmp_path / "disk")
    with open(path, "r+b") as disk:
        disk.seek(judge.Table(path).find(judge.INSTALLED)[0] + tamper.DATA_OFFSET + SUPERBLOCK)
        disk.write(bytes(powerlog.SECTOR))
    good, said = judge.verify(path)
    assert good, said


@pytest.fixture(scope="module")
def first_start(image, medium, tmp_path_factory):
    return owning.recorded(image, medium, tmp_path_factory.mktemp("first-start"))


@pytest.mark.long
def test_every_state_of_the_first_start(first_start, tmp_path):
    first_start.judge_all("first-start", tmp_path / "disk", SEED)


def test_first_start_is_as_signed(first_start, tmp_path):
    """The first and the last state of each verdict, after a flush: the system is whole. In make check-all it is every state."""
    log = first_start.log
    replay, last = powerlog.last(log, first_start.base, tmp_path / "ahead", first_start.asks)
    replay.close()
    replay = powerlog.Replay(log, first_start.base, tmp_path / "disk")
    its_judge = first_start.judge(replay)
    for flush, gap in enumerate(log.gaps):
        if flush in (0, last, last + 1, log.flushes()):
            verdict, said = its_judge.verdict(flush)
            assert verdict == ("asks" if flush <= last else "owned") and "paths as signed" in said, f"{flush}: {said}"
        replay.advance(gap)
    replay.close()


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_first_start_again(first_start, tmp_path, share):
    """The questions are answered once more, after a cut in the middle and one when the owner's slots were made."""
    log, work = first_start.log, tmp_path / "again"
    replay = powerlog.Replay(log, first_start.base, tmp_path / "disk")
    for gap in log.gaps[:int(log.flushes() * share)]:
        replay.advance(gap)
    replay.file.close()
    assert judge.Table(replay.path, [(judge.INSTALLED, tamper.PASSWORD)]).opens(0)
    work.mkdir()
    again = owning.FirstStart(replay.path, work)
    tries = [(judge.INSTALLED, owning.PASSWORD.encode()), (judge.INSTALLED, again.recovery.encode()),
             (judge.HOME, again.secrets[judge.HOME]), (judge.INSTALLED, tamper.PASSWORD), (judge.INSTALLED, first_start.recovery.encode())]
    table = judge.Table(again.final, tries)
    assert [table.opens(n) for n in range(5)] == [True, True, True, False, False]
    end = powerlog.Replay(again.log, again.base, work / "disk")
    j = again.judge(end)
    for gap in again.log.gaps:
        end.advance(gap)
    verdict, said = j.verdict()
    assert verdict == "owned", said
    end.close()
