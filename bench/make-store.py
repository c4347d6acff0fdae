#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a Debian root into a store as an AtomOS medium has it: one path for each package with
its files, one for what no package owns, and a system with the root manifest; all signed.
make-store.py ROOT OUT [COPIES] writes OUT/store, OUT/closure, OUT/keys, OUT/system (its name).
With COPIES the root has that many copies of everything, each in its own directory."""
import base64
import hashlib
import os
import shutil
import stat
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# What isn't Debian's: mounts of the tools root and caches.
SKIPPED = {b"/proc", b"/sys", b"/dev", b"/nix", b"/run", b"/tmp", b"/work", b"/root", b"/home",
           b"/opt", b"/srv", b"/mnt", b"/media", b"/lost+found", b"/var/cache",
           b"/var/lib/apt/lists"}
DIGITS = "0123456789abcdfghijklmnpqrsvwxyz"


def base32(digest):
    n = int.from_bytes(digest, "little")
    return "".join(DIGITS[n >> 5 * i & 31] for i in range((len(digest) * 8 - 1) // 5, -1, -1))


def escape(b):
    return "".join(chr(c) if 32 < c < 127 and c != 92 else f"\\x{c:02x}" for c in b)


def verity(data):
    def level(b):
        return [hashlib.sha256(b[i:i + 4096].ljust(4096, b"\0")).digest()
                for i in range(0, len(b), 4096)]
    digests = level(data)
    while len(digests) > 1:
        digests = level(b"".join(digests))
    descriptor = bytes([1, 1, 12, 0, 0, 0, 0, 0]) + len(data).to_bytes(8, "little")
    return hashlib.sha256((descriptor + digests[0]).ljust(256, b"\0")).hexdigest()


class Nar:
    """Hashes the archive of a path (Nix's format)."""

    def __init__(self, path):
        self.hash, self.size = hashlib.sha256(), 0
        self.text(b"nix-archive-1")
        self.node(path)

    def add(self, b):
        self.hash.update(b)
        self.size += len(b)

    def text(self, b):
        self.add(len(b).to_bytes(8, "little") + b + bytes(-len(b) % 8))

    def node(self, p):
        for t in b"(", b"type":
            self.text(t)
        if os.path.isdir(p):
            self.text(b"directory")
            for name in sorted(os.listdir(p)):
                for t in b"entry", b"(", b"name", name, b"node":
                    self.text(t)
                self.node(os.path.join(p, name))
                self.text(b")")
        else:
            self.text(b"regular")
            if os.stat(p).st_mode & 0o100:
                self.text(b"executable")
                self.text(b"")
            self.text(b"contents")
            with open(p, "rb") as f:
                self.text(f.read())
        self.text(b")")


def owners(root):
    """Which package has a file, from dpkg's lists."""
    found, info = {}, os.path.join(root, b"var/lib/dpkg/info")
    for name in sorted(os.listdir(info)):
        if name.endswith(b".list"):
            package = name[:-5].split(b":")[0]
            with open(os.path.join(info, name), "rb") as f:
                for line in f.read().splitlines():
                    found.setdefault(line, package)
    return found


def base_of(name):
    return base32(hashlib.sha256(name).digest()[:20]) + "-" + name.decode()


class Maker:
    def __init__(self, root, out, copies):
        self.root, self.store, self.copies = root, os.path.join(out, b"store"), copies
        os.makedirs(self.store)
        self.owner, self.lines, self.bases, self.inodes = owners(root), [], set(), {}

    def line(self, path, st, size=0, payload="-", digest="-"):
        self.lines.append((path.split(b"/"), f"{escape(path)} {size} {st.st_mode:o} 1 {st.st_uid} "
                           f"{st.st_gid} 0 {int(st.st_mtime)}.0 {payload} - {digest}"))

    def file(self, source, path, st, prefix, in_root):
        key = (prefix, st.st_ino)
        if st.st_nlink > 1 and key in self.inodes:
            self.lines.append((path.split(b"/"), f"{escape(path)} 0 @100000 0 0 0 0 0.0 "
                               f"{escape(self.inodes[key])} - -"))
            return
        self.inodes[key] = path
        if st.st_size == 0:
            self.line(path, st)
            return
        base = base_of(self.owner.get(in_root, b"delta") + (prefix.replace(b"/", b"-")))
        inside = b"data" + in_root
        target = os.path.join(self.store, base.encode(), inside)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(source, "rb") as f:
            data = f.read()
        with open(target, "wb") as f:
            f.write(data)
        os.chmod(target, 0o555 if st.st_mode & 0o100 else 0o444)
        self.bases.add(base)
        self.line(path, st, st.st_size, escape(base.encode() + b"/" + inside), verity(data))

    def tree(self, folder, prefix):
        for name in os.listdir(folder):
            source = os.path.join(folder, name)
            in_root = source[len(self.root):]
            path = prefix + in_root
            if in_root in SKIPPED:
                continue
            st = os.lstat(source)
            if stat.S_ISDIR(st.st_mode):
                self.line(path, st)
                self.tree(source, prefix)
            elif stat.S_ISLNK(st.st_mode):
                self.line(path, st, 0, escape(os.readlink(source)))
            elif stat.S_ISREG(st.st_mode):
                self.file(source, path, st, prefix, in_root)

    def make(self):
        st = os.lstat(self.root)
        self.lines.append(([b""], f"/ 0 {st.st_mode:o} 1 0 0 0 1.0 - - -"))
        for i in range(self.copies):
            prefix = b"/%d" % i if self.copies > 1 else b""
            if prefix:
                self.line(prefix, st)
            self.tree(self.root, prefix)
        self.lines.sort(key=lambda x: x[0])
        system = base_of(b"bench-system")
        folder = os.path.join(self.store, system.encode())
        os.makedirs(folder)
        with open(os.path.join(folder, b"manifest"), "w") as f:
            f.write("".join(text + "\n" for _, text in self.lines))
        with open(os.path.join(folder, b"system.json"), "w") as f:
            f.write('{"version":1}\n')
        return system


def main():
    root, out = os.fsencode(os.path.abspath(sys.argv[1])), os.fsencode(sys.argv[2])
    shutil.rmtree(out, ignore_errors=True)
    maker = Maker(root, out, int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    system = maker.make()
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.Raw,
                                           serialization.PublicFormat.Raw)
    stanzas = []
    for base in sorted(maker.bases) + [system]:
        nar = Nar(os.path.join(maker.store, base.encode()))
        refs = sorted(maker.bases) if base == system else []
        digest = "sha256:" + base32(nar.hash.digest())
        text = f"1;/nix/store/{base};{digest};{nar.size};" + \
            ",".join("/nix/store/" + r for r in refs)
        signature = base64.b64encode(key.sign(text.encode())).decode()
        stanzas.append(f"StorePath: /nix/store/{base}\nNarHash: {digest}\nNarSize: {nar.size}\n"
                       f"References: {' '.join(refs)}\nSig: bench-1:{signature}\n")
    for name, text in (("closure", "\n".join(stanzas)), ("system", system),
                       ("keys", "bench-1:" + base64.b64encode(public).decode() + "\n")):
        with open(os.path.join(out, name.encode()), "w") as f:
            f.write(text)


main()
