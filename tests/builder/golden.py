#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What atomos-build makes of the same input, byte for byte: the formats that others read.

    golden.py ATOMOS-BUILD DIGESTS [--write]

DIGESTS has lines "NAME HASH": the NAR hash of the path that was made, as Nix gives it.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

EPOCH = 1750000000
HASH = "a" * 32  # what stands before the names of the store paths


def member(name, kind=tarfile.REGTYPE, mode=0o644, content=b"", link="", gid=0, pax=None):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.linkname, info.gid, info.mtime = kind, mode, len(content), link, gid, 1700000000
    info.pax_headers = pax or {}
    return info, content


def tar(*members):
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            archive.addfile(info, BytesIO(content))
    return out.getvalue()


def ar(**members):
    out = b"!<arch>\n"
    for name, data in members.items():
        out += f"{name.replace('_', '.'):<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data
        out += b"\n" if len(data) % 2 else b""
    return out


def deb():
    control = b"Package: golden\nVersion: 1\nArchitecture: all\n"
    capability = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    data = tar(
        member("./", tarfile.DIRTYPE, 0o755),
        member("./bin/", tarfile.DIRTYPE, 0o755),
        member("./bin/su", mode=0o4755, content=b"su\n", gid=42),
        member("./bin/other", tarfile.LNKTYPE, 0o4755, link="./bin/su", gid=42),
        member("./bin/ping", mode=0o755, content=b"ping\n", pax={"SCHILY.xattr.security.capability": capability}),
        member("./usr/", tarfile.DIRTYPE, 0o755),
        member("./usr/a b\\c", content=b"spaces and strokes\n"),
        member("./usr/empty"),
        member("./usr/link", tarfile.SYMTYPE, 0o777, link="/etc/passwd"),
        member("./usr/large", content=bytes(range(256)) * 40),
    )
    control_tar = tar(member("./control", content=control), member("./postinst", mode=0o755, content=b"#!/bin/sh\n"))
    return ar(**{"debian-binary": b"2.0\n", "control.tar": control_tar, "data.tar": data})


def make_package(program, store):
    (store / "golden.deb").write_bytes(deb())
    return run(program, "unpack", store, "golden-1", deb=store / "golden.deb")


ROOT = """/ 0 40755 1 0 0 0 1700000000.0 - - -
/boot 0 40755 1 0 0 0 1700000000.0 - - -
/boot/vmlinuz-6.12 0 100644 1 0 0 0 1700000000.0 - - -
/etc 0 40755 1 0 0 0 1700000000.0 - - -
/etc/old 0 100644 1 0 0 0 1700000000.0 - - -
/usr 0 40755 1 0 0 0 1700000000.0 - - -
/usr/lib 0 40755 1 0 0 0 1700000000.0 - - -
/usr/lib/modules 0 40755 1 0 0 0 1700000000.0 - - -
/usr/lib/modules/6.12 0 40755 1 0 0 0 1700000000.0 - - -
/usr/lib/modules/6.12/modules.order 0 100644 1 0 0 0 1700000000.0 - - -
"""

SPEC = {
    "version": 1,
    "product": "golden",
    "release": 7,
    "epoch": EPOCH,
    "files": {
        "/etc/text": {"text": "text\n", "mode": "0600"},
        "/etc/empty": {"text": ""},
        "/etc/link": {"target": "../usr"},
        "/etc/source": {"source": f"/nix/store/{HASH}-source/script"},
        "/etc/bare": {"source": f"/nix/store/{HASH}-bare"},
        "/etc/old": {"remove": True},
        "/var/lib/thing": {"directory": True, "mode": "2770"},
    },
    "state": {"directories": ["/var/lib/thing"]},
    "ram": {"limit": 50},
}


def make_system(program, store):
    (store / f"{HASH}-root").mkdir()
    (store / f"{HASH}-root/manifest").write_text(ROOT)
    (store / f"{HASH}-root/layers").write_text("")
    (store / f"{HASH}-bare").write_text("a store path that is a file\n")
    (store / f"{HASH}-source").mkdir()
    (store / f"{HASH}-source/script").write_text("#!/bin/sh\n")
    (store / f"{HASH}-source/script").chmod(0o755)
    spec = json.dumps(SPEC).replace("/nix/store", str(store))
    return run(program, "system", store, "system", root=store / f"{HASH}-root", spec=spec)


def run(program, verb, store, name, **variables):
    """Runs the builder as Nix does; what it made."""
    out = store / f"{HASH}-{name}"
    environment = {"NIX_STORE": store, "out": out, "SOURCE_DATE_EPOCH": EPOCH, "PATH": os.environ["PATH"], **variables}
    result = subprocess.run([program, verb], env={k: str(v) for k, v in environment.items()}, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{verb} failed: {result.stderr}")
    return out


def describe(path):
    """For the eyes of whoever sees it fail."""
    for file in sorted(p for p in path.rglob("*") if p.is_file() and p.stat().st_size < 5000):
        print(f"# {file.relative_to(path)}:\n" + file.read_bytes().decode(errors="replace"))


def main():
    program, digests = sys.argv[1:3]
    expected = dict(line.split() for line in Path(digests).read_text().splitlines())
    made, bad = {}, False
    for name, make in (("package", make_package), ("system", make_system)):
        # system.json names its layers by their store, which lies elsewhere each time.
        with tempfile.TemporaryDirectory(prefix="atomos-golden-") as directory:
            out = make(program, Path(directory))
            for file in out.glob("system.json"):
                file.write_text(file.read_text().replace(directory, "/nix/store"))
            made[name] = subprocess.check_output(
                ["nix-hash", "--type", "sha256", "--base32", out], text=True).strip()
            if made[name] != expected.get(name) and "--write" not in sys.argv:
                print(f"The {name} has the hash {made[name]} instead of {expected.get(name)}. It is now:")
                describe(out)
                bad = True
    if "--write" in sys.argv:
        Path(digests).write_text("".join(f"{n} {h}\n" for n, h in made.items()))
    sys.exit(bad)


main()
