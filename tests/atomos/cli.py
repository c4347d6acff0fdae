#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The program as it is typed: help, misuse, small verbs, manual pages and completions."""

import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest

ATOMOS, COMPLETIONS, SOURCE = sys.argv[1:4]
HELP_WIDTH = 80


def atomos(*arguments, **environment):
    env = dict(os.environ, ATOMOS_SHARE=SOURCE, LC_ALL="C.UTF-8", **environment)
    return subprocess.run([ATOMOS, *arguments], env=env, capture_output=True, text=True, check=False)


def helps():
    """The help of the program ("") and of each verb."""
    texts = {"": atomos("--help").stdout}
    for line in texts[""].split("Commands:\n")[1].split("\n\n")[0].splitlines():
        verb = line.split()[0]
        texts[verb] = atomos(verb, "--help").stdout
    return texts


def options(text):
    return re.findall(r"^  (?:-(\w), |    )--([a-z-]+)", text, re.MULTILINE)


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return file.read()


class Help(unittest.TestCase):
    def test_every_help(self):
        self.assertGreaterEqual(len(helps()), 8)
        for verb in helps():
            result = atomos(*([verb] if verb else []), "--help")
            self.assertEqual((result.returncode, result.stderr), (0, ""), verb)
            self.assertTrue(result.stdout.startswith(f"Usage: atomos {verb}"), verb)
            self.assertIn("--help", result.stdout)
            for line in result.stdout.splitlines():
                self.assertLessEqual(len(line), HELP_WIDTH, f"{verb}: {line}")

    def test_version(self):
        self.assertRegex(atomos("--version").stdout, r"^atomos \d+\.\d+\n$")

    def test_misuse(self):
        for arguments in ([], ["lok"], ["build", "--nothing"], ["build", "x"], ["new"], ["run"],
                          ["lock", "--frozen", "--rebase"], ["keys", "lose"], ["image"],
                          ["new", "--json", "x"]):
            result = atomos(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertRegex(result.stderr, r"^atomos: [^\n]+[.?]\n$", arguments)

    def test_nearest_verb(self):
        self.assertIn("did you mean 'verify'?", atomos("verifyx").stderr)

    def test_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = subprocess.run([ATOMOS, "--help"], stdout=full, stderr=subprocess.PIPE,
                                    text=True, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("could not be written", result.stderr)


class Documents(unittest.TestCase):
    def test_manual_pages(self):
        """Each verb and option of the help is in its page, and the reverse."""
        overview = read(SOURCE, "man/atomos.1.scd")
        for verb, text in helps().items():
            page = read(SOURCE, f"man/atomos{'-' if verb else ''}{verb}.1.scd")
            section = page.split("# OPTIONS")[1].split("\n# ")[0]
            wanted = {"--" + name for _, name in options(text)}
            wanted |= {"-" + letter for letter, _ in options(text) if letter}
            there = set()
            for line in section.splitlines():
                if line.startswith("*-"):
                    there |= set(re.findall(r"\*(-[\w-]+)\*", line))
            self.assertEqual(there, wanted, verb or "atomos")
            if verb:
                self.assertIn(f"*{verb}*\n", overview)

    def test_completions(self):
        for shell, name in (("bash", "atomos"), ("zsh", "_atomos"), ("fish", "atomos.fish")):
            text = read(COMPLETIONS, name)
            for verb, help_text in helps().items():
                self.assertIn(verb, text, shell)
                for _, option in options(help_text):
                    self.assertRegex(text, rf"(--|-l ){option}\b", f"{shell}: {verb} --{option}")

    def test_completions_are_valid(self):
        for command in (["bash", "-n", "atomos"], ["zsh", "-n", "_atomos"], ["fish", "--no-execute", "atomos.fish"]):
            subprocess.run(command, cwd=COMPLETIONS, check=True)

    def complete(self, *words):
        script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  'compopt() { :; }; _atomos; printf "%s\\n" "${COMPREPLY[@]}"')
        result = subprocess.run(["bash", "-c", script, os.path.join(COMPLETIONS, "atomos"),
                                 "atomos", *words], capture_output=True, text=True, check=True)
        return result.stdout.split()

    def test_bash(self):
        self.assertEqual(self.complete("ver"), ["verify"])
        self.assertEqual(self.complete("build", "--fr"), ["--frozen"])
        self.assertEqual(self.complete("-q", "keys", "s"), ["show"])
        self.assertIn("/dev/null", self.complete("build", "-c", "/dev/nul"))


class Verbs(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.top = directory.name

    def test_new(self):
        result = atomos("new", f"{self.top}/a/b/")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn(f"atomos image --configuration {self.top}/a/b ", result.stdout)
        self.assertEqual(read(self.top, "a/b/configuration.nix"),
                         read(SOURCE, "examples/new/configuration.nix"))

    def test_new_refuses_to_overwrite(self):
        with open(f"{self.top}/configuration.nix", "w", encoding="utf-8") as file:
            file.write("mine")
        result = atomos("new", self.top)
        self.assertEqual(result.returncode, 1)
        self.assertIn("There is a configuration already", result.stderr)
        self.assertEqual(read(self.top, "configuration.nix"), "mine")

    def test_keys(self):
        result = atomos("keys", "new", f"{self.top}/keys", "--name", "acme-1", "--json")
        self.assertEqual(result.returncode, 0)
        shown = json.loads(result.stdout)
        self.assertTrue(shown["nix"].startswith("acme-1:"))
        self.assertNotIn("PRIVATE", result.stdout + result.stderr)
        for entry in os.scandir(f"{self.top}/keys"):
            self.assertEqual(stat.S_IMODE(entry.stat().st_mode), 0o600, entry.name)
        again = atomos("keys", "new", ATOMOS_KEYS=f"{self.top}/keys")
        self.assertEqual(again.returncode, 1)
        self.assertIn("never overwritten", again.stderr)
        text = atomos("keys", "show", ATOMOS_KEYS=f"{self.top}/keys")
        self.assertIn(shown["nix"], text.stdout)

    def test_keys_loose_umask(self):
        """The modes don't depend on the umask."""
        subprocess.run(["sh", "-c", 'umask 000; "$0" -q keys new "$1"', ATOMOS, f"{self.top}/k"],
                       check=True, stdout=subprocess.DEVNULL)
        self.assertEqual(stat.S_IMODE(os.stat(f"{self.top}/k").st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(f"{self.top}/k/db.key").st_mode), 0o600)

    def test_no_configuration(self):
        for arguments in (["build", "-c", self.top], ["lock", "-c", f"{self.top}/none"]):
            result = atomos(*arguments)
            self.assertEqual(result.returncode, 1)
            self.assertRegex(result.stderr, r"^atomos: .*(configuration\.nix|none)[^\n]*\.\n$")

    def test_verify_nothing(self):
        atomos("keys", "new", f"{self.top}/keys")
        result = atomos("verify", "--json", f"{self.top}/none", ATOMOS_KEYS=f"{self.top}/keys")
        self.assertEqual(result.returncode, 1)
        self.assertFalse(json.loads(result.stdout)["good"])
        result = atomos("verify", self.top, ATOMOS_KEYS=f"{self.top}/keys")
        self.assertIn("neither a store path nor an image", result.stderr)
        result = atomos("verify", self.top, ATOMOS_KEYS=f"{self.top}/other")
        self.assertIn("atomos keys new", result.stderr)

    def test_verify_password_file(self):
        self.assertEqual(atomos("keys", "new", f"{self.top}/keys").returncode, 0)
        for name, size in ("image", 1 << 20), ("password", 4097):
            with open(f"{self.top}/{name}", "wb") as file:
                file.truncate(size)
        result = atomos("verify", "--keys", f"{self.top}/keys", "--password-file", f"{self.top}/password",
                        f"{self.top}/image")
        self.assertEqual(result.returncode, 1)
        self.assertIn("it is too long", result.stderr)

    def test_bad_flake(self):
        self.assertIn("names no system of a flake", atomos("build", "--flake", self.top).stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
