# SPDX-License-Identifier: MIT
"""Small random trees, and the ways in which agree.py alters them and what Nix says of them."""
import os
import shutil
import socket

DIGITS = "0123456789abcdfghijklmnpqrsvwxyz"
WORDS = ["bin", "lib", "etc", "a", "a-b", "a.b", "A", "x y", "é", "data", "usr", "run", "0", "z"]


class Tree:
    def __init__(self, rng, top):
        self.rng, self.top = rng, top

    def nodes(self, kind):
        """Paths of one kind: file, directory (without the top), symlink."""
        found = []
        for folder, directories, files in os.walk(self.top):
            for name in directories + files:
                p = os.path.join(folder, name)
                k = "symlink" if os.path.islink(p) else "directory" if os.path.isdir(p) else "file"
                if k == kind:
                    found.append(p)
        return sorted(found)

    def pick(self, kind):
        found = self.nodes(kind)
        return self.rng.choice(found) if found else None

    def new_name(self, folder=None):
        folder = folder or self.rng.choice([self.top] + self.nodes("directory"))
        while True:
            p = os.path.join(folder, self.rng.choice(WORDS) + str(self.rng.randrange(100)))
            if not os.path.lexists(p):
                return p

    def content(self):
        size = self.rng.choice([0, 1, 7, 8, 9, self.rng.randrange(300), self.rng.randrange(300)])
        return self.rng.randbytes(size)

    def add_file(self, path=None, content=None):
        path = path or self.new_name()
        with open(path, "wb") as f:
            f.write(self.content() if content is None else content)
        os.chmod(path, self.rng.choice([0o444, 0o555, 0o644, 0o755]))
        return path

    def make(self):
        if self.rng.random() < 0.03:
            self.add_file(self.top)
            return
        os.mkdir(self.top)
        for _ in range(self.rng.randrange(1, 4)):
            os.mkdir(self.new_name())
        for _ in range(self.rng.randrange(2, 6)):
            self.add_file()
        for _ in range(self.rng.randrange(3)):
            os.symlink(self.rng.choice(["a", "../a", "/etc/passwd", "x" * 200]), self.new_name())


# --- alterations of what lies on disk; each returns False where it can't be done ---

def read(p):
    with open(p, "rb") as f:
        return f.read()


def rewrite(p, content):
    with open(p, "wb") as f:
        f.write(content)


def flip_bit(t):
    p = t.pick("file")
    data = bytearray(read(p)) if p else b""
    if not data:
        return False
    data[t.rng.randrange(len(data))] ^= 1 << t.rng.randrange(8)
    rewrite(p, data)


def shorten(t):
    p = t.pick("file")
    if not p or not os.path.getsize(p):
        return False
    os.truncate(p, t.rng.choice([0, os.path.getsize(p) - 1]))


def lengthen(t):
    p = t.pick("file")
    if not p:
        return False
    rewrite(p, read(p) + t.rng.choice([b"\0", b"x", bytes(8)]))


def move_byte(t):
    """Bytes go from one file to another: the sum stays."""
    files = [p for p in t.nodes("file") if os.path.getsize(p)]
    if len(files) < 2:
        return False
    a, b = t.rng.sample(files, 2)
    rewrite(b, read(a)[-1:] + read(b))
    rewrite(a, read(a)[:-1])


def swap_files(t):
    files = t.nodes("file")
    if len(files) < 2:
        return False
    a, b = t.rng.sample(files, 2)
    os.rename(a, a + "~")
    os.rename(b, a)
    os.rename(a + "~", b)


def executable_bit(t):
    p = t.pick("file")
    if not p:
        return False
    os.chmod(p, os.stat(p).st_mode ^ 0o100)


def mode_that_counts_not(t):
    p = t.pick("file")
    if not p:
        return False
    os.chmod(p, os.stat(p).st_mode & 0o100 | t.rng.randrange(0o10000) & ~0o100)


def directory_mode(t):
    p = t.pick("directory")
    if not p:
        return False
    os.chmod(p, t.rng.choice([0o700, 0o1777, 0o2755, 0o555]))


def times(t):
    p = t.pick("file") or t.top
    os.utime(p, (t.rng.randrange(1 << 31), t.rng.randrange(1 << 31)))


def owner(t):
    p = t.pick("file") or t.top
    os.chown(p, t.rng.randrange(1000), t.rng.randrange(1000))


def attribute(t):
    p = t.pick("file")
    if not p:
        return False
    try:
        os.setxattr(p, "user.test", b"x")
    except OSError:
        os.utime(p)


def same_content_again(t):
    """A new file of the same content, or two names of one file: no difference."""
    p = t.pick("file")
    if not p:
        return False
    mode, data = os.stat(p).st_mode, read(p)
    os.unlink(p)
    rewrite(p, data)
    os.chmod(p, mode)


def add_file(t):
    if os.path.isdir(t.top):
        t.add_file()
    else:
        return False


def add_empty_directory(t):
    if not os.path.isdir(t.top):
        return False
    os.mkdir(t.new_name())


def add_symlink(t):
    if not os.path.isdir(t.top):
        return False
    os.symlink("a", t.new_name())


def add_odd(t):
    if not os.path.isdir(t.top):
        return False
    p = t.new_name()
    kind = t.rng.randrange(3)
    if kind == 0:
        os.mkfifo(p)
    elif kind == 1:
        os.mknod(p, 0o20666, os.makedev(1, 3))
    else:
        with socket.socket(socket.AF_UNIX) as s:
            # The path is longer than a socket's address may be.
            folder = os.open(os.path.dirname(p), os.O_RDONLY)
            s.bind(f"/proc/self/fd/{folder}/{os.path.basename(p)}")
            os.close(folder)


def file_becomes_fifo(t):
    p = t.pick("file")
    if not p:
        return False
    os.unlink(p)
    os.mkfifo(p)


def remove_file(t):
    p = t.pick("file")
    if not p:
        return False
    os.unlink(p)


def remove_directory(t):
    p = t.pick("directory")
    if not p:
        return False
    shutil.rmtree(p)


def remove_all(t):
    if os.path.isdir(t.top):
        shutil.rmtree(t.top)
    else:
        os.unlink(t.top)


def rename(t):
    kind = t.rng.choice(["file", "directory", "symlink"])
    p = t.pick(kind)
    if not p or p == t.top:
        return False
    os.rename(p, t.new_name(os.path.dirname(p)))


def move_up(t):
    p = t.pick("file")
    if not p or p == t.top or os.path.dirname(p) == t.top:
        return False
    os.rename(p, t.new_name(t.top))


def rename_case(t):
    p = t.pick("file") or t.top
    name = os.path.basename(p).swapcase()
    q = os.path.join(os.path.dirname(p), name)
    if p == t.top or os.path.lexists(q):
        return False
    os.rename(p, q)


def symlink_target(t):
    p = t.pick("symlink")
    if not p:
        return False
    target = os.readlink(p)
    os.unlink(p)
    os.symlink(t.rng.choice([target + "x", "./" + target, target + "/", "q"]), p)


def symlink_again(t):
    p = t.pick("symlink")
    if not p:
        return False
    target = os.readlink(p)
    os.unlink(p)
    os.symlink(target, p)


def symlink_becomes_file(t):
    p = t.pick("symlink")
    if not p:
        return False
    target = os.readlink(p)
    os.unlink(p)
    rewrite(p, target.encode())


def file_becomes_symlink_to_copy(t):
    """Who follows it finds the right bytes."""
    p = t.pick("file")
    if not p:
        return False
    copy = t.top + "~copy"
    os.rename(p, copy)
    os.symlink(copy, p)


def directory_becomes_symlink_to_copy(t):
    p = t.pick("directory")
    if not p:
        return False
    copy = t.top + "~directory"
    os.rename(p, copy)
    os.symlink(copy, p)


def top_becomes_symlink_to_copy(t):
    copy = t.top + "~top"
    os.rename(t.top, copy)
    os.symlink(copy, t.top)


def file_becomes_directory(t):
    p = t.pick("file")
    if not p:
        return False
    os.unlink(p)
    os.mkdir(p)


def directory_becomes_file(t):
    p = t.pick("directory")
    if not p:
        return False
    shutil.rmtree(p)
    rewrite(p, b"")


def nothing(t):
    pass


ON_DISK = [flip_bit] * 8 + [executable_bit] * 4 + [
    shorten, lengthen, move_byte, swap_files, mode_that_counts_not, directory_mode, times, owner,
    attribute, same_content_again, add_file, add_empty_directory, add_symlink, add_odd,
    file_becomes_fifo, remove_file, remove_directory, remove_all, rename, move_up, rename_case,
    symlink_target, symlink_again, symlink_becomes_file, file_becomes_symlink_to_copy,
    directory_becomes_symlink_to_copy, top_becomes_symlink_to_copy, file_becomes_directory,
    directory_becomes_file, nothing]


# --- alterations of what Nix's database says ---

def without_signature(rng, row):
    row["sigs"] = ""


def ultimate_without_signature(rng, row):
    row["sigs"], row["ultimate"] = "", 1


def changed_signature(rng, row):
    name, value = row["sigs"].split(":")
    i = rng.randrange(len(value) - 4)
    row["sigs"] = name + ":" + value[:i] + rng.choice("ABCxyz019+/") + value[i + 1:]


def renamed_signature(rng, row):
    row["sigs"] = "x" + row["sigs"]


def shortened_signature(rng, row):
    row["sigs"] = row["sigs"][:-8]


def one_more_bad_signature(rng, row):
    bad = ["stranger-1:" + "A" * 86 + "==", "test-1:" + "A" * 86 + "=="]
    row["sigs"] = " ".join(rng.sample([row["sigs"], rng.choice(bad)], 2))


def other_size(rng, row):
    row["narSize"] += rng.choice([-8, -1, 1, 8])


def other_hash(rng, row):
    digest = bytearray.fromhex(row["hash"].split(":")[1])
    digest[rng.randrange(32)] ^= 1 << rng.randrange(8)
    row["hash"] = "sha256:" + digest.hex()


def fewer_references(rng, row):
    if not row["refs"]:
        return False
    row["refs"].pop(rng.randrange(len(row["refs"])))


def more_references(rng, row):
    missing = [r for r in row["libraries"] if r not in row["refs"]]
    if not missing:
        return False
    row["refs"].append(rng.choice(missing))


IN_DATABASE = [without_signature, ultimate_without_signature, changed_signature,
               renamed_signature, shortened_signature, one_more_bad_signature, other_size,
               other_hash, fewer_references, more_references]
