# SPDX-License-Identifier: MIT
"""What the benchmarks share: where things lie, commands with a log, the line of a ratio."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "vm"))
import vm  # noqa: E402  (says where the clone's programs are)

TOP, WORK = vm.TOP, vm.BUILD / "bench"
LIB, KEYS, DEMO = Path(os.environ["ATOMOS_LIB"]), vm.keys(), vm.BUILD / "demo.img"


def timed(command, log, **options):
    """Seconds that a command takes; its output goes to the log."""
    words = " ".join(map(str, command))
    before = time.monotonic()
    with open(log, "ab") as f:
        f.write(f"$ {words}\n".encode())
        f.flush()
        result = subprocess.run([str(c) for c in command], stdout=f, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, **options)
    if result.returncode:
        sys.exit(f"{words} failed: see {log}")
    return time.monotonic() - before


def fresh(directory):
    """An empty directory, whatever was there before (store paths are read-only)."""
    if directory.exists():
        subprocess.run(["chmod", "-R", "u+w", str(directory)], check=False)
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    return directory


def drop_caches():
    """Forgets all that the kernel keeps of files."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def report(what, ours, theirs, goal=None, unit="s"):
    """One comparison: ours, theirs, their ratio, and whether the goal is met."""
    ratio = ours / theirs
    verdict = "" if goal is None else f"  goal {goal}{'' if ratio <= goal else ', MISSED'}"
    print(f"  {what:44} {ours:9.2f} {unit}  {theirs:9.2f} {unit}  ratio {ratio:6.3f}{verdict}", flush=True)
