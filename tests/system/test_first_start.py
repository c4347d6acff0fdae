# SPDX-License-Identifier: MIT
"""The first start's full screens, as somebody answers them on a terminal of 80x24: those of docs/install.md are these."""

import json
import re
import subprocess
from pathlib import Path

import pexpect
import pytest

import standins
from standins import terminal

pytestmark = pytest.mark.xdist_group("menu")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/install.md"
FORMAT = "cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000"
CONFIG = {"genericPassword": "atomos", "keymap": "us", "keymaps": ["us", "uk", "de-latin1-nodeadkeys", "fr-latin9", "es"]}
BOOT = {"product": "x", "system": "y", "installed": True, "enrolled": True, "tpm": "present", "secureBoot": "on"}
LOCALE = "#!/bin/sh\nprintf '%s\\n' C.utf8 de_DE.utf8 en_US.utf8\n"
DOWN, ENTER = "\x1b[B", "\r"
PASSWORD, CODE = "seven unlikely lamps", 37


def form(picture):
    """Without the recovery key, which is another one each time, and but one of the empty rows above the keys."""
    rows = ["█" * CODE + row[CODE:] if row.startswith("█") else row for row in picture.rstrip("\n").split("\n")]
    return re.sub(r"\n{3,}(?=.*\Z)", "\n\n", re.sub(r"(\d: )[a-z]{8}", r"\1--------", "\n".join(rows)))


def documented():
    section = DOCUMENT.read_text().partition("\n## The first start\n")[2].partition("\n## ")[0]
    return [form(block) for block in re.findall(r"```\n(.*?)```", section, re.S) if block.startswith("  ")]


class Film:
    """A terminal, and every picture that was on it for a moment: nothing waits between the last ones."""

    def __init__(self, screen):
        self.screen, self.flush, self.pictures = screen, screen.flush, []

    def write(self, data):
        for byte in data:
            self.screen.write(bytes([byte]))
            self.pictures.append(form(self.screen.picture()))


@pytest.fixture
def child(tmp_path):
    consoles = standins.Consoles(tmp_path, {"disks": []}, CONFIG)
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(32 << 20))
    subprocess.run([*FORMAT.split(), disk, "-"], check=True, input=CONFIG["genericPassword"].encode())
    (tmp_path / "boot.json").write_text(json.dumps({**BOOT, "partition": f"..{disk}"}))
    for name in ("locale", "loadkeys"):
        (tmp_path / name).write_text(LOCALE)
        (tmp_path / name).chmod(0o755)
    yield consoles.start("--first-boot", term="vt220")
    consoles.close()


def test_screens_of_the_document(child):
    screen, seen = child.logfile_read, []

    def look():
        child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.5)
        return screen.picture()

    def step(text, keys):
        picture = terminal.see(text, look, 60)
        child.send(keys + ENTER)
        return picture

    for text, keys in (("> Begin", ""), ("Language", DOWN), ("> de-latin1-nodeadkeys", ""), ("> Europe", ""), ("> Berlin", ""),
                       ("Your name:", "Anna Beispiel"), ("name: anna", ""), ("Password:", "password1"), ("easy to guess", ""),
                       ("Password:", PASSWORD), ("Password again:", PASSWORD), ("> Yes", ""), ("Recovery key", "")):
        seen.append(step(text, keys))
    groups = dict(re.findall(r"(\d): ([a-z]{8})", seen[-1]))
    step("Group", groups[re.search(r"Group (\d):", terminal.see("Group", look, 60))[1]])
    seen.append(terminal.see("Make this machine mine", look, 60))
    film = child.logfile_read = Film(screen)
    child.send(ENTER)
    terminal.see("That didn't work", look, 60)
    *before, progress = documented()
    # The document shows these of them.
    assert before == [form(seen[number]) for number in (2, 8, 10, 12, 13)]
    assert progress in film.pictures, "\n".join(dict.fromkeys(film.pictures))
