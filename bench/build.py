#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Building the demo image, against mkosi. Four cases: cold with the packages at hand, one package
added, host name changed, nothing changed."""

import shutil

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

    def prepare(self):
        """Fetches everything, the added package too, and keeps the lock that has it."""
        shutil.copy(TOP / "examples/demo/atomos.lock", self.conf)
        self.write([ADDED])
        self.build()
        self.image.unlink()
        self.forget_all_but_debs()
        self.with_added = (self.conf / "atomos.lock").read_text()

    def cold(self):
        shutil.copy(TOP / "examples/demo/atomos.lock", self.conf)
        seconds = self.build()
        # mkosi has no lock to renew; ours is at hand as its package lists are.
        (self.conf / "atomos.lock").write_text(self.with_added)
        return seconds


class Theirs(Mkosi):
    """mkosi, by the same four cases."""

    def prepare(self):
        self.write([ADDED])
        self.build()

    def cold(self):
        return self.build("-ff")


def cases(builder):
    """Seconds of each case. "Nothing changed" is told to build all the same."""
    builder.prepare()
    builder.write()
    results = {"cold": builder.cold()}
    builder.write([ADDED])
    results["one package added"] = builder.build()
    builder.write([ADDED], "another")
    results["host name changed"] = builder.build()
    results["nothing changed"] = builder.build()
    return results


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    ours, theirs = Ours(WORK / "ours"), Theirs(WORK / "mkosi")
    print("Building the demo image, ours and by mkosi; several minutes", flush=True)
    a, b = cases(ours), cases(theirs)
    print("Build of the demo image; packages and package lists (ours: the lock) at hand, LUKS2 and zstd on both sides")
    print("  ours:  " + " ".join(map(str, ours.image_command)))
    print(f"  mkosi: mkosi -f build (in {theirs.dir}; cold: -ff), {theirs.version()}")
    for case, goal in GOALS.items():
        report(f"{case} : mkosi", a[case], b[case], goal)
    fresh(WORK / "ours")
    # What the boot benchmark starts: the same list without the added package.
    theirs.write()
    theirs.build()


if __name__ == "__main__":
    main()
