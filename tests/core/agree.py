#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Nix and our engine must agree about every one of some thousand altered store paths.

Makes small trees in a private store, has Nix sign them, alters each at random (or not at all),
and compares the verdict of `nix store verify --sigs-needed 1` with ours, path by path.
agree.py VERIFY-EACH [COUNT]; the seed is printed, ATOMOS_SEED repeats a run."""
import collections
import hashlib
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time

from alterations import DIGITS, IN_DATABASE, ON_DISK, Tree


def base32(digest):
    n = int.from_bytes(digest, "little")
    return "".join(DIGITS[n >> 5 * i & 31] for i in range(51, -1, -1))


# --- a NAR writer of its own: what is registered is neither Nix's nor our engine's word ---

def text(b):
    return len(b).to_bytes(8, "little") + b + bytes(-len(b) % 8)


def nar(path):
    def node(p):
        if os.path.islink(p):
            return text(b"(") + text(b"type") + text(b"symlink") + text(b"target") + \
                text(os.readlink(p)) + text(b")")
        if os.path.isdir(p):
            entries = b"".join(
                text(b"entry") + text(b"(") + text(b"name") + text(n) + text(b"node") +
                node(os.path.join(p, n)) + text(b")") for n in sorted(os.listdir(p)))
            return text(b"(") + text(b"type") + text(b"directory") + entries + text(b")")
        executable = text(b"executable") + text(b"") if os.stat(p).st_mode & 0o100 else b""
        with open(p, "rb") as f:
            return text(b"(") + text(b"type") + text(b"regular") + executable + \
                text(b"contents") + text(f.read()) + text(b")")
    return text(b"nix-archive-1") + node(path)


class Store:
    def __init__(self, top):
        self.top = top
        self.url = "local?root=" + top
        self.folder = os.path.join(top, "nix/store")
        os.makedirs(self.folder)
        self.env = dict(os.environ, NIX_CONFIG="experimental-features = nix-command\n"
                        "build-users-group =\nwarn-dirty = false\n", LC_ALL="C.UTF-8")

    def nix(self, *command, **more):
        return subprocess.run(command, env=self.env, text=True, **more)

    def key(self, name):
        secret = os.path.join(self.top, f"{name}.{random.random()}")
        self.nix("nix-store", "--generate-binary-cache-key", name, secret, secret + ".pub",
                 check=True)
        with open(secret + ".pub") as f:
            return secret, f.read().strip()

    def register(self, bases, references):
        lines = []
        for base in bases:
            data = nar(os.fsencode(os.path.join(self.folder, base)))
            refs = sorted(references[base])
            lines += [f"/nix/store/{base}", hashlib.sha256(data).hexdigest(), str(len(data)), "",
                      str(len(refs))] + [f"/nix/store/{r}" for r in refs]
        self.nix("nix-store", "--store", self.url, "--load-db", input="\n".join(lines) + "\n",
                 check=True)

    def sign(self, secret, bases):
        self.nix("nix", "store", "sign", "--store", self.url, "-k", secret, "--stdin", check=True,
                 input="".join(f"/nix/store/{b}\n" for b in bases), stderr=subprocess.DEVNULL)

    def database(self):
        return sqlite3.connect(os.path.join(self.top, "nix/var/nix/db/db.sqlite"))

    def verify(self, key, *paths):
        return self.nix("nix", "store", "verify", "--store", self.url, "--sigs-needed", "1",
                        "--trusted-public-keys", key, *paths, capture_output=True)

    def bad_for_nix(self, key, malformed):
        """Paths that Nix refuses, with its words. Of a malformed signature it says no path:
        those are asked for one by one."""
        r = self.verify(key, "--all")
        bad, unclear = {}, []
        for line in re.sub(r"\x1b\[[0-9;]*m", "", r.stderr).splitlines():
            found = re.search(r"/nix/store/([0-9a-z]{32}-t[0-9]+)", line)
            if line.startswith("checking ") or line.startswith("warning: "):
                continue
            if found:
                bad[found[1]] = line
            elif line.startswith("error: "):
                unclear.append(line)
        for base in malformed:
            if base not in bad and self.verify(key, "/nix/store/" + base).returncode:
                bad[base] = unclear.pop()
        if unclear:
            sys.exit("Nix names no path: " + unclear[0])
        return bad


def closure_text(db):
    refs = collections.defaultdict(list)
    for referrer, path in db.execute(
            "select referrer, path from Refs join ValidPaths on reference = id"):
        refs[referrer].append(path[11:])
    out = []
    for i, path, digest, size, sigs in db.execute(
            "select id, path, hash, narSize, sigs from ValidPaths"):
        out.append(f"StorePath: {path}\n"
                   f"NarHash: sha256:{base32(bytes.fromhex(digest.split(':')[1]))}\n"
                   f"NarSize: {size}\nReferences: {' '.join(sorted(refs[i]))}\n"
                   + "".join(f"Sig: {s}\n" for s in (sigs or "").split()))
    return "\n".join(out)


def alter_row(rng, db, base, libraries, change):
    path = "/nix/store/" + base
    i, digest, size, sigs, ultimate = db.execute(
        "select id, hash, narSize, sigs, ultimate from ValidPaths where path = ?",
        (path,)).fetchone()
    refs = [p[11:] for p, in db.execute(
        "select path from Refs join ValidPaths on reference = id where referrer = ?", (i,))]
    row = dict(hash=digest, narSize=size, sigs=sigs, ultimate=ultimate, refs=list(refs),
               libraries=libraries)
    if change(rng, row) is False:
        return False
    db.execute("update ValidPaths set hash = ?, narSize = ?, sigs = ?, ultimate = ? where id = ?",
               (row["hash"], row["narSize"], row["sigs"], row["ultimate"], i))
    db.execute("delete from Refs where referrer = ?", (i,))
    for r in row["refs"]:
        db.execute("insert into Refs select ?, id from ValidPaths where path = ?",
                   (i, "/nix/store/" + r))


def bad_for_us(store, program, keys):
    closure, keys_file = os.path.join(store.top, "closure"), os.path.join(store.top, "keys")
    with store.database() as db, open(closure, "w") as f:
        f.write(closure_text(db))
    with open(keys_file, "w") as f:
        f.write(keys + "\n")
    out = subprocess.run([program, store.folder, closure, keys_file], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    verdict = dict(line.split(" ", 1)[::-1] for line in out.splitlines() if line[:4] == "good")
    bad = {line[4:].split(": ")[0]: line for line in out.splitlines() if line[:3] == "bad"}
    return set(verdict), bad


def make_paths(store, rng, count):
    bases = ["".join(rng.choice(DIGITS) for _ in range(32)) + f"-t{i}" for i in range(count)]
    libraries = bases[:5]
    references = {}
    for base in bases:
        Tree(rng, os.path.join(store.folder, base)).make()
        references[base] = set() if base in libraries else \
            set(rng.sample(libraries, rng.randrange(4)))
        if rng.random() < 0.2:
            references[base].add(base)
    store.register(bases, references)
    return bases, libraries


def alter(store, rng, altered, libraries):
    """Alters each path in one way, each way at least so often; returns what was done."""
    done = {}
    with store.database() as db:
        for n, base in enumerate(altered):
            tree = Tree(rng, os.path.join(store.folder, base))
            while base not in done:
                if n % 6 == 5:
                    change = rng.choice(IN_DATABASE)
                    ok = alter_row(rng, db, base, libraries, change)
                else:
                    change = ON_DISK[n % len(ON_DISK)] if rng.random() < 0.5 else \
                        rng.choice(ON_DISK)
                    ok = change(tree)
                if ok is not False:
                    done[base] = change.__name__
    return done


def main():
    program = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2300
    seed = int(os.environ.get("ATOMOS_SEED") or time.time_ns() % (1 << 32))
    print(f"ATOMOS_SEED={seed}", flush=True)
    rng = random.Random(seed)
    shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=shm) as top:
        store = Store(top)
        secret, public = store.key("test-1")
        impostor, _ = store.key("test-1")
        stranger, _ = store.key("stranger-1")
        bases, libraries = make_paths(store, rng, count)
        # The last ones stay as they are on disk, with a signature that doesn't count.
        foreign = bases[-40:]
        store.sign(secret, bases[:-40])
        store.sign(impostor, foreign[:20])
        store.sign(stranger, foreign[20:])
        done = alter(store, rng, bases[5:-40], libraries)
        done.update({b: "foreign_signature" for b in foreign})
        nix = store.bad_for_nix(public, [b for b in done if done[b] == "shortened_signature"])
        good, ours = bad_for_us(store, program, public)
        judge(bases, done, nix, good, ours)


def judge(bases, done, nix, good, ours):
    kinds = collections.Counter(done.values())
    wrong = [b for b in bases if (b in nix) != (b in ours) or (b in good) == (b in ours)]
    for b in wrong[:20]:
        print(f"{b} ({done.get(b)}): Nix: {nix.get(b, 'good')}; we: {ours.get(b, 'good')}")
    print(f"{len(bases)} paths, {len(done)} altered in {len(kinds)} ways, "
          f"{len(ours)} refused, {len(wrong)} disagreements")
    names = {f.__name__ for f in ON_DISK + IN_DATABASE}
    if wrong or names - set(kinds) or len(done) < 2000 or not 1000 < len(ours) < len(bases) - 200:
        sys.exit("Nix and our engine don't agree, or too little was tried.")


main()
