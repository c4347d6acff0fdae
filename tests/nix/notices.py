#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The notice at log-in tells what changed since the boot, and nothing else."""
import json
import os
import pathlib
import pty
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent.parent / "nix/modules"
BOOT = 1_800_000_000


class LoginNotice(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.addCleanup(self.place.cleanup)
        self.root = pathlib.Path(self.place.name)
        for path in ("etc/hostname", "etc/apt/sources.list", "usr/bin/true", "var/lib/dpkg/status"):
            self.touch(path, BOOT - 10)
        for folder in ("usr", "usr/bin", "etc/apt"):
            os.utime(self.root / folder, (BOOT - 10, BOOT - 10))
        self.touch("run/atomos/started", BOOT)

    def touch(self, path, when):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
        os.utime(file, (when, when))

    def notice(self):
        run = subprocess.run(["/bin/sh", SCRIPTS / "notice-login.sh", self.root], capture_output=True, text=True, check=True)
        self.assertEqual(run.stderr, "")
        return run.stdout

    def test_silent_when_nothing_changed(self):
        self.assertEqual(self.notice(), "")

    def test_silent_outside_of_atomos(self):
        (self.root / "run/atomos/started").unlink()
        self.touch("etc/hostname", BOOT + 10)
        self.assertEqual(self.notice(), "")

    def test_files_in_etc(self):
        self.touch("etc/hostname", BOOT + 10)
        self.touch("etc/apt/sources.list", BOOT + 10)
        self.assertIn("2 files in /etc", self.notice())

    def test_one_file(self):
        self.touch("etc/hostname", BOOT + 10)
        self.assertIn("next: /etc/hostname.\n", self.notice())
        self.touch("var/lib/dpkg/status", BOOT + 10)
        self.assertIn("next: packages, /etc/hostname.\n", self.notice())

    def test_packages(self):
        self.touch("var/lib/dpkg/status", BOOT + 10)
        os.utime(self.root / "usr/bin", (BOOT + 10, BOOT + 10))
        self.assertIn("next: packages.", self.notice())

    def test_files_in_usr(self):
        os.utime(self.root / "usr/bin", (BOOT + 10, BOOT + 10))
        self.assertIn("next: files in /usr.", self.notice())

    def test_two_lines_at_most(self):
        for n in range(200):
            self.touch(f"etc/many/{n}", BOOT + 10)
        self.touch("var/lib/dpkg/status", BOOT + 10)
        self.assertEqual(len(self.notice().splitlines()), 2)

    def test_lock_files_do_not_count(self):
        self.touch("etc/.pwd.lock", BOOT + 10)
        self.assertEqual(self.notice(), "")


class AptNotice(unittest.TestCase):
    def test_silent_outside_of_atomos(self):
        run = subprocess.run(["/bin/sh", SCRIPTS / "notice-apt.sh"], capture_output=True, text=True, check=True)
        self.assertEqual(run.stdout + run.stderr, "")


class MendPassword(unittest.TestCase):
    """An administrator is led to what mends it, anybody else to an administrator; a log-in goes on in any case."""

    def run_with(self, groups, status=0):
        with tempfile.TemporaryDirectory() as place:
            for name, text in (("id", f"echo {groups}"), ("sudo", f'echo "sudo $*"; exit {status}')):
                file = pathlib.Path(place, name)
                file.write_text(f"#!/bin/sh\n{text}\n")
                file.chmod(0o755)
            run = subprocess.run(["/bin/sh", SCRIPTS / "mend-password.sh", "atomos"], capture_output=True, text=True, check=True,
                                 env={"PATH": f"{place}:/usr/bin:/bin", "USER": "ada"})
        self.assertEqual(run.stderr, "")
        return run.stdout

    def test_administrator(self):
        said = self.run_with("ada sudo users")
        self.assertIn("isn't the one that opens the disk", said)
        self.assertIn("\nsudo atomos passwd --mend\n", said)
        self.assertNotIn("Later", said)

    def test_for_later(self):
        self.assertIn("Later: sudo atomos passwd --mend", self.run_with("sudo", status=1))

    def test_nobody_else(self):
        said = self.run_with("ada pseudosudo sudoers")
        self.assertIn("sudo atomos passwd --mend ada", said)
        self.assertNotIn("become one again", said)

    def window(self, user, *changed, terminal="x-terminal-emulator"):
        with tempfile.TemporaryDirectory() as place:
            program = pathlib.Path(place, terminal)
            program.write_text('#!/bin/sh\necho "$2 $3 $4"\n')
            program.chmod(0o755)
            for name in changed:
                pathlib.Path(place, name).touch()
            return subprocess.run(["/bin/sh", SCRIPTS / "mend-password-window.sh", place], capture_output=True, text=True,
                                  check=True, env={"PATH": f"{place}:/usr/bin:/bin", **({"USER": user} if user else {})}).stdout

    def test_desktop(self):
        """A window only when there is something to mend."""
        self.assertIn("sh -c /usr/lib/atomos/mend-password;", self.window("ada", "ada"))
        self.assertEqual(self.window("ada", "berta"), "")
        self.assertEqual(self.window("", "ada"), "")
        self.assertIn("A log-in in a terminal says how", self.window("ada", "ada", terminal="notify-send"))


class LogIn(unittest.TestCase):
    """What a log-in shell of each kind reads leads to MendPassword's script, in a terminal and where there is something to mend."""

    FILES = {"bash": "etc/profile.d/atomos-password.sh", "zsh": "etc/zsh/zprofile",
             "fish": "usr/share/fish/vendor_conf.d/atomos-password.fish"}

    def log_in(self, shell, options="-l", terminal=True, noted="root"):
        texts = json.loads((pathlib.Path(__file__).parent / "lib/accounts.exp").read_text())["log-in"]
        with tempfile.TemporaryDirectory() as place:
            mend = pathlib.Path(place, "usr/lib/atomos/mend-password")
            for file, text in ((mend, "#!/bin/sh\necho mending\n"), (pathlib.Path(place, self.FILES[shell]), texts[shell])):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            mend.chmod(0o755)
            layers = " && ".join(f"mount -t overlay overlay -o lowerdir={place}/{d}:/{d} /{d}" for d in ("etc", "usr") if
                                 pathlib.Path(place, d).exists())
            run = f"mount -t tmpfs tmpfs /run && mkdir -p /run/atomos/passwords && touch /run/atomos/passwords/{noted}"
            command = ["unshare", "-m", "sh", "-c", f"{layers} && {run} && exec {shell} {options} -c 'echo goes on'"]
            ours, theirs = pty.openpty()
            run = subprocess.run(command, stdin=theirs if terminal else subprocess.DEVNULL, capture_output=True, text=True,
                                 env={"PATH": "/usr/bin:/bin", "HOME": place, "USER": "root"})
            os.close(ours)
            os.close(theirs)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout

    def test_all(self):
        for shell in self.FILES:
            with self.subTest(shell):
                self.assertEqual(self.log_in(shell), "mending\ngoes on\n")
                self.assertEqual(self.log_in(shell, options=""), "goes on\n")
                self.assertEqual(self.log_in(shell, terminal=False), "goes on\n")
                self.assertEqual(self.log_in(shell, noted="ada"), "goes on\n")


if __name__ == "__main__":
    unittest.main()
