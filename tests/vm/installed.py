# SPDX-License-Identifier: MIT
"""Makes an installed disk of a copy of the medium, with cryptsetup, sfdisk and mkfs.btrfs alone."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import struct
import tempfile
from pathlib import Path

from tamper import DATA_OFFSET, HEADER, MEDIUM_ROOT, PASSWORD, SECTOR, crypt, output, partition, volume_key

INSTALLED_ROOT = "2C1F8A5E-6D0B-4E0B-9B0E-61746F6D726F"
UNFINISHED_ROOT = "2C1F8A5E-6D0B-4E0B-9B0E-61746F6D756E"
HOME = "2C1F8A5E-6D0B-4E0B-9B0E-61746F6D686F"
CHEAP = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
HOME_SIZE = 192 << 20


def set_type(image, kind, number=3):
    """Gives a partition another type."""
    output("sfdisk", "-q", "--part-type", image, number, kind)


def edit_header(image, command, kind=MEDIUM_ROOT):
    """command(file, directory) on the header of a partition, as a file of its own: what it returns."""
    start, _ = partition(image, kind)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "volume")
        with open(image, "r+b") as f:
            f.seek(start)
            file.write_bytes(f.read(DATA_OFFSET + SECTOR))
            result = command(file, Path(directory))
            f.seek(start)
            f.write(file.read_bytes()[:DATA_OFFSET])
            return result


def add_password(image, password, remove_generic=True, kind=MEDIUM_ROOT):
    """A slot for this password, as first boot makes it; the generic one goes."""
    def command(file, directory):
        old, new = directory / "old", directory / "new"
        old.write_bytes(PASSWORD)
        new.write_bytes(password)
        output("cryptsetup", "luksAddKey", "-q", *CHEAP, "--key-file", old, file, new)
        if remove_generic:
            output("cryptsetup", "luksKillSlot", "-q", "--key-file", new, file, 0)
    edit_header(image, command, kind)


def add_public(image, password):
    """A slot for the generic password that looks like an owner's, not like a medium's."""
    def command(file, directory):
        old, new = directory / "old", directory / "new"
        old.write_bytes(password)
        new.write_bytes(PASSWORD)
        output("cryptsetup", "luksAddKey", "-q", "--pbkdf", "argon2id", "--pbkdf-force-iterations", "4", "--pbkdf-memory", "32768",
               "--pbkdf-parallel", "1", "--key-file", old, file, new)
    edit_header(image, command, INSTALLED_ROOT)


def add_recovery_key(image, password, recovery, kind=INSTALLED_ROOT):
    """A slot for this key, and the token that says what it is."""
    def command(file, directory):
        old, new, token = directory / "old", directory / "new", directory / "token"
        old.write_bytes(password)
        new.write_bytes(recovery)
        before = set(metadata(file)["keyslots"])
        output("cryptsetup", "luksAddKey", "-q", *CHEAP, "--key-file", old, file, new)
        added = set(metadata(file)["keyslots"]) - before
        token.write_text(json.dumps({"type": "systemd-recovery", "keyslots": [*added]}))
        output("cryptsetup", "token", "import", "--json-file", token, file)
    edit_header(image, command, kind)


def add_home(image, key):
    """A partition for homes behind the root, with an empty btrfs in it that opens with `key`."""
    add_room(image, HOME_SIZE + (2 << 20))
    output("sfdisk", "-q", "--no-reread", "--append", image, input=f"size={HOME_SIZE // 512}, type={HOME}".encode())
    start, size = partition(image, HOME)
    with tempfile.TemporaryDirectory(dir=Path(image).parent) as directory:
        volume, plain, file = Path(directory, "volume"), Path(directory, "plain"), Path(directory, "key")
        file.write_bytes(key)
        with open(volume, "wb") as f:
            f.truncate(size)
        output("cryptsetup", "luksFormat", "-q", *CHEAP, "--cipher", "aes-xts-plain64", "--key-size", "512",
               "--sector-size", "4096", "--key-file", file, volume)
        vk = Path(directory, "vk")
        output("cryptsetup", "luksDump", "-q", "--dump-volume-key", "--volume-key-file", vk, "--key-file", file, volume)
        with open(plain, "wb") as f:
            f.truncate(size - DATA_OFFSET)
        output("mkfs.btrfs", "-q", plain)
        with open(image, "r+b") as disk, open(volume, "rb") as header, open(plain, "rb") as data:
            disk.seek(start)
            disk.write(header.read(DATA_OFFSET))
            at = 0
            while chunk := data.read(1 << 20):
                if chunk.count(0) != len(chunk):
                    disk.seek(start + DATA_OFFSET + at)
                    disk.write(crypt(vk.read_bytes(), at, chunk, True))
                at += len(chunk)


def state_of(root):
    """The subvolume for the state, which images bring along."""
    if not (root / "state").exists():
        output("btrfs", "subvolume", "create", root / "state")
    return root / "state"


def add_room(image, size):
    """Free space behind the partitions, for homes."""
    os.truncate(image, os.stat(image).st_size + size)
    output("sfdisk", "-q", "--relocate", "gpt-bak-std", image)


def ownerless(copy, alter=lambda root: None):
    """As an installer leaves it: opens with the generic password, `state` is empty; alter(root) changes the rest."""
    with copy.root() as root:
        state_of(root)
        alter(root)
    set_type(copy.path, INSTALLED_ROOT)
    return copy.path


def metadata(file):
    """What a LUKS2 header says, from a file of its own."""
    return json.loads(output("cryptsetup", "luksDump", "--dump-json-metadata", file))


def tokens(image, kind=INSTALLED_ROOT):
    """The tokens of the header."""
    return tokens_at(image, partition(image, kind)[0])


def tokens_at(disk, start):
    """The same of a header whose place is known."""
    with tempfile.TemporaryDirectory() as directory, open(disk, "rb") as f:
        header = Path(directory, "header")
        f.seek(start)
        header.write_bytes(f.read(HEADER))
        return metadata(header)["tokens"]


def ask(image, *wants, kind=INSTALLED_ROOT):
    """Asks the next start for these things, as `atomos` does in the running system."""
    def command(file, directory):
        for want in wants:
            new = directory / "token"
            new.write_text(json.dumps({"type": "atomos-request", "keyslots": [], "want": want}))
            output("cryptsetup", "token", "import", "--json-file", new, file)
    edit_header(image, command, kind)


def remember(image, password, owners, lowest=0, kind=INSTALLED_ROOT):
    """Puts a record (docs/formats.md) into the header: these owner keys, 32 bytes each, and the lowest release."""
    start, _ = partition(image, kind)
    key = hmac.digest(volume_key(image, start, password), b"AtomOS record, version 1", "sha256")

    def command(file, directory):
        header = metadata(file)
        digest = header["digests"]["0"]
        text = f"{digest['hash']}\n{digest['iterations']}\n{digest['salt']}\n{digest['digest']}\n"
        hashes = b"".join(hashlib.sha256(k).digest() for k in owners)
        pin = struct.pack(">8sHBBxxxxQ32s32x256s8x", b"ATOMOSPN", 1, 0, len(owners), lowest,
                          hashlib.sha256(text.encode()).digest(), hashes)
        for number, token in header["tokens"].items():
            if token["type"] == "atomos-record":
                output("cryptsetup", "token", "remove", "--token-id", number, file)
        new = directory / "token"
        new.write_text(json.dumps({"type": "atomos-record", "keyslots": [], "record": base64.b64encode(pin).decode(),
                                   "mac": hmac.digest(key, pin, "sha256").hex()}))
        output("cryptsetup", "token", "import", "--json-file", new, file)
    edit_header(image, command, kind)


def owned(copy, password, fill=lambda state: None, home=True, alter=lambda root: None):
    """As after first boot: one password, homes; fill(state) puts things into the state, alter(root) changes the rest."""
    key = secrets.token_bytes(64)
    with copy.root() as root:
        state = state_of(root)
        (state / "root/etc").mkdir(parents=True)
        (state / "atomos").mkdir(mode=0o700)
        (state / "atomos/home.key").write_bytes(key)
        os.chmod(state / "atomos/home.key", 0o600)
        fill(state)
        alter(root)
    add_password(copy.path, password)
    if home:
        add_home(copy.path, key)
    set_type(copy.path, INSTALLED_ROOT)
    return copy.path
