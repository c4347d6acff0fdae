# SPDX-License-Identifier: MIT
"""A stock Debian 13 image by mkosi: the demo's packages, the same .debs at hand, encryption and
compression alike. What we are compared with, both in building and in booting."""

import json
import os
import shutil
import subprocess

from common import TOP, fresh, timed

PASSWORD = "atomos"


class Mkosi:
    """mkosi with its incremental mode and a package cache of its own."""

    def __init__(self, directory):
        self.dir, self.log = fresh(directory), directory.parent / f"{directory.name}.log"
        self.image = self.dir / "image.raw"
        if not shutil.which("mkosi"):
            timed(["apt-get", "-qq", "-y", "--no-install-recommends", "install", "mkosi", "uidmap"], self.log)
        (self.dir / "mkosi.repart").mkdir()
        (self.dir / "cache").mkdir()
        (self.dir / "packages").mkdir()
        sources = self.dir / "mkosi.sandbox/etc/apt/sources.list.d"
        sources.mkdir(parents=True)
        # The tools root's own mirrors; mkosi's default would add one for debug symbols.
        stanzas = []
        for line in (TOP / "build/tools.list").read_text().splitlines():
            words = [w for w in line.split() if not w.startswith("[")]
            stanzas.append(f"Types: deb\nURIs: {words[1]}\nSuites: {words[2]}\nComponents: {' '.join(words[3:])}\n"
                           "Signed-By: /usr/share/keyrings/debian-archive-keyring.pgp\n")
        (sources / "mkosi.sources").write_text("\n".join(stanzas))
        (self.dir / "mkosi.repart/00-esp.conf").write_text(
            "[Partition]\nType=esp\nFormat=vfat\nCopyFiles=/boot:/\nCopyFiles=/efi:/\n"
            "SizeMinBytes=512M\nSizeMaxBytes=512M\n")
        (self.dir / "mkosi.repart/10-root.conf").write_text(
            "[Partition]\nType=root\nFormat=btrfs\nCopyFiles=/\nMinimize=guess\nEncrypt=key-file\nCompression=zstd\n")
        with open(self.dir / "pass", "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(PASSWORD)
        lock = json.loads((TOP / "examples/demo/atomos.lock").read_text())
        self.packages = sorted(p["name"] for p in lock["packages"]) + ["systemd-boot", "systemd-boot-efi"]

    def write(self, added=(), host="atomos"):
        packages = ",".join(self.packages + list(added))
        (self.dir / "mkosi.conf").write_text(
            "[Distribution]\nDistribution=debian\nRelease=trixie\n[Output]\nFormat=disk\n"
            "[Validation]\nPassphrase=pass\n[Build]\nIncremental=yes\nCacheDirectory=cache\nPackageCacheDirectory=packages\n"
            f"[Content]\nHostname={host}\nRootPassword=atom\nBootable=yes\nBootloader=systemd-boot\n"
            f"KernelCommandLine=console=ttyS0,115200 systemd.mask=systemd-homed-firstboot.service\nPackages={packages}\n")

    def build(self, force="-f"):
        """Seconds; "-ff" drops the incremental cache, but not the packages."""
        return timed(["mkosi", force, "build"], self.log, cwd=self.dir)

    def version(self):
        return subprocess.run(["mkosi", "--version"], capture_output=True, text=True, check=True).stdout.strip()
