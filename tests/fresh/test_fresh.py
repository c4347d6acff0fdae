# SPDX-License-Identifier: MIT
"""The README's two commands on a fresh machine: a minimal Debian 12 and 13 with git and make."""

import pathlib
import shutil
import subprocess

import pexpect
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
WORK = TOP / "build" / "fresh"

ENTER = """
set -eu
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
# A minimal system has no umount of its own: ours goes last, from what it takes away.
cd "$root"
pivot_root . mnt
mnt/lib64/ld-linux-x86-64.so.2 --library-path mnt/lib/x86_64-linux-gnu mnt/bin/umount -l /mnt
cd /root
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec "$@"
"""


def mirrors(suite):
    """The mirrors of the tools root, for another suite."""
    lines = (TOP / "build" / "tools.list").read_text().splitlines()
    return [f"deb {line.split()[2]} {line.split()[3].replace('trixie', suite)} main" for line in lines]


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def fresh(request):
    """The command that runs something on a fresh machine with a clone of HEAD in /root/atomos."""
    suite = request.param
    root = WORK / suite
    shutil.rmtree(root, ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=apt", "--include=git,make,ca-certificates",
         suite, str(root), *mirrors(suite)], check=True)
    subprocess.run(["git", "clone", "-q", str(TOP), str(root / "root" / "atomos")], check=True)
    yield ["unshare", "--mount", "--propagation", "private", "--",
           "/bin/sh", "-c", ENTER, "enter", str(root)]
    shutil.rmtree(root, ignore_errors=True)


def demo(fresh, *words):
    """make demo, up to its login prompt; then left as it says."""
    child = pexpect.spawn(fresh[0], [*fresh[1:], "make", "-C", "atomos", "demo"],
                          timeout=1800, encoding="utf-8", codec_errors="replace")
    child.logfile_read = open(WORK / "demo.log", "w", encoding="utf-8")
    for text in (*words, "Log in as atom with the password atom", "Leave: Ctrl-a x",
                 "Log in as atom with the password atom", "login: "):
        child.expect(text)
    child.sendcontrol("a")
    child.send("x")
    child.expect(pexpect.EOF)


def test_demo_twice_then_check(fresh):
    demo(fresh)
    demo(fresh, "demo.img is up to date")
    check = subprocess.run([*fresh, "make", "-C", "atomos", "check"], check=False)
    assert check.returncode == 0
