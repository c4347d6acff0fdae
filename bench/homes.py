#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where a user's home may lie on an owner's machine: each kind that systemd-homed knows on our partition of homes, whether it is
possible at all, whether its user's password encrypts it, its size, and the seconds to make it, to log in and to log out."""

import json
import re
import tempfile
from pathlib import Path

from common import DEMO, WORK

import installed
import starting
import tamper
import vm

PASSWORD, TIMES, SIZE, CONTENT = "three patient candles", 3, 512, 64
ROOM = 8 << 30
# As src/owner/account.c makes them.
OURS = f"--storage=luks --fs-type=btrfs --disk-size={SIZE}M --luks-discard=no --luks-offline-discard=no --rebalance-weight=off --auto-resize-mode=off"
KINDS = [
    ("luks, as AtomOS makes it", OURS),
    ("luks, least work for the password", f"{OURS} --luks-pbkdf-type=pbkdf2 --luks-pbkdf-force-iterations=1000"),
    ("luks, as homed makes it", "--storage=luks"),
    ("fscrypt", "--storage=fscrypt"),
    ("subvolume", "--storage=subvolume"),
    ("directory", "--storage=directory"),
]


class Failed(Exception):
    """homed refuses; with its sentence."""


class Home:
    """The home of a user who is there for the measurement."""

    def __init__(self, m, number):
        self.m, self.name = m, f"bench{number}"

    def clocked(self, command):
        """Seconds that a command takes, by the machine's clock."""
        said = self.m.run(f"a=$(cut -d ' ' -f 1 /proc/uptime); {command}; s=$?; echo; echo $s $a $(cut -d ' ' -f 1 /proc/uptime)",
                          300, check=False).splitlines()
        status, before, after = said[-1].split()
        if status != "0":
            raise Failed(" ".join(line.strip() for line in said[:-1] if line.strip()) or f"ends with {status}")
        return float(after) - float(before)

    def create(self, options):
        return self.clocked(f"NEWPASSWORD='{PASSWORD}' homectl create {self.name} --enforce-password-policy=no {options}")

    def log_in(self):
        return self.clocked(f"PASSWORD='{PASSWORD}' homectl activate {self.name}")

    def log_out(self):
        """While homed still resizes a home it can't be left."""
        return self.clocked(f"n=0; until homectl deactivate {self.name}; do n=$((n + 1)); [ $n -lt 60 ] || break; sleep 1; done; [ $n -lt 60 ]")

    def fill(self):
        self.m.run(f"head -c {CONTENT}M /dev/urandom >/home/{self.name}/content && sync", 120)

    def remove(self):
        self.m.run(f"homectl deactivate {self.name}; homectl remove {self.name}", 120, check=False)

    def file_size(self):
        """Megabytes of the file that is the home, or None."""
        said = self.m.run(f"stat -c %s /home/{self.name}.home", check=False)
        return int(said) >> 20 if said.isdigit() else None

    def storage(self):
        """What homed says of it."""
        said = re.search(r"Storage: (.+)", self.m.run(f"homectl --no-pager inspect {self.name}"))
        return said.group(1) if said else "homed doesn't say"


def measure(home, options):
    """One line about a kind of home."""
    made = home.create(options)
    home.log_in()
    home.fill()
    home.log_out()
    sizes, cycles = [home.file_size()], []
    for _ in range(TIMES):
        inside, size = home.log_in(), home.file_size()
        cycles.append((inside, home.log_out()))
        sizes += [size, home.file_size()]
    logs = " ".join(f"{min(seconds):6.2f}" for seconds in zip(*cycles))
    of_file = f"; MB of its file, closed and open: {' '.join(map(str, sizes))}" if sizes[0] else ""
    return f"made {made:6.2f} s, in and out {logs} s; {home.storage()}{of_file}"


def roomy(disk):
    """More room behind the partition for homes, which is the last one; its file system takes it in the machine."""
    installed.add_room(disk, ROOM)
    number = len(json.loads(tamper.output("sfdisk", "--json", disk))["partitiontable"]["partitions"])
    tamper.output("sfdisk", "-q", "--no-reread", "--wipe=never", "-N", number, disk, input=f",+{ROOM // 512}".encode())
    return disk


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    with tamper.mounted(tamper.plain_of(DEMO), read_only=True) as medium:
        first = starting.recorded(DEMO, medium)
    with tempfile.TemporaryDirectory(dir=WORK) as name:
        with vm.boot("bench-homes", roomy(first.disk_of(Path(name))), keep=first.machine_of(Path(name))) as m:
            m.login(starting.USER, starting.PASSWORD)
            m.run("btrfs filesystem resize max /home")
            print(f"Homes on the partition of homes of an owner's machine{'' if vm.has_kvm() else ', emulated'}: "
                  f"{m.run('findmnt -no FSTYPE /home')} on {m.run('findmnt -no SOURCE /home')}, {CONTENT} MB in each; "
                  f"the best of {TIMES}")
            for number, (what, options) in enumerate(KINDS):
                home = Home(m, number)
                try:
                    said = measure(home, options)
                except Failed as failure:
                    said = f"not possible: {failure}"
                home.remove()
                print(f"  {what:34} {said}", flush=True)


if __name__ == "__main__":
    main()
