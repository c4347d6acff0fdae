#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Building the demo image, against mkosi. Four cases: cold with the packages at hand, one package
added, host name changed, nothing changed."""

import shutil
import subprocess

from common import KEYS, LIB, TOP, WORK, fresh, report, timed
from stock import Mkosi

ADDED = "tree"
GOALS = {"cold": 0.5, "one package added": 0.2, "host name changed": 0.05, "nothing changed": 0.02}
# Another /nix than the clone's, so that "cold" is cold.
IN_STORE = 'mount --bind "$1" /nix; shift; exec "$@"'


class Ours:
    """atomos image, in a store of its own."""

    def __init__(self, directory):
        fresh(directory)
        self.nix, self.conf, self.debs = directory / "nix", directory / "conf", directory / "debs"
        self.log, self.image = directory / "log", directory / "demo.img"
        for d in (self.nix, self.conf, self.debs):
            d.mkdir()
        self.image_command = [LIB / "atomos", "image", "--configuration", self.conf, "--keys", KEYS, "-o", self.image]

    def in_store(self, *command):
        """Seconds of a command that sees our own store."""
        return timed(["unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", IN_STORE, "bench",
                      self.nix, *command], self.log)

    def write(self, added=(), host="atomos"):
        packages = " ".join(f'"{name}"' for name in added)
        (self.conf / "configuration.nix").write_text(
            f"{{ lib, ... }}: {{ imports = [ {TOP}/examples/demo/configuration.nix ];\n"
            f'  networking.hostName = lib.mkForce "{host}"; environment.systemPackages = [ {packages} ]; }}\n')

    def build(self):
        return self.in_store(*self.image_command)

    def forget_all_but_debs(self):
        """Keeps the fetched .debs and drops everything that was made of them."""
        self.in_store("/bin/sh", "-euc", 'for p in /nix/store/*.deb; do n=${p#/nix/store/}; '
                      'cp "$p" "$0/${n#*-}"; done', self.debs)
        fresh(self.nix)
        self.in_store("/bin/sh", "-euc", 'cd "$0"; nix-store --add-fixed sha256 * >/dev/null', self.debs)

    def run(self):
        shutil.copy(TOP / "examples/demo/atomos.lock", self.conf)
        # Once with the added package: fetches everything and keeps the lock.
        self.write([ADDED])
        self.build()
        self.forget_all_but_debs()
        with_added = (self.conf / "atomos.lock").read_text()
        shutil.copy(TOP / "examples/demo/atomos.lock", self.conf)
        self.write()
        self.image.unlink()
        results = {"cold": self.build()}
        # mkosi has no lock to renew; ours is at hand as its package lists are.
        (self.conf / "atomos.lock").write_text(with_added)
        self.write([ADDED])
        results["one package added"] = self.build()
        self.write([ADDED], "another")
        results["host name changed"] = self.build()
        results["nothing changed"] = self.build()
        return results


def mkosi(directory):
    """The same four cases. The image stays for the boot benchmark, without the added package."""
    m = Mkosi(directory)
    m.write([ADDED])
    m.build()
    m.write()
    results = {"cold": m.build("-ff")}
    m.write([ADDED])
    results["one package added"] = m.build()
    m.write([ADDED], "another")
    results["host name changed"] = m.build()
    # What mkosi does when it is told to build although nothing changed.
    results["nothing changed"] = m.build()
    return results


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    ours = Ours(WORK / "ours")
    print("Building the demo image, ours and by mkosi; several minutes", flush=True)
    a, b = ours.run(), mkosi(WORK / "mkosi")
    print("Build of the demo image; packages and package lists (ours: the lock) at hand, LUKS2 and zstd on both sides")
    print("  ours:  " + " ".join(map(str, ours.image_command)))
    print(f"  mkosi: mkosi -f build (in {WORK}/mkosi; cold: -ff), {version()}")
    for case, goal in GOALS.items():
        report(f"{case} : mkosi", a[case], b[case], goal)
    fresh(WORK / "ours")


def version():
    return subprocess.run(["mkosi", "--version"], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
