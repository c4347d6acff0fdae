#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Is a root path the root that mmdebstrap makes of the same packages?

    faithful.py --root /nix/store/…-atomos-root --debs FILE --epoch SECONDS [--exceptions FILE]

FILE names the .debs, one path a line. Compared are type, mode, owner (by name), extended
attributes, links and content of every path. Exceptions are lines "PATH REASON"; "PATH/*" isn't
allowed, and an exception that isn't needed fails.
"""

import argparse
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

EXCEPTIONS_MAX = 40

PROVIDED = """Package: atomos-provides
Priority: optional
Section: admin
Maintainer: AtomOS <root@localhost>
Architecture: all
Version: 1
Provides: linux-initramfs-tool
Description: dependencies that AtomOS satisfies itself
"""

# Below these the kernel's file systems are mounted before the first program runs: ours has nothing
# there, and device nodes of mmdebstrap's would never be seen. The mount points are compared.
MOUNTED = ("/dev/", "/proc/", "/sys/")


def ar_member(name, data):
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
    return header + data + (b"\n" if len(data) % 2 else b"")


def tar_bytes(files):
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, BytesIO(text.encode()))
    return out.getvalue()


def write_provided(path):
    """The package that stands for what AtomOS does itself."""
    path.write_bytes(
        b"!<arch>\n"
        + ar_member("debian-binary", b"2.0\n")
        + ar_member("control.tar", tar_bytes([("./control", PROVIDED), ("./md5sums", "")]))
        + ar_member("data.tar", tar_bytes([]))
    )


def make_repository(directory, debs):
    """A flat repository of exactly these packages."""
    write_provided(directory / "atomos-provides_1_all.deb")
    for deb in debs:
        # Store paths hide what comes before the name: HASH-.
        (directory / Path(deb).name).symlink_to(deb)
    stanzas, names = [], []
    for deb in sorted(directory.glob("*.deb")):
        data = deb.read_bytes()
        control = subprocess.run(["dpkg-deb", "-f", deb], check=True, capture_output=True, text=True).stdout
        names.append(next(l[9:] for l in control.split("\n") if l.startswith("Package: ")))
        stanzas.append(
            f"{control.strip()}\nFilename: ./{deb.name}\nSize: {len(data)}\n"
            f"SHA256: {hashlib.sha256(data).hexdigest()}\n"
        )
    (directory / "Packages").write_text("\n".join(stanzas))
    return names


def bootstrap(target, debs, epoch):
    """What mmdebstrap makes of the packages."""
    with tempfile.TemporaryDirectory(prefix="atomos-faithful-", dir="/tmp") as name:
        repository = Path(name)
        repository.chmod(0o755)
        names = make_repository(repository, debs)
        subprocess.run(
            [
                "mmdebstrap", "--quiet", "--mode=root", "--variant=essential", "--format=directory",
                "--architectures=amd64", f"--include={','.join(names)}",
                "--aptopt=APT::Install-Recommends false",
                "", str(target), f"deb [trusted=yes] copy://{repository} ./",
            ],
            check=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        )


def unescape_bytes(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def unescape(text):
    return unescape_bytes(text).decode("utf-8", "surrogateescape")


def attribute(name, value):
    return f"{unescape(name)}={unescape_bytes(value).hex()}"


def comparable(path, data):
    """Of accounts only names count (the builder gives them the lock's numbers), in any order, as for
    the triggers: both depend on which package was configured first."""
    if path in ("/etc/passwd", "/etc/group"):
        lines = [line.split(":") for line in data.decode().splitlines()]
        return repr(sorted(line[:2] + line[4 if path == "/etc/passwd" else 3:] for line in lines)).encode()
    if path in ("/etc/shadow", "/etc/gshadow", "/var/lib/dpkg/triggers/File"):
        return b"\n".join(sorted(data.splitlines()))
    return data


def accounts(text):
    return {int(line.split(":")[2]): line.split(":")[0] for line in text.splitlines() if line.count(":") >= 3}


class Built:
    """The root of a manifest, read by the format's own description: composefs-dump(5)."""

    def __init__(self, root, store):
        self.store = Path(store)
        self.entries = {}
        for line in (Path(root) / "manifest").read_text().splitlines():
            fields = line.split(" ")
            self.entries[unescape(fields[0])] = fields
        self.users = accounts(self.content("/etc/passwd").decode())
        self.groups = accounts(self.content("/etc/group").decode())

    def content(self, path):
        payload = self.entries[path][8]
        return b"" if payload == "-" else (self.store / unescape(payload)).read_bytes()

    def describe(self, path):
        fields = self.entries[path]
        if fields[2].startswith("@"):
            return self.describe(unescape(fields[8]))
        mode = int(fields[2], 8)
        what = [stat.filemode(mode), self.users.get(int(fields[4]), fields[4]), self.groups.get(int(fields[5]), fields[5])]
        what.append(" ".join(sorted(attribute(*x.split("=", 1)) for x in fields[11:])))
        if stat.S_ISLNK(mode):
            what[0] = "l"
            what.append(unescape(fields[8]))
        if stat.S_ISREG(mode):
            what.append(hashlib.sha256(comparable(path, self.content(path))).hexdigest())
        return what


class Made:
    """A root as a directory tree."""

    def __init__(self, top):
        self.top = top
        self.entries = {"/": None}
        for folder, folders, files in os.walk(top):
            for name in folders + files:
                self.entries[os.path.join(folder, name)[len(str(top)):]] = None
        self.users = accounts((top / "etc/passwd").read_text())
        self.groups = accounts((top / "etc/group").read_text())

    def describe(self, path):
        full = f"{self.top}{path}"
        status = os.lstat(full)
        what = [stat.filemode(status.st_mode), self.users.get(status.st_uid, str(status.st_uid)),
                self.groups.get(status.st_gid, str(status.st_gid))]
        values = {} if stat.S_ISLNK(status.st_mode) else {n: os.getxattr(full, n) for n in os.listxattr(full)}
        what.append(" ".join(sorted(f"{n}={v.hex()}" for n, v in values.items())))
        if stat.S_ISLNK(status.st_mode):
            what[0] = "l"
            what.append(os.readlink(full))
        if stat.S_ISREG(status.st_mode):
            what.append(hashlib.sha256(comparable(path, Path(full).read_bytes())).hexdigest())
        return what


def compare(built, made):
    """Path → what differs. Of a directory that one of them lacks, the contents are part of it."""
    differences, lacking = {}, None
    for path in sorted(built.entries.keys() | made.entries.keys(), key=lambda p: p.split("/")):
        if lacking and path.startswith(f"{lacking}/"):
            continue
        if path.startswith(MOUNTED):
            if path in built.entries:
                differences[path] = "below a mount point, where nobody would see it"
            continue
        if path not in made.entries:
            differences[path] = "only in ours"
            lacking = path
        elif path not in built.entries:
            differences[path] = "only in mmdebstrap's"
            lacking = path
        else:
            ours, theirs = built.describe(path), made.describe(path)
            if ours != theirs:
                differences[path] = f"{ours} instead of {theirs}"
    return differences


def read_exceptions(path):
    exceptions = {}
    for line in Path(path).read_text().splitlines() if path else []:
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.partition(" ")
        if not reason.strip() or "*" in name:
            sys.exit(f"{path}: an exception is one path and its reason, not: {line}")
        exceptions[name] = reason.strip()
    if len(exceptions) > EXCEPTIONS_MAX:
        sys.exit(f"{path}: {len(exceptions)} exceptions, more than {EXCEPTIONS_MAX}")
    return exceptions


def judge(differences, exceptions):
    """Lines to complain about."""
    lines = [f"differs: {p}: {w}" for p, w in differences.items() if p not in exceptions]
    return lines + [f"needless exception: {p}" for p in exceptions if p not in differences]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", required=True)
    parser.add_argument("--debs", required=True)
    parser.add_argument("--epoch", required=True)
    parser.add_argument("--store", default="/nix/store")
    parser.add_argument("--exceptions")
    parser.add_argument("--made", help="directory for mmdebstrap's root; used as it is when it is there")
    arguments = parser.parse_args()
    exceptions = read_exceptions(arguments.exceptions)
    directory = Path(arguments.made or tempfile.mkdtemp(prefix="atomos-faithful-", dir="/var/tmp") + "/root")
    try:
        if not directory.exists():
            bootstrap(directory, Path(arguments.debs).read_text().split(), arguments.epoch)
        differences = compare(Built(arguments.root, arguments.store), Made(directory))
    finally:
        if not arguments.made:
            shutil.rmtree(directory.parent)
    lines = judge(differences, exceptions)
    print("\n".join(lines + [f"{len(differences)} differences, {len(exceptions)} of them expected"]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
