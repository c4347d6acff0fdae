#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Verify+load, of the demo and of a desktop, natively: against its limit, and against what people
would do today. From the page cache, and from the image's own zstd btrfs on a loop device."""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from common import DEMO, KEYS, LIB, TOP, WORK, drop_caches, report, timed

import tamper

ENGINE = TOP / "build/meson/tests/core/bench-engine"
# Of several runs the quickest: what disturbs a run only makes it slower.
WARM, COLD = 5, 3
DESKTOP = ["task-gnome-desktop", "libreoffice", "gimp", "inkscape", "golang", "emacs"]


def desktop(work):
    """The image of a desktop of 3 GB and 100,000 files, made once."""
    directory, image = work / "desktop", work / "desktop.img"
    directory.mkdir(parents=True, exist_ok=True)
    packages = " ".join(f'"{name}"' for name in DESKTOP)
    text = (f"{{ ... }}: {{ imports = [ {TOP}/examples/demo/configuration.nix ];\n"
            f"  environment.systemPackages = [ {packages} ]; }}\n")
    conf = directory / "configuration.nix"
    if not conf.exists() or conf.read_text() != text:
        conf.write_text(text)
    print("Building the desktop's image (its packages are fetched the first time)", flush=True)
    timed([LIB / "atomos", "image", "--configuration", directory, "--keys", KEYS, "-o", image],
          work / "desktop.log")
    return image


class Tree:
    """The closure of an image, on its own decrypted file system."""

    def __init__(self, name, image, root, target):
        subprocess.run(["ninja", "-C", TOP / "build/meson", "tests/core/bench-engine"], check=True,
                       stdout=subprocess.DEVNULL)
        self.name, self.root, self.target = name, root, target
        self.plain = tamper.plain_of(image)
        self.store, self.system = tamper.store(root), tamper.system(root)
        self.closure = tamper.closure_file(root)
        self.paths = [line.split()[1].rsplit("/", 1)[1] for line in self.closure.read_text().splitlines()
                      if line.startswith("StorePath:")]
        self.files = sum(line.split()[2].startswith("100") for line in
                         (self.store / self.system / "manifest").read_text().splitlines())

    def engine(self, what, cold=False):
        """(seconds, bytes) of one measurement by bench/engine.c."""
        # Cold as atomos-init does it: as many threads read ahead as there are processors.
        environment = {**os.environ, **({"PREFETCH": str(os.cpu_count())} if cold else {})}
        if cold:
            drop_caches()
        out = subprocess.run([ENGINE, self.store, self.closure, KEYS / "nix-public-key", self.system,
                              self.target, what], check=True, capture_output=True, text=True,
                             env=environment).stdout.split()
        return float(out[1]), int(out[2])

    def best(self, what, times=WARM, cold=False):
        return min((self.engine(what, cold) for _ in range(times)), key=lambda r: r[0])

    def today(self, command, cold):
        """Seconds of a shell command that fills a tmpfs from the store, as people would."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90%,nr_inodes=0", "none", self.target], check=True)
        try:
            if cold:
                drop_caches()
            return timed(["/bin/sh", "-euc", command, "bench", self.target], WORK / "engine.log", cwd=self.store)
        finally:
            subprocess.run(["umount", self.target], check=True)

    def nix(self, command, cold):
        """Seconds of a command with Nix on this store."""
        if cold:
            drop_caches()
        environment = {**os.environ, "NIX_CONFIG": "experimental-features = nix-command\nsubstituters =\n"
                       f"trusted-public-keys = {(KEYS / 'nix-public-key').read_text().strip()}"}
        return timed(command, WORK / "engine.log", env=environment)

    def read_compressed(self):
        """Seconds of reading what the file system has written, as it lies there."""
        drop_caches()
        return timed(["/bin/sh", "-euc", 'cat "$1" >/dev/null', "bench", self.plain], WORK / "engine.log")


@contextmanager
def tree(name, image):
    with tempfile.TemporaryDirectory(prefix="atomos-bench-") as target, \
            tamper.mounted(tamper.plain_of(image), read_only=True) as root:
        yield Tree(name, image, root, target)


@contextmanager
def writable(root):
    """A view of a root in which Nix may write its locks."""
    with tempfile.TemporaryDirectory(prefix="atomos-bench-") as directory:
        upper, work, top = (Path(directory, name) for name in ("upper", "work", "top"))
        for d in (upper, work, top):
            d.mkdir()
        tamper.output("mount", "-t", "overlay", "-o", f"lowerdir={root},upperdir={upper},workdir={work}", "overlay", top)
        try:
            yield top
        finally:
            tamper.output("umount", top)


def compare(t, cold):
    times = COLD if cold else WARM
    if not cold:
        t.engine("load")  # fills the page cache
    load, size = t.best("load", times, cold)
    digest, _ = t.best("hash")
    copy, copied = t.best("copy")
    limit, parts = digest + copy, f"SHA-256 {digest:.2f} s + copy {copy:.2f} s"
    if cold:
        reading = min(t.read_compressed() for _ in range(times))
        parts += f", or the plain read {reading:.2f} s"
        limit = max(limit, reading)
    where = "zstd btrfs, cold" if cold else "page cache"
    print(f"{t.name}, {where}: {len(t.paths)} paths, NARs {size / 1e6:.0f} MB, {t.files} files of {copied / 1e6:.0f} MB")
    report(f"verify+load : limit ({parts})", load, limit, 1.15)
    with writable(t.root) as root:
        verify = t.nix(["nix", "store", "verify", "--all", "--sigs-needed", "1", "--store", f"local?root={root}"], cold)
    names = " ".join(t.paths)
    plain_copy = t.today(f'cp -a {names} "$1"', cold)
    report(f"verify+load : nix store verify {verify:.2f} s + cp -a {plain_copy:.2f} s", load, verify + plain_copy)
    report("verify+load : tar (unverified)", load,
           t.today(f'tar -cf - {names} | tar -xf - -C "$1"', cold))


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    images = [("demo", DEMO)]
    if "--demo" not in sys.argv:
        images.append(("desktop", desktop(WORK)))
    for name, image in images:
        with tree(name, image) as t:
            for cold in (False, True):
                compare(t, cold)


if __name__ == "__main__":
    main()
