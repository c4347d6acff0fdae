#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Building the demo image, against mkosi with the same list, the same .debs at hand, and encryption
and compression alike. Four cases: cold, one package added, host name changed, nothing changed."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
WORK = TOP / "build" / "bench" / "build"
LIB = Path(os.environ.get("ATOMOS_LIB", TOP / "build" / "lib"))
ADDED = "tree"
GOALS = {"cold": 0.5, "one package added": 0.2, "host name changed": 0.05, "nothing changed": 0.02}

# Another /nix than the clone's, so that "cold" is cold.
IN_STORE = 'mount --bind "$1" /nix; shift; exec "$@"'


def timed(command, log, **options):
    """Seconds that a command takes; its output goes to the log."""
    before = time.monotonic()
    with open(log, "ab") as f:
        f.write(f"$ {' '.join(map(str, command))}\n".encode())
        f.flush()
        result = subprocess.run(command, stdout=f, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **options)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed: see {log}")
    return time.monotonic() - before


def configuration(added, host):
    """The demo, altered."""
    packages = f'environment.systemPackages = [ "{ADDED}" ];' if added else ""
    return (f"{{ lib, ... }}: {{ imports = [ {TOP}/examples/demo/configuration.nix ];\n"
            f'  networking.hostName = lib.mkForce "{host}"; {packages} }}\n')


class Ours:
    """atomos image, in a store of its own."""

    def __init__(self):
        self.nix, self.conf = WORK / "nix", WORK / "ours"
        self.log, self.image = WORK / "ours.log", WORK / "ours.img"
        self.conf.mkdir(parents=True)
        self.nix.mkdir()
        shutil.copy(TOP / "examples/demo/atomos.lock", self.conf)

    def command(self, *arguments):
        return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", IN_STORE, "bench",
                str(self.nix), str(LIB / "atomos"), *arguments]

    def image_command(self):
        return self.command("image", "--configuration", str(self.conf), "--keys", str(TOP / "build/keys"),
                            "-o", str(self.image))

    def write(self, added=False, host="atomos"):
        (self.conf / "configuration.nix").write_text(configuration(added, host))

    def forget_all_but_debs(self):
        """Keeps the fetched .debs and drops everything that was made of them."""
        kept = WORK / "debs"
        script = ("nix-store --query --requisites --include-outputs $(nix-store --gc --print-roots | sed 's/.* -> //' | sort -u) >/dev/null 2>&1; "
                  f"mkdir -p {kept}; for p in /nix/store/*.deb; do cp -a $p {kept}/; done")
        timed(["unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", IN_STORE, "bench",
               str(self.nix), "/bin/sh", "-c", script], self.log)
        subprocess.run(["chmod", "-R", "u+w", str(self.nix)], check=False)
        shutil.rmtree(self.nix)
        self.nix.mkdir()
        debs = sorted(kept.iterdir())
        add = "for p in " + " ".join(f"'{d}'" for d in debs) + "; do n=$(basename $p); nix-store --add-fixed sha256 $p --option substituters '' >/dev/null; done"
        # The name in the store is without the hash: 32 characters and a dash.
        for d in debs:
            d.rename(d.with_name(d.name[33:]))
        add = f"cd {kept}; nix-store --add-fixed sha256 * >/dev/null"
        timed(["unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc", IN_STORE, "bench",
               str(self.nix), "/bin/sh", "-c", add], self.log)

    def run(self):
        results = {}
        self.write()
        timed(self.image_command(), self.log)
        self.forget_all_but_debs()
        self.image.unlink()
        results["cold"] = timed(self.image_command(), self.log)
        self.write(added=True)
        # The .deb at hand, as for mkosi: fetched by a first run that is then undone.
        timed(self.image_command(), self.log)
        self.write()
        shutil.copy(TOP / "examples/demo/atomos.lock", self.conf)
        timed(self.image_command(), self.log)
        subprocess.run(self.command("lock", "--configuration", str(self.conf)), check=False, capture_output=True)
        self.write(added=True, host="atomos2")
        results["one package added"] = timed(self.image_command(), self.log)
        self.write(added=True, host="another")
        results["host name changed"] = timed(self.image_command(), self.log)
        results["nothing changed"] = timed(self.image_command(), self.log)
        return results


class Mkosi:
    """mkosi with the same packages; its incremental mode, its package cache filled."""

    def __init__(self):
        self.dir, self.log = WORK / "mkosi", WORK / "mkosi.log"
        (self.dir / "mkosi.repart").mkdir(parents=True)
        sources = self.dir / "mkosi.sandbox/etc/apt/sources.list.d"
        sources.mkdir(parents=True)
        stanzas = []
        for line in (TOP / "build/tools.list").read_text().splitlines():
            _, _, uri, suite, component = line.split()
            stanzas.append(f"Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: {component}\n"
                           "Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n")
        (sources / "mkosi.sources").write_text("\n".join(stanzas))
        (self.dir / "mkosi.repart/00-esp.conf").write_text(
            "[Partition]\nType=esp\nFormat=vfat\nCopyFiles=/boot:/\nCopyFiles=/efi:/\nSizeMinBytes=256M\nSizeMaxBytes=256M\n")
        (self.dir / "mkosi.repart/10-root.conf").write_text(
            "[Partition]\nType=root\nFormat=btrfs\nCopyFiles=/\nMinimize=guess\nEncrypt=key-file\nCompression=zstd\n")
        with open(self.dir / "pass", "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write("atomos")
        lock = json.loads((TOP / "examples/demo/atomos.lock").read_text())
        self.packages = sorted(p["name"] for p in lock["packages"]) + ["systemd-boot", "systemd-boot-efi"]

    def write(self, added=False, host="atomos"):
        packages = self.packages + ([ADDED] if added else [])
        (self.dir / "mkosi.conf").write_text(
            "[Distribution]\nDistribution=debian\nRelease=trixie\n[Output]\nFormat=disk\n"
            "[Validation]\nPassphrase=pass\n[Build]\nIncremental=yes\nPackageCacheDirectory=cache\n"
            f"[Content]\nHostname={host}\nBootable=yes\nBootloader=systemd-boot\n"
            f"Packages={','.join(packages)}\n")
        (self.dir / "cache").mkdir(exist_ok=True)

    def build(self, force):
        return timed(["mkosi", *force, "build"], self.log, cwd=self.dir)

    def run(self):
        results = {}
        self.write(added=True)
        self.build(["-f"])
        self.write()
        results["cold"] = self.build(["-f", "-f"])
        self.write(added=True)
        results["one package added"] = self.build(["-f"])
        self.write(added=True, host="another")
        results["host name changed"] = self.build(["-f"])
        # What mkosi does when told to build although nothing changed.
        results["nothing changed"] = self.build(["-f"])
        return results


def main():
    if WORK.exists():
        subprocess.run(["chmod", "-R", "u+w", str(WORK)], check=False)
        shutil.rmtree(WORK)
    WORK.mkdir(parents=True)
    if not shutil.which("mkosi"):
        timed(["apt-get", "-qq", "-y", "--no-install-recommends", "install", "mkosi"], WORK / "apt.log")
    ours, theirs = Ours(), Mkosi()
    a, b = ours.run(), theirs.run()
    print("Build of the demo image, seconds")
    print("  ours:  " + " ".join(ours.image_command()[7:]))
    print(f"  mkosi: mkosi -f build (in {theirs.dir}; cold: -f -f)")
    for case, goal in GOALS.items():
        ratio = a[case] / b[case]
        print(f"  {case:20} ours {a[case]:7.2f}  mkosi {b[case]:7.2f}  ratio {ratio:.3f} (goal {goal})"
              f"{'' if ratio <= goal else '  MISSED'}")
    subprocess.run(["chmod", "-R", "u+w", str(WORK)], check=False)
    shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
