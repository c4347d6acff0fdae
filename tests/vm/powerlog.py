# SPDX-License-Identifier: MIT
"""Power cuts: records what reaches a disk, in order, and makes again every state that a cut could leave.

The log is QEMU's blklogwrites, in dm-log-writes' form: a block of the log for the superblock, then for each
request a block that describes it and its data. Between two flushes a disk may have kept any of what was
written, in any order, sector by sector."""

import json
import mmap
import os
import random
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

MAGIC, VERSION = 0x6A736677736872, 1
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
SECTOR = 512
CRYPT_SECTOR = 4096
TAILS = ("subset", "last", "sectors")


def blockdevs(disk, log, node):
    """Arguments for QEMU: a node that is this disk, all of whose writes go to the log too."""
    return ["--blockdev", f"driver=file,node-name={node}-file,filename={disk},cache.no-flush=on",
            "--blockdev", f"driver=file,node-name={node}-log,filename={log},cache.no-flush=on",
            "--blockdev", f"driver=blklogwrites,node-name={node},file={node}-file,log={node}-log,log-sector-size={SECTOR}"]


def run(*command, **options):
    """Standard output of a program that must succeed."""
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    assert result.returncode == 0, f"{command[0]}: {result.stderr}"
    return result.stdout


class Write:
    """One request that changes the disk. `durable`: it was there when it was said to be done (FUA)."""

    def __init__(self, offset, size, at, durable):
        self.offset, self.size, self.at, self.durable = offset, size, at, durable

    def touches(self, start, size):
        return self.offset < start + size and start < self.offset + self.size


class Log:
    """A recorded log. `gaps[k]` are the writes between the flush before and flush k; the last gap has no flush."""

    def __init__(self, path):
        self.path = Path(path)
        with open(path, "r+b") as f:
            self.data = mmap.mmap(f.fileno(), 0)
        # (start, size) of encrypted volumes whose sectors a disk keeps or loses as a whole.
        self.volumes = []
        magic, version, count, sector = struct.unpack_from("<QQQI", self.data)
        assert (magic, version) == (MAGIC, VERSION), f"{path} isn't a log of version {VERSION}"
        self.gaps = [[]]
        at = sector
        for _ in range(count):
            start, sectors, flags, length = struct.unpack_from("<QQQQ", self.data, at)
            at += sector
            assert not flags & MARK and length == 0, f"{path}: an entry of an unknown kind"
            if flags & FLUSH:
                self.gaps.append([])
            if sectors:
                write = Write(start * SECTOR, sectors * SECTOR, None if flags & DISCARD else at, bool(flags & FUA))
                self.gaps[-1].append(write)
                at += 0 if flags & DISCARD else write.size
        assert at <= len(self.data), f"{path} is cut off"

    def flushes(self):
        return len(self.gaps) - 1

    def bytes(self, write):
        """What was written; a discarded area reads as zeros."""
        return bytes(write.size) if write.at is None else self.data[write.at:write.at + write.size]

    def unit(self, write):
        """What a disk keeps or loses as a whole of this write."""
        return CRYPT_SECTOR if any(write.touches(*volume) for volume in self.volumes) else SECTOR

    def transform(self, start, size, crypt):
        """Replaces what was recorded in plain between these places by crypt(place in the volume, data)."""
        for write in (w for gap in self.gaps for w in gap):
            if write.at is None or not write.touches(start, size):
                continue
            inside = write.offset - start
            assert inside >= 0 and inside % CRYPT_SECTOR == 0 and write.size % CRYPT_SECTOR == 0, "not whole sectors"
            self.data[write.at:write.at + write.size] = crypt(inside, self.bytes(write))
        self.data.flush()


def tail(log, gap, kind, generator):
    """[(write, kept sectors or None for all)] of what a disk may have kept of one gap."""
    kept = []
    if kind == "last":
        torn = generator.randrange(len(gap))
        kept = [(w, None) for w in gap[:torn]] + [(gap[torn], torn_sectors(gap[torn], log.unit(gap[torn]), generator))]
    elif kind == "subset":
        share = generator.choice((0.1, 0.5, 0.9))
        kept = [(w, None) for w in gap if generator.random() < share]
    else:
        for w in gap:
            fate = generator.randrange(3)
            if fate:
                kept.append((w, None if fate == 1 else torn_sectors(w, log.unit(w), generator)))
    there = {id(w): sectors for w, sectors in kept}
    return [(w, None if w.durable else there.get(id(w))) for w in gap if w.durable or id(w) in there]


def torn_sectors(write, unit, generator):
    """Some of the sectors of a write, by units."""
    bits, sectors = generator.getrandbits(write.size // SECTOR), unit // SECTOR
    return [i for i in range(write.size // SECTOR) if bits >> (i - i % sectors) & 1]


class Replay:
    """A disk that goes from state to state. `path` is its file."""

    def __init__(self, log, base, path):
        self.log, self.path = log, Path(path)
        run("cp", "--reflink=auto", "--sparse=always", base, path)
        self.file = open(path, "r+b", buffering=0)
        # Told of each change: offset, size.
        self.watch = lambda offset, size: None

    def put(self, write, sectors=None):
        data = self.log.bytes(write)
        if sectors is None:
            self._pwrite(data, write.offset)
        else:
            for i in sectors:
                self._pwrite(data[i * SECTOR:(i + 1) * SECTOR], write.offset + i * SECTOR)
        self.watch(write.offset, write.size)

    def _pwrite(self, data, offset):
        done = 0
        while done < len(data):
            done += os.pwrite(self.file.fileno(), data[done:], offset + done)

    def advance(self, gap):
        for write in gap:
            self.put(write)

    @contextmanager
    def torn(self, kept):
        """The state with these writes on top, for a moment."""
        before = [(w, os.pread(self.file.fileno(), w.size, w.offset)) for w, _ in kept]
        for write, sectors in kept:
            self.put(write, sectors)
        try:
            yield
        finally:
            for write, data in reversed(before):
                self._pwrite(data, write.offset)
                self.watch(write.offset, write.size)

    def close(self):
        self.file.close()
        self.path.unlink()


def states(log, replay, seed, tails):
    """Goes through all states: yields (flush, tail or None, writes of the tail). tails(gap): how many for a gap."""
    yield 0, None, []
    for number, gap in enumerate(log.gaps):
        for n in range(tails(gap) if gap else 0):
            name = f"{seed}/{number}/{n}"
            kept = tail(log, gap, TAILS[n % len(TAILS)], random.Random(name))
            with replay.torn(kept):
                yield number, f"{TAILS[n % len(TAILS)]}:{name}", kept
        replay.advance(gap)
        if number < log.flushes():
            yield number + 1, None, []


def last(log, base, path, is_so):
    """The disk at the last flush at which this is so, and the number of that flush."""
    ahead, number = Replay(log, base, path), None
    for flush, gap in enumerate(log.gaps[:-1], 1):
        ahead.advance(gap)
        if is_so(ahead.path):
            number = flush
        elif number:
            break
    ahead.close()
    assert number, "it is never so"
    replay = Replay(log, base, path)
    for gap in log.gaps[:number]:
        replay.advance(gap)
    return replay, number


# -- recording without a machine ---------------------------------------------------------------


OPENER = '''#!/usr/bin/env python3
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect({path!r})
    s.sendall((" ".join(sys.argv[1:]) + "\\n").encode())
    answer = s.makefile().read()
print(answer)
sys.exit(not answer)
'''
FILE_OPENER = '''#!/bin/sh
case $1 in
open) device=$(losetup --find --show --offset "$2" --sizelimit "$3" '{path}') && cd "/sys/block/${{device#/dev/}}" &&
	echo 0 >queue/discard_max_bytes && cat stat >'{path}.stat' && echo "$device" ;;
close) cat "/sys/block/${{2#/dev/}}/stat" >>'{path}.stat' && exec losetup --detach "$2" ;;
esac
'''


def write_opener(file, text, path):
    """The program that install-disk asks for its volume's device."""
    file.write_text(text.format(path=str(path)))
    file.chmod(0o755)
    return file


def loop(*options):
    """A new loop device, and what was written to its predecessors of the same name."""
    device = run("losetup", "--find", "--show", *options).strip()
    # dm-crypt passes no discards on, unless it is told to.
    Path("/sys/block", device.removeprefix("/dev/"), "queue/discard_max_bytes").write_text("0")
    return device, bytes_written(device)


def bytes_written(device):
    """What a block device was asked to write so far."""
    return stat_written(Path("/sys/block", device.removeprefix("/dev/"), "stat").read_text())


def stat_written(stat):
    return int(stat.split()[6]) * SECTOR


class File:
    """A file as a disk on a loop device, for an installation; nothing is recorded."""

    def __init__(self, file):
        self.file = Path(file)
        self.stat = Path(f"{file}.stat")

    def __enter__(self):
        self.opener = write_opener(Path(f"{self.file}.opener"), FILE_OPENER, self.file)
        self.device, self.before = loop(self.file)
        return self

    def __exit__(self, *_):
        run("losetup", "--detach", self.device)
        self.opener.unlink()
        self.stat.unlink(missing_ok=True)

    def written(self):
        """Bytes written to the disk, and to the volume in it once that is closed."""
        volume = [stat_written(line) for line in self.stat.read_text().splitlines()]
        return bytes_written(self.device) - self.before + volume[1] - volume[0]


class Drive:
    """A disk on a loop device, its node `disk` shown as a file by qemu-storage-daemon."""

    def __init__(self, arguments, loop_options=()):
        self.arguments, self.loop_options, self.loops, self.exports, self.volumes = arguments, loop_options, {}, 0, 0

    def __enter__(self):
        # Short: the path of a socket has 107 bytes at most.
        self.directory = Path(tempfile.mkdtemp(prefix="atomos-power-", dir="/tmp"))
        self.qmp_path, self.socket_path = self.directory / "qmp", self.directory / "opener.sock"
        self.daemon = subprocess.Popen(
            ["qemu-storage-daemon", *self.arguments, "--chardev",
             f"socket,id=qmp,path={self.qmp_path},server=on,wait=off", "--monitor", "chardev=qmp"])
        deadline = time.monotonic() + 30
        while not self.qmp_path.exists():
            assert self.daemon.poll() is None and time.monotonic() < deadline, "qemu-storage-daemon doesn't start"
            time.sleep(0.02)
        self.device = self.attach(*self.loop_options)
        self._serve()
        return self

    def __exit__(self, *_):
        self.listener.close()
        for device in reversed(self.loops):
            run("losetup", "--detach", device)
        self.daemon.terminate()
        self.daemon.wait()
        shutil.rmtree(self.directory)

    def qmp(self, command, **arguments):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.qmp_path))
            stream = s.makefile("rw")
            stream.readline()
            for request in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                while "return" not in (answer := json.loads(stream.readline())):
                    assert "error" not in answer, f"{command}: {answer['error']['desc']}"

    def attach(self, *options):
        """A loop device that is the disk, or a part of it; on a file of its own, since mkfs.btrfs takes two devices on one
        file for the same."""
        self.exports += 1
        name = f"disk{self.exports}"
        file = self.directory / name
        file.touch()
        self.qmp("block-export-add", type="fuse", id=name, **{"node-name": "disk"}, mountpoint=str(file), writable=True)
        device, before = loop(*options, file)
        self.loops[device] = before
        return device

    def written(self):
        """Bytes written to the disk, and to the volume in it once that is closed."""
        return self.volumes + bytes_written(self.device) - self.loops[self.device]

    def detach(self, device):
        self.volumes += bytes_written(device) - self.loops.pop(device)
        run("losetup", "--detach", device)

    def _serve(self):
        """Programs in another mount namespace don't see the exported files: they ask here."""
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket_path))
        self.listener.listen()
        threading.Thread(target=self._answer, daemon=True).start()
        self.opener = write_opener(self.directory / "opener", OPENER, self.socket_path)

    def _answer(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                words = connection.makefile("r").readline().split()
                # Whoever gets no answer says so.
                with suppress(AssertionError):
                    if words[0] == "open":
                        answer = self.attach("--offset", words[1], "--sizelimit", words[2])
                    else:
                        answer = self.detach(words[1]) or "closed"
                    connection.sendall(answer.encode())


class Recorder(Drive):
    """One whose writes all go through a log; those to the volume in plain (see Log.transform)."""

    def __init__(self, disk, log, *loop_options):
        Path(log).write_bytes(b"")
        super().__init__(blockdevs(disk, log, "disk"), loop_options)


class Slow(Drive):
    """One that takes and gives at most so many bytes a second."""

    def __init__(self, disk, rate):
        super().__init__(["--object", f"throttle-group,id=rate,x-bps-total={rate}",
                          "--blockdev", f"driver=file,node-name=disk-file,filename={disk},cache.no-flush=on",
                          "--blockdev", "driver=throttle,node-name=disk,throttle-group=rate,file=disk-file"])
