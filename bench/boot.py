#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Booting the demo in QEMU beside a stock Debian 13 of the same packages: bytes read before the
login prompt, seconds at several drives' rates, split into parts, and memory used. The machine is
emulated where there is no KVM; bytes are exact, seconds are of this machine."""

import re
import sys
import time

from common import DEMO, KEYS, LIB, TOP, WORK, timed
from engine import tree
from stock import PASSWORD, Mkosi

import starting
import tamper
import vm

RATES = [("40 MB/s", 40_000_000), ("150 MB/s", 150_000_000), ("500 MB/s", 500_000_000)]
STEP = re.compile(r"step (\S+) ([\d.]+)s at ([\d.]+)s")


def without_zram():
    """The demo's image without swap in memory."""
    directory, image = WORK / "without-zram", WORK / "without-zram.img"
    directory.mkdir(exist_ok=True)
    (directory / "configuration.nix").write_text(
        f"{{ lib, ... }}: {{ imports = [ {TOP}/examples/demo/configuration.nix ];\n"
        "  zramSwap.enable = lib.mkForce false; }\n")
    (directory / "atomos.lock").write_bytes((TOP / "examples/demo/atomos.lock").read_bytes())
    timed([LIB / "atomos", "image", "--configuration", directory, "--keys", KEYS, "-o", image], WORK / "boot.log")
    return image


class Boot:
    """What one boot took, up to the login prompt. `keep`: of an owner's machine, whose TPM opens the disk."""

    def __init__(self, name, image, rate=None, stock=False, keep=None):
        self.name, self.parts, asked = name, {}, 0
        start = time.monotonic()
        with vm.boot(f"bench-{name}", image, rate=rate, secure_boot=not stock, tpm=not stock, keep=keep) as m:
            if keep and m.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 0:
                sys.exit(f"The TPM doesn't open the disk: {m.tail()}")
            if stock:
                m.expect(re.compile(rb"[Pp]assphrase"))
                asked = time.monotonic() - start
                m.send(PASSWORD)
            m.expect(re.compile(rb"(?=login: )"), 600)
            self.seconds = time.monotonic() - start
            self.bytes = m.bytes_read()
            m.login(*(("root", "atom") if stock else (starting.USER, starting.PASSWORD) if keep else ()), root=not stock)
            uptime = float(m.run("cat /proc/uptime").split()[0])
            kernel = time.monotonic() - start - uptime
            self.memory = int(m.run("free -m | awk '/^Mem:/ { print $3 + $5 - 0 }'"))
            self.available = int(m.run("free -m | awk '/^Mem:/ { print $7 }'"))
            if stock:
                self.parts = {"firmware": kernel, "to the password": asked - kernel, "to login": self.seconds - asked}
            else:
                self.split(m, kernel)

    def split(self, m, kernel):
        said = m.run("journalctl -b -k -t atomos -o cat --no-pager | grep '^step '")
        took = {name: float(seconds) for name, seconds, _ in STEP.findall(said)}
        end = float(STEP.findall(said)[-1][2])
        load = took["system"] + took["copy"]
        self.parts = {"firmware": kernel, "kernel": end - sum(took.values()), "unlock": sum(took.values()) - load,
                      "verify+load": load, "systemd": self.seconds - kernel - end}

    def show(self):
        parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.parts.items())
        print(f"  {self.name:20} {self.seconds:6.1f} s ({parts}), {self.bytes / 1e6:.0f} MB read", flush=True)


def closure_bytes(image):
    """(compressed size of the closure, size of the boot image)."""
    said = tamper.output("btrfs", "inspect-internal", "dump-super", tamper.plain_of(image)).decode()
    with tamper.Copy(image, "bench-esp") as copy:
        return int(re.search(r"^bytes_used\s+(\d+)", said, re.M).group(1)), len(copy.esp_read(copy.uki_name()))


def model(boot, closure):
    """The engine's own time, natively, against the time that the drive needs for the closure."""
    with tree("demo", DEMO) as t:
        seconds, _ = t.best("load", 3, cold=True)
    print("  model, not measured as a boot: the engine natively (cold) against closure/rate; goal: at most 1 s above")
    for name, rate in RATES:
        drive = closure / rate
        print(f"    {name:9} engine {seconds:.2f} s, drive {drive:.2f} s"
              f"{'' if seconds <= drive + 1 else '  MISSED'}")
    print(f"    of verify+load in QEMU, {max(0, boot.parts['verify+load'] - seconds):.1f} s are emulation")


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    mkosi = WORK / "mkosi" / "image.raw"
    if not mkosi.exists():
        m = Mkosi(WORK / "mkosi")
        m.write()
        m.build()
    emulated = "" if vm.has_kvm() else ", emulated"
    print(f"Boot of the demo image in QEMU{emulated}; stock: Debian 13 of the same packages by mkosi")
    first = Boot("ours", DEMO)
    first.show()
    Boot("stock", mkosi, stock=True).show()
    for name, rate in RATES:
        Boot(f"ours {name}", DEMO, rate).show()
        Boot(f"stock {name}", mkosi, rate, stock=True).show()
    closure, uki = closure_bytes(DEMO)
    ratio = first.bytes / (closure + uki)
    print(f"  bytes read {first.bytes / 1e6:.1f} MB : closure {closure / 1e6:.1f} MB compressed + boot image "
          f"{uki / 1e6:.1f} MB  ratio {ratio:.3f}  goal 1.1{'' if ratio <= 1.1 else ', MISSED'}")
    model(first, closure)
    plain = Boot("without zram", without_zram())
    for boot in (first, plain):
        print(f"  memory after the boot, {'with' if boot is first else 'without'} zram: used and shared "
              f"{boot.memory} MB, available {boot.available} MB")


if __name__ == "__main__":
    main()
