# SPDX-License-Identifier: MIT
"""Store paths of a configuration, as the command line gets them, for tests of the builder."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "examples/demo"

CONFIG = """experimental-features = nix-command flakes auto-allocate-uids cgroups
auto-allocate-uids = true
use-cgroups = true
sandbox = true
filter-syscalls = false
system-features = uid-range
substituters =
build-users-group =
max-jobs = auto
cores = 0
warn-dirty = false
"""


def nix(*arguments, check=True):
    """Runs nix; with check=False returns the finished process, standard error included."""
    result = subprocess.run(
        ["nix", *map(str, arguments)], env={**os.environ, "NIX_CONFIG": CONFIG}, capture_output=True, text=True
    )
    if check and result.returncode:
        raise AssertionError(f"nix {' '.join(map(str, arguments))}: {result.stderr[-3000:]}")
    return result if not check else result.stdout.strip()


def program(name):
    return Path(os.environ.get("ATOMOS_LIB", TOP / "build/lib")).resolve() / name


def atomos(*arguments):
    """Runs the command line with the programs, keys and kept mirrors of the clone."""
    places = {"ATOMOS_LIB": TOP / "build/lib", "ATOMOS_SHARE": TOP, "ATOMOS_KEYS": TOP / "build/keys",
              "ATOMOS_CACHE": TOP / "build/cache"}
    environment = {name: str(place) for name, place in places.items()} | dict(os.environ)
    return subprocess.run([program("atomos"), *map(str, arguments)], env=environment, check=True, capture_output=True)


def configuration(directory):
    """The Nix expression of everything that is made of a configuration with its lock."""
    key = (TOP / "build/keys/nix-public-key").read_text().strip()
    return (
        f"(import {TOP}/nix/default.nix {{ configuration = {directory}/configuration.nix; "
        f"lock = {directory}/atomos.lock; atomosBuild = {program('atomos-build')}; "
        f'atomosInit = {program("atomos-init")}; programs = {{ "/usr/bin/atomos" = {program("atomos")}; "/usr/lib/atomos/atomos-welcome" = {program("atomos-welcome")}; }}; '
        f'vendorKeys = [ "{key}" ]; '
        'mirrors = { main = "none:"; security = "none:"; }; })'
    )


def build(expression, *options, check=True):
    """Realises an expression: its output path, or the failed process with check=False."""
    return nix("build", "--impure", "--no-link", "--print-out-paths", "-L", "--expr", expression, *options, check=check)


def evaluate(directory, *values):
    """Values of the expression, such as root.outPath, by name; builds nothing."""
    wanted = " ".join(f'"{value}" = c.{value};' for value in values)
    return json.loads(nix("eval", "--impure", "--json", "--expr", f"let c = {configuration(directory)}; in {{ {wanted} }}"))


def lock(directory):
    return json.loads((Path(directory) / "atomos.lock").read_text())


def debs(directory):
    """Store paths of the locked packages, which the build has fetched."""
    inputs = build(f"{configuration(directory)}.inputs")
    return [p for p in nix("path-info", "--recursive", inputs).split() if p.endswith(".deb")]


STORE_HASH = re.compile(rb"(?<![0-9a-z])[0-9a-df-np-sv-z]{32}-")


def digest(path):
    """The NAR hash of a store path without the hashes in the names of others: those are of the
    compiled builder too."""
    with tempfile.TemporaryDirectory(prefix="atomos-digest-", dir="/var/tmp") as directory:
        copy = Path(directory) / "copy"
        shutil.copytree(path, copy, symlinks=True)
        for file in [p for p in copy.rglob("*") if p.is_file() and not p.is_symlink()]:
            data = file.read_bytes()
            stripped = STORE_HASH.sub(b"", data)
            if stripped != data:
                file.chmod(file.stat().st_mode | 0o200)
                file.write_bytes(stripped)
        return nix("hash", "path", copy)
