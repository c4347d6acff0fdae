# SPDX-License-Identifier: MIT
"""What an owner's machine has of its secrets in memory, half a minute after the log-in or the first start."""

import mmap
import secrets
import time
from contextlib import contextmanager

import pytest

import first_boot
import installed
import judge_owner
import starting
import tamper
import vm
from disks import open_image

pytestmark = [pytest.mark.xdist_group("memory"), pytest.mark.long]
PASSWORD = b"four green kettles hum"
OWNERS = first_boot.OWNER_PASSWORD.encode()
# Seconds after which nothing of a log-in is under way any more.
SETTLED = 30


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
    """dm-crypt keeps the key as it was given, unless the kernel's keyring gave it, and each half in the schedules of its
    cipher, there and back: docs/trust.md. The first round key is the last one of the way back; with AES-256 the second
    belongs to the key, too."""
    half = len(key) // 2
    assert half in (16, 32)
    schedule = [0, 1, 1, 2, 2] if half == 32 else [0, 2, 2, 2, 2]
    parts = [key, key[:half], key[half:], key[:16], key[half:half + 16]]
    found = [len(places(memory, part)) for part in parts]
    assert found in (schedule, [n + 1 for n in schedule]), f"{what}: {found}"


@contextmanager
def searched(path, witness):
    """A dump, to search in; it is removed. `witness` must be in it."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        assert places(memory, witness), "a search that finds nothing proves nothing"
        yield memory
    path.unlink()


def test_no_secret_of_the_disk_stays_in_memory(machine, copy, tmp_path):
    path = installed.owned(copy, PASSWORD)
    marker = f"marker-{secrets.token_hex(16)}"
    m = machine(image=path)
    m.expect("Password for this AtomOS disk")
    m.send(PASSWORD.decode())
    m.login(root=False)
    m.run(f"export MARKER={marker}")
    assert "init_on_free=1" in m.run("cat /proc/cmdline").split()
    time.sleep(SETTLED)
    dump(m, tmp_path / "memory")
    root = tamper.volume_key(path, tamper.partition(path, installed.INSTALLED_ROOT)[0], PASSWORD)
    with searched(tmp_path / "memory", marker.encode()) as memory:
        assert_only_dm_crypts(memory, root, "the root's key")
        assert_no_copy(memory, PASSWORD, "the password")


class Owner(first_boot.Owned):
    """A machine whose first start was answered on the full screens, and `dump`, its memory half a minute later."""

    def __init__(self, image, directory):
        self.dump = directory / "memory"

        def meanwhile(m, _):
            time.sleep(SETTLED)
            dump(m, self.dump)
        super().__init__(image, directory, meanwhile=meanwhile, answers=first_boot.answer_on_screens)
        self.keys = self._keys(directory)

    def _plain(self, kind, secret, path):
        start, size = tamper.partition(self.path, kind)
        key = tamper.volume_key(self.path, start, secret)
        volume = judge_owner.Volume(self.path, start, size, key, path)
        volume.renew_all()
        return key, volume

    def _keys(self, directory):
        """The volume keys by what they open."""
        root, volume = self._plain(installed.INSTALLED_ROOT, OWNERS, directory / "plain-of-root")
        with volume.mounted() as tree:
            secret = (tree / "state/atomos/home.key").read_bytes()
        homes, volume = self._plain(installed.HOME, secret, directory / "plain-of-homes")
        with volume.mounted() as tree:
            file = tree / f"{first_boot.USER}.home"
            home = tamper.volume_key(file, starting.volume_of(file), OWNERS)
        return {"the root": root, "the partition of the homes": homes, "the user's home": home}


@pytest.fixture(scope="module")
def owner(image, tmp_path_factory):
    return Owner(image, tmp_path_factory.mktemp("owner"))


def wide(text):
    """As ncurses has what is typed and shown: four bytes a letter."""
    return text.decode().encode("utf-32-le")


def assert_no_password(memory):
    """Neither whole nor as what the C library leaves of a piece that it got back, whose first 16 bytes are its own."""
    assert_no_copy(memory, OWNERS, "the password")
    assert_no_copy(memory, OWNERS[-12:], "the end of the password")
    assert_no_copy(memory, wide(OWNERS[-12:]), "the end of the password in wide letters")


def test_no_secret_of_the_first_start_stays_in_memory(owner):
    """The home is closed again. What opened the disk for everybody was taken away, but its volume key is the same."""
    with searched(owner.dump, b"Anna Beispiel") as memory:
        assert_no_password(memory)
        for group in owner.recovery.split("-"):
            for form in (group.encode(), wide(group.encode())):
                assert_no_copy(memory, form, "the recovery key")
        for what in ("the root", "the partition of the homes"):
            assert_only_dm_crypts(memory, owner.keys[what], what)
        assert_no_copy(memory, owner.keys["the user's home"], "the key of the user's home")


def test_no_secret_of_the_owner_stays_in_memory(machine, owner, tmp_path):
    """Opened by the TPM; log-in on the console, and sudo."""
    marker = f"marker-{secrets.token_hex(16)}"
    m = machine(image=owner.path, keep=owner.keep)
    m.login(first_boot.USER, first_boot.OWNER_PASSWORD, root=False)
    assert "Password for this AtomOS disk" not in m.said()
    code, said = m.dialog("sudo true", ("assword for", first_boot.OWNER_PASSWORD))
    assert code == 0, said
    m.run(f"export MARKER={marker}")
    time.sleep(SETTLED)
    dump(m, tmp_path / "memory")
    with searched(tmp_path / "memory", marker.encode()) as memory:
        assert_no_password(memory)
        for what, key in owner.keys.items():
            assert_only_dm_crypts(memory, key, what)
