# SPDX-License-Identifier: MIT
"""Alters copies of an image, as somebody could who has the stick in hand and knows its password.

Decrypts with Python's own AES and cryptsetup, not with our code, and so also shows that what
we write is what the others read."""

import base64
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import vm

SECTOR = 4096
CHUNK = 1 << 20
DATA_OFFSET = 16 << 20
# What cryptsetup wants to see of a volume that is a header alone.
HEADER = DATA_OFFSET + SECTOR
# The kernel resizes nothing to less than 256 MiB.
ROOM = 256 << 20
MEDIUM_ROOT = "2C1F8A5E-6D0B-4E0B-9B0E-61746F6D6D64"
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
PASSWORD = b"atomos"


def output(*command, **options):
    """Standard output of a program that must succeed."""
    result = subprocess.run([str(c) for c in command], capture_output=True, **options)
    assert result.returncode == 0, f"{command[0]}: {result.stderr.decode(errors='replace')}"
    return result.stdout


def partition(image, kind):
    """(start, size) in bytes of the partition of this type."""
    table = json.loads(output("sfdisk", "--json", image))["partitiontable"]
    for p in table["partitions"]:
        if p["type"] == kind:
            return p["start"] * 512, p["size"] * 512
    raise AssertionError(f"{image} has no partition of type {kind}")


def volume_key(image, start, password=PASSWORD):
    """The volume key, as cryptsetup finds it."""
    with open(image, "rb") as f:
        f.seek(start)
        return volume_key_of(f.read(HEADER), password)


def volume_key_of(data, password):
    """The same from a header's bytes, at least HEADER of them."""
    with tempfile.TemporaryDirectory() as directory:
        header, key = Path(directory, "header"), Path(directory, "key")
        header.write_bytes(data)
        output("cryptsetup", "luksDump", "-q", "--dump-volume-key", "--volume-key-file", key,
               "--key-file", "-", header, input=password)
        return key.read_bytes()


def crypt(key, offset, data, encrypt):
    """AES-XTS over whole sectors; `offset` is their place in the volume."""
    result = bytearray(len(data))
    algorithm = algorithms.AES(key)
    for at in range(0, len(data), SECTOR):
        tweak = struct.pack("<QQ", (offset + at) // 512, 0)
        cipher = Cipher(algorithm, modes.XTS(tweak))
        context = cipher.encryptor() if encrypt else cipher.decryptor()
        result[at:at + SECTOR] = context.update(data[at:at + SECTOR])
    return bytes(result)


def decrypt(image, target, password=PASSWORD):
    """Writes the root file system in plain into a file; holes stay holes."""
    start, size = partition(image, MEDIUM_ROOT)
    key = volume_key(image, start, password)
    with open(image, "rb") as source, open(target, "wb") as plain:
        length = size - DATA_OFFSET
        plain.truncate(length)
        for at in range(0, length, CHUNK):
            source.seek(start + DATA_OFFSET + at)
            data = source.read(min(CHUNK, length - at))
            if data.count(0) != len(data):
                plain.seek(at)
                plain.write(crypt(key, at, data, False))


def plain_of(image):
    """The decrypted root of an image, made once for each image."""
    state, path = os.stat(image), str(Path(image).resolve())
    prefix = f"plain-{hashlib.sha256(path.encode()).hexdigest()[:8]}"
    name = vm.WORK / f"{prefix}-{state.st_ino}-{state.st_mtime_ns}.img"
    if not name.exists():
        vm.WORK.mkdir(parents=True, exist_ok=True)
        for old in vm.WORK.glob(f"{prefix}-*.img"):
            old.unlink(missing_ok=True)
        new = name.with_suffix(f".{os.getpid()}")
        decrypt(image, new)
        os.rename(new, name)
    return name


@contextmanager
def mounted(file, read_only=False, area=None):
    """The btrfs in a file, or in an area (start, size) of it, mounted."""
    options = "loop,ro" if read_only else "loop"
    if area:
        options += f",offset={area[0]},sizelimit={area[1]}"
    with tempfile.TemporaryDirectory(prefix="atomos-mount-") as directory:
        output("mount", "-t", "btrfs", "-o", options, file, directory)
        try:
            yield Path(directory)
        finally:
            output("umount", directory)


class Copy:
    """A copy of an image in build/vm, to be altered and booted. `path` is its file."""

    def __init__(self, image, name):
        self.image = Path(image)
        self.path = vm.WORK / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}-{os.getpid()}.img"

    def __enter__(self):
        vm.WORK.mkdir(parents=True, exist_ok=True)
        output("cp", "--reflink=auto", "--sparse=always", self.image, self.path)
        return self

    def __exit__(self, *_):
        self.path.unlink(missing_ok=True)

    # -- root ------------------------------------------------------------------------------

    @contextmanager
    def root(self):
        """The root file system, mounted for writing; encrypted again behind."""
        before = plain_of(self.image)
        after = self.path.with_suffix(".plain")
        output("cp", "--reflink=auto", "--sparse=always", before, after)
        self._grow(after)
        try:
            with mounted(after) as directory:
                output("btrfs", "filesystem", "resize", "max", directory)
                yield directory
            self._encrypt_changes(before, after)
        finally:
            after.unlink(missing_ok=True)

    def _grow(self, plain):
        """A medium is full to the brim: makes room in the copy, and in its plain text."""
        os.truncate(plain, os.stat(plain).st_size + ROOM)
        os.truncate(self.path, os.stat(self.path).st_size + ROOM)
        output("sfdisk", "-q", "--relocate", "gpt-bak-std", self.path)
        output("sfdisk", "-q", "--no-reread", "--wipe=never", "-N", "3", self.path, input=f",+{ROOM // 512}".encode())

    def _encrypt_changes(self, before, after):
        start, _ = partition(self.path, MEDIUM_ROOT)
        key = volume_key(self.path, start)
        changed = 0
        with open(before, "rb") as old, open(after, "rb") as new, open(self.path, "r+b") as image:
            at = 0
            while data := new.read(CHUNK):
                same = old.read(CHUNK)
                # Behind the old end zeros are a hole, unless something else lies in the chunk.
                if data != same and (same or data.count(0) != len(data)):
                    for i in range(0, len(data), SECTOR):
                        if data[i:i + SECTOR] != same[i:i + SECTOR]:
                            image.seek(start + DATA_OFFSET + at + i)
                            image.write(crypt(key, at + i, data[i:i + SECTOR], True))
                            changed += 1
                at += len(data)
        assert changed, "nothing was altered"

    # -- LUKS header -----------------------------------------------------------------------

    def header(self, edit):
        """edit(json) alters the metadata of both headers; checksums are made good."""
        start, _ = partition(self.path, MEDIUM_ROOT)
        with open(self.path, "r+b") as f:
            f.seek(start)
            size = struct.unpack(">Q", f.read(16)[8:])[0]
            for at in (0, size):
                f.seek(start + at)
                block = bytearray(f.read(size))
                text = block[4096:].split(b"\0", 1)[0]
                metadata = json.loads(text)
                edit(metadata)
                text = json.dumps(metadata, separators=(",", ":")).encode()
                block[4096:] = text.ljust(size - 4096, b"\0")
                block[448:512] = bytes(64)
                block[448:480] = hashlib.sha256(block).digest()
                f.seek(start + at)
                f.write(block)

    def null_cipher(self):
        """Replaces the encryption by none, as in CVE-2025-59054."""
        def edit(metadata):
            metadata["segments"]["0"]["encryption"] = "cipher_null-ecb"
        self.header(edit)

    def reencrypting(self):
        """Begins a re-encryption: a header of cryptsetup's own that says so."""
        start, size = partition(self.path, MEDIUM_ROOT)
        volume = self.path.with_suffix(".volume")
        try:
            with open(self.path, "r+b") as f, open(volume, "w+b") as v:
                f.seek(start)
                v.write(f.read(DATA_OFFSET))
                v.truncate(size)
                v.flush()
                output("cryptsetup", "reencrypt", "-q", "--init-only", "--force-offline-reencrypt", "--key-file", "-",
                       "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", volume, input=PASSWORD)
                v.seek(0)
                f.seek(start)
                f.write(v.read(DATA_OFFSET))
        finally:
            volume.unlink(missing_ok=True)

    # -- ESP -------------------------------------------------------------------------------

    def _mtools(self, command, *arguments):
        start, _ = partition(self.path, ESP)
        return output(command, "-i", f"{self.path}@@{start}", *arguments)

    def esp_files(self):
        """Names of all files in the ESP."""
        names = self._mtools("mdir", "-/", "-b", "::").decode().split("\n")
        return [n[3:] for n in names if n and not n.endswith("/")]

    def esp_read(self, name):
        """The bytes of a file in the ESP."""
        return self._mtools("mtype", f"::/{name}")

    def esp_write(self, name, data):
        """Replaces or adds a file in the ESP, with the folders on its way."""
        start, _ = partition(self.path, ESP)
        for folder in list(Path(name).parents)[-2::-1]:
            subprocess.run(["mmd", "-D", "s", "-i", f"{self.path}@@{start}", f"::/{folder}"],
                           capture_output=True, check=False, stdin=subprocess.DEVNULL)
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            self._mtools("mcopy", "-o", f.name, f"::/{name}")

    def uki_name(self):
        """The boot image's name in the ESP."""
        return next(n for n in self.esp_files() if n.startswith("EFI/Linux/"))

    def unsigned_addon(self, cmdline):
        """An add-on for the boot image that nobody has signed."""
        with tempfile.TemporaryDirectory() as directory:
            output("ukify", "build", f"--cmdline={cmdline}", f"--output={directory}/a.addon.efi")
            return Path(directory, "a.addon.efi").read_bytes()

    def rebuild_uki(self, key=None, pcr=(), **changes):
        """Builds the boot image anew with other sections (cmdline=b"…", initrd=b"…"), signed
        with the db key of the directory `key`, or not at all; for PCR 11 by the keys `pcr` of it,
        the image's own first."""
        with tempfile.TemporaryDirectory() as directory:
            old, new = Path(directory, "old.efi"), Path(directory, "new.efi")
            old.write_bytes(self.esp_read(self.uki_name()))
            arguments = ["ukify", "build", f"--output={new}"]
            for section, option in (("linux", "--linux="), ("initrd", "--initrd="), ("cmdline", "--cmdline=@"),
                                    ("osrel", "--os-release=@")):
                file = Path(directory, section)
                file.write_bytes(changes.get(section) or section_of(old, f".{section}"))
                arguments.append(f"{option}{file}")
            for name in pcr:
                arguments += [f"--pcr-private-key={key}/{name}.key", f"--pcr-public-key={key}/{name}.pub",
                              "--phases=enter-initrd"]
            if pcr:
                arguments += [f"--pcrpkey={key}/{pcr[0]}.pub", "--pcr-banks=sha256"]
            if key:
                arguments += [f"--secureboot-private-key={key}/db.key", f"--secureboot-certificate={key}/db.crt"]
            output(*arguments)
            self.esp_write(self.uki_name(), new.read_bytes())


def section_of(file, name):
    """The bytes of a section of a PE file, without padding."""
    import pefile

    for s in pefile.PE(str(file), fast_load=True).sections:
        if s.Name.rstrip(b"\0") == name.encode():
            return s.get_data()[:s.Misc_VirtualSize]
    raise AssertionError(f"{file} has no section {name}")


MEASURED = (".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey")


def pcr11(image, words, bank="sha256"):
    """PCR 11 in hexadecimal after the boot image (sections in systemd-stub's order) and these words."""
    copy = Copy(image, "pcr")
    copy.path = Path(image)  # only read
    with tempfile.NamedTemporaryFile(suffix=".efi") as uki:
        uki.write(copy.esp_read(copy.uki_name()))
        uki.flush()
        there = json.loads(output("ukify", "inspect", uki.name, "--json=short"))
        data = [d for name in MEASURED if name in there for d in (name.encode() + b"\0", section_of(uki.name, name))]

    def digest(b):
        return hashlib.new(bank, b).digest()

    value = bytes(len(digest(b"")))
    for d in data + [w.encode() for w in words]:
        value = digest(value + digest(d))
    return value.hex()


# -- what is in the root -----------------------------------------------------------------------


def system(root):
    """The store path's basename of the current system."""
    profiles = root / "nix/var/nix/profiles"
    return Path(os.readlink(profiles / os.readlink(profiles / "system"))).name


def store(root):
    """The store's directory in a mounted root."""
    return root / "nix/store"


def closure_file(root, base=None):
    """The closure file of the current system, or of another path."""
    return root / f"nix/var/atomos/closures/{base or system(root)}.narinfo"


def boot_image(root):
    """The store path's basename of the boot image that the ESP was made of."""
    return Path(os.readlink(root / "nix/var/nix/profiles/boot-image")).name


def make_writable(path):
    """Store paths are read-only; their attackers don't care."""
    for p in (path, path.parent):
        os.chmod(p, os.stat(p).st_mode | 0o200)


def flip_byte(path, at=-1):
    """Changes one bit of a file, at its middle or at `at`, and keeps its times."""
    times = os.stat(path)
    with open(path, "r+b") as f:
        position = at if at >= 0 else times.st_size // 2
        f.seek(position)
        byte = f.read(1)[0]
        f.seek(position)
        f.write(bytes([byte ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def sign_closure(text, secret_key):
    """The text of a closure file with every signature replaced by one of this Nix secret key."""
    name, encoded = secret_key.strip().split(":", 1)
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded)[:32])
    stanzas = []
    for stanza in text.strip().split("\n\n"):
        lines = [l for l in stanza.split("\n") if not l.startswith("Sig: ")]
        field = dict(l.split(": ", 1) if ": " in l else (l.rstrip(":"), "") for l in lines)
        references = ",".join(f"/nix/store/{r}" for r in sorted(field.get("References", "").split()))
        fingerprint = f"1;{field['StorePath']};{field['NarHash']};{field['NarSize']};{references}"
        signature = base64.b64encode(key.sign(fingerprint.encode())).decode()
        stanzas.append("\n".join(lines + [f"Sig: {name}:{signature}"]))
    return "\n\n".join(stanzas) + "\n"


def build_system(directory, option):
    """The store path of the demo's system with one option changed, signed by the vendor."""
    (directory / "configuration.nix").write_text(
        f"{{ lib, ... }}: {{ imports = [ {vm.TOP}/examples/demo/configuration.nix ];\n  {option} }}\n")
    shutil.copy(vm.TOP / "examples/demo/atomos.lock", directory)
    atomos = Path(os.environ["ATOMOS_LIB"]) / "atomos"
    return output(atomos, "build", "--configuration", directory).decode().split()[-1]


def base32_hash(sri):
    """sha256:BASE32, as closure files have it, of Nix's sha256-BASE64."""
    return "sha256:" + output("nix-hash", "--type", "sha256", "--to-base32",
                              base64.b64decode(sri.split("-", 1)[1]).hex()).decode().strip()


def fingerprint(info):
    """What a signature of a store path is over, of `nix path-info --json`."""
    references = ",".join(sorted(info["references"]))
    return f"1;{info['path']};{base32_hash(info['narHash'])};{info['narSize']};{references}"


def replace_system(root, path, sign=lambda signatures, info: signatures):
    """Puts a system that differs from the current one in its own path alone in its place; sign(signatures, info)
    chooses the signatures."""
    nix = ["nix", "--extra-experimental-features", "nix-command", "path-info"]
    info = {**json.loads(output(*nix, "--json", path))[path], "path": path}
    base = Path(path).name
    output("cp", "-a", path, store(root) / base)
    stanza = "\n".join([f"StorePath: {path}", f"NarHash: {base32_hash(info['narHash'])}", f"NarSize: {info['narSize']}",
                        "References: " + " ".join(Path(r).name for r in sorted(info["references"])),
                        *[f"Sig: {s}" for s in sign(info["signatures"], info)]])
    old = closure_file(root)
    text = old.read_text()
    make_writable(old)
    old.with_name(f"{base}.narinfo").write_text(text.rstrip("\n") + "\n\n" + stanza + "\n")
    profiles = root / "nix/var/nix/profiles"
    link = profiles / os.readlink(profiles / "system")
    link.unlink()
    link.symlink_to(path)
