# SPDX-License-Identifier: MIT
"""What an owner's machine has of the disk's secrets in memory, half a minute after the log-in."""

import mmap
import secrets
import time

import pytest

import installed
import tamper
import vm
from disks import open_image

pytestmark = pytest.mark.long
PASSWORD = b"seven unlikely lamps"


@pytest.fixture(scope="module")
def image(image):
    """These disks have no owner's account to log in with: the medium's stays."""
    return open_image(image)


def dump(m, path):
    """All of the machine's memory into a file."""
    m.qmp("dump-guest-memory", paging=False, protocol=f"file:{path}", detach=True)
    deadline = time.monotonic() + 300 * vm.PATIENCE
    while (status := m.qmp("query-dump")["status"]) == "active":
        assert time.monotonic() < deadline, "the dump doesn't end"
        time.sleep(1)
    assert status == "completed"


def places(memory, needle):
    """Where these bytes are."""
    found, at = [], memory.find(needle)
    while at >= 0:
        found.append(at)
        at = memory.find(needle, at + 1)
    return found


def around(memory, at):
    """What is near, for the message of a failure."""
    return memory[max(at - 96, 0):at + 160]


def assert_no_copy(memory, secret, what):
    found = places(memory, secret)
    assert not found, f"{len(found)} copies of {what}: " + "\n".join(f"{at:#x} {around(memory, at)!r}" for at in found[:8])


def assert_only_dm_crypts(memory, key, what):
    """dm-crypt keeps the key as it was given, and each half in the schedule of its cipher (AES-256: the first two
    round keys are the key, and the first of them is the last one of the way back): docs/trust.md."""
    assert len(key) == 64
    assert len(places(memory, key)) == 1, what
    assert [len(places(memory, half)) for half in (key[:32], key[32:])] == [2, 2], what
    assert [len(places(memory, first)) for first in (key[:16], key[32:48])] == [3, 3], what


def test_no_secret_of_the_disk_stays_in_memory(machine, copy, tmp_path):
    path = installed.owned(copy, PASSWORD)
    marker = f"marker-{secrets.token_hex(16)}"
    m = machine(image=path)
    m.expect("Password for this AtomOS disk")
    m.send(PASSWORD.decode())
    m.login(root=False)
    m.run(f"export MARKER={marker}")
    assert "init_on_free=1" in m.run("cat /proc/cmdline").split()
    time.sleep(30)
    dump(m, tmp_path / "memory")
    root = tamper.volume_key(path, tamper.partition(path, installed.INSTALLED_ROOT)[0], PASSWORD)
    with open(tmp_path / "memory", "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        assert places(memory, marker.encode()), "a search that finds nothing proves nothing"
        assert_only_dm_crypts(memory, root, "the root's key")
        assert_no_copy(memory, PASSWORD, "the password")
    (tmp_path / "memory").unlink()
