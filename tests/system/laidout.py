# SPDX-License-Identifier: MIT
"""An owner's machine, laid out without one: header, state and boot.json, for the verbs of atomos that change who opens the disk."""

import ctypes
import json
import subprocess
from contextlib import contextmanager

import pexpect

from nixbuild import program

# What the boot of a real machine left.
BOOT = {"version": 1, "product": "atomos-demo", "release": 1, "system": "86hjdchhsr36xswz9n8v93v5rqnxjc2m-atomos-system-atomos-demo-1",
        "generation": 1, "key": "vendor-befdcf42", "paths": 232, "bytes": 449991640, "seconds": 105.0247685, "bytesRead": 293901312,
        "medium": False, "publicPassword": False, "tpm": "present", "secureBoot": "on", "installed": True, "owned": True,
        "openedBy": "tpm", "slot": 1, "disk": "vda", "pin": "good", "enrolled": False, "homeMounted": True, "remembered": "tpm",
        "recorded": False, "lowestRelease": 1, "ownerKeys": [{"sha256": "21fe31df" * 8, "name": "owner-21fe31df"}], "refusedKeys": []}
CHEAP = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
GENERIC, ANNA = "atomos", "anna"
# Of the shape of ours, at the place where ours begins.
SHAPE = ("--cipher", "aes-xts-plain64", "--key-size", "512", "--sector-size", "4096", "--offset", "32768")
SIZE = 32 << 20
crypt = ctypes.CDLL("libcrypt.so.1").crypt
crypt.restype = ctypes.c_char_p


def output(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, **options).stdout


class Machine:
    """Its disk opens with `slots`, pairs of a secret and its token, by number; `boot` is what differs in boot.json."""

    def __init__(self, directory, slots, boot=()):
        self.directory, self.disk = directory, directory / "disk"
        self.run, self.var, self.lib, self.state = (directory / name for name in ("run", "var", "lib", "state"))
        self.disk.touch(0o600)
        with open(self.disk, "r+b") as f:
            f.truncate(SIZE)
        self.format(slots)
        (self.run / "atomos/state").mkdir(parents=True)
        self.state.mkdir()
        (self.run / "atomos/owned").touch()
        self.boot = {**BOOT, **dict(boot)}
        self.use(self.disk)
        (self.lib / "atomos").mkdir(parents=True)
        (self.lib / "atomos/welcome.json").write_text(json.dumps({"genericPassword": GENERIC, "slotMilliseconds": 0}))
        (self.var / "systemd/home").mkdir(parents=True)
        (self.var / "atomos/slots").mkdir(parents=True)

    def format(self, slots):
        first = self.key(slots[0][0])
        output("cryptsetup", "luksFormat", "-q", "--type", "luks2", *CHEAP, *SHAPE, "--key-file", first, self.disk)
        for number, (secret, token) in enumerate(slots):
            if number:
                output("cryptsetup", "luksAddKey", "-q", *CHEAP, "--key-file", first, self.disk, self.key(secret))
            output("cryptsetup", "token", "import", self.disk, input=json.dumps({**token, "keyslots": [str(number)]}).encode())

    def use(self, disk):
        """A file or device with its header, from now on."""
        self.disk = disk
        (self.run / "atomos/boot.json").write_text(json.dumps({**self.boot, "partition": f"..{disk}"}))

    def key(self, secret):
        path = self.directory / f"key-{secret.replace(' ', '-')}"
        path.write_text(secret)
        return path

    def logs_in_with(self, password, user=ANNA):
        """Another tool has made this the account's password."""
        record = {"userName": user, "privileged": {"hashedPassword": [crypt(password.encode(), b"$5$rounds=1000$salt").decode()]}}
        (self.var / f"systemd/home/{user}.identity").write_text(json.dumps(record))

    def opens(self, secret, disk=None):
        command = ["cryptsetup", "open", "--test-passphrase", "--key-file", self.key(secret), disk or self.disk]
        return subprocess.run(command, capture_output=True).returncode == 0

    def header(self):
        return json.loads(output("cryptsetup", "luksDump", "--dump-json-metadata", self.disk))

    def wants(self):
        """What is asked of the next start."""
        return [t["want"] for t in self.header()["tokens"].values() if t["type"] == "atomos-request"]

    def ask(self, want):
        token = {"type": "atomos-request", "keyslots": [], "want": want}
        output("cryptsetup", "token", "import", self.disk, input=json.dumps(token).encode())

    def types(self):
        """How the slots are opened, by their tokens."""
        return sorted(t["type"] for t in self.header()["tokens"].values() if t["keyslots"])

    @contextmanager
    def started(self, *words):
        mounts = (f"mount --bind {self.run} /run && mount --bind {self.state} /run/atomos/state && mount --bind {self.var} /var/lib && "
                  f"mount -t overlay overlay -o lowerdir={self.lib}:/usr/lib /usr/lib")
        child = pexpect.spawn("unshare", ["-m", "sh", "-c", f'{mounts} && exec "$@"', "sh", str(program("atomos")), *words], timeout=60,
                              encoding="utf-8")
        try:
            yield child
        finally:
            child.close(force=True)

    @staticmethod
    def answer(child, prompt, typed):
        """What was said up to then."""
        child.expect_exact(f"{prompt}: ")
        # Not before the echo is off.
        child.waitnoecho(10)
        child.sendline(typed)
        return child.before + child.after

    def tell(self, *words, answers=()):
        """Runs a verb and answers its questions, pairs of a part of the prompt and what is typed: the exit status, and all
        that it said."""
        said = ""
        with self.started(*words) as child:
            for prompt, typed in answers:
                said += self.answer(child, prompt, typed)
            child.expect(pexpect.EOF)
            said += child.before
            child.close()
            return child.exitstatus, said.replace("\r\n", "\n")
