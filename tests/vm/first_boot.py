# SPDX-License-Identifier: MIT
"""Answers the questions of the first start on the serial console, as somebody does who reads plain lines, or on the full
screens."""

import re

import installed
import vm
from screens import ENTER, Serial
from tamper import Copy, output

USER, OWNER_PASSWORD = "anna", "seven unlikely lamps"
# Another keyboard and another part of the world than the configuration's.
KEYMAP, ZONE = "de-latin1-nodeadkeys", "America/New_York"
HOMES = 2 << 30
CTRL_P = "\x10"
GROUP = re.compile(r"(\d): ([a-z]{8})")
MENU, NAME, LOGIN, PASSWORD, AGAIN, TYPE_BACK, DONE, FAILED = range(8)
PROMPTS = [
    re.compile(rb"Number or name \[\d+\][^:\n]*: "),
    re.compile(rb"Your name[^:\n]*: "),
    re.compile(rb"Login name[^:\n]*: "),
    re.compile(rb"Password \(isn't shown\): "),
    re.compile(rb"Password again \(isn't shown\): "),
    re.compile(rb"Group (\d+)[^:\n]*: "),
    re.compile(rb"This machine is yours now"),
    re.compile(rb"That didn't work.*", re.S),
]
# What is typed at the menus that have these words; at the others what is preset is taken.
MENUS = {b"Which keyboard is this?": KEYMAP, b"Which part of the world": "America", b"Which place has": "New York",
         b"easy to guess": "2"}


def greeted(machine):
    """The first screen is there; plain lines from here on."""
    machine.expect("A few questions make")
    machine.console.send(CTRL_P)


def answer(machine, user, password, name="Anna Beispiel"):
    """Becomes the owner; returns the recovery key."""
    greeted(machine)
    return answer_all(machine, user, password, name)


def answer_all(machine, user, password, name="Anna Beispiel"):
    """As answer(), from any question on."""
    groups = {}
    while True:
        asked = machine.expect(PROMPTS, 300)
        before = machine.console.before
        groups.update({int(n): text for n, text in GROUP.findall(before.decode(errors="replace"))})
        if asked == DONE:
            machine.expect(PROMPTS[MENU])
            machine.send()
            return "-".join(groups[n] for n in sorted(groups))
        if asked == FAILED:
            machine.listen(2)
            raise AssertionError(machine.tail(12))
        machine.send({
            MENU: lambda: next((typed for words, typed in MENUS.items() if words in before), ""),
            NAME: lambda: name,
            LOGIN: lambda: user,
            PASSWORD: lambda: password,
            AGAIN: lambda: password,
            TYPE_BACK: lambda: groups[int(machine.console.match.group(1))],
        }[asked]())


def answer_on_screens(machine, user, password, name="Anna Beispiel"):
    """As answer(), on the full screens; the login name is the one that is made of the name."""
    serial = Serial(machine, vm.LOGS / f"{machine.name}-screens.txt")
    serial.see("> Begin")
    serial.press(ENTER)
    serial.see("Which keyboard is this?")
    serial.choose(KEYMAP)
    # The time zone is guessed by the keyboard.
    for text, typed in (("> Europe", ""), ("> Berlin", ""), ("Your name:", name), (f"Login name: {user}", ""), ("Password:", password),
                        ("Password again:", password), ("> Yes", "")):
        serial.see(text)
        serial.press(typed + ENTER)
    groups = dict(GROUP.findall(serial.see("> I have written it down")))
    serial.press(ENTER)
    serial.press(groups[re.search(r"Group (\d):", serial.see("Group "))[1]] + ENTER)
    serial.see("> Make this machine mine")
    serial.press(ENTER)
    serial.see("This machine is yours now", 300)
    serial.press(ENTER)
    return "-".join(groups[n] for n in sorted(groups))


def place_is_kept(m):
    """Asserts that the root has what answer() chose, though each start makes it anew."""
    assert m.run("cat /etc/timezone; readlink -f /etc/localtime") == f"{ZONE}\n/usr/share/zoneinfo/{ZONE}"
    for file in ("/etc/vconsole.conf", "/etc/default/keyboard"):
        assert {f'KEYMAP="{KEYMAP}"', 'XKBLAYOUT="de"', 'XKBVARIANT="nodeadkeys"'} <= set(m.run(f"cat {file}").splitlines())


def own(name, image, keep, meanwhile=lambda m, recovery: None, answers=answer, **options):
    """Answers the first start of an installed disk, with Secure Boot and a TPM, up to the log-in, and switches the
    machine off, after meanwhile(machine, recovery key); the recovery key. `answers` is answer, or one like it."""
    with vm.boot(name, image, keep=keep, **options) as m:
        m.expect("Telling the TPM to open this disk.")
        recovery = answers(m, USER, OWNER_PASSWORD)
        m.expect("login: ")
        assert "[FAILED]" not in m.said(), m.tail(60)
        meanwhile(m, recovery)
        m.qmp("system_powerdown")
        m.wait_off(180)
    return recovery


class Owned:
    """A disk with an owner and what its machine keeps: `path`, `keep`, and the `recovery` key. As own()."""

    def __init__(self, image, directory, **options):
        self.path, self.keep = directory / "disk.img", directory / "keep"
        self.keep.mkdir()
        with Copy(image, "first-owner") as copy:
            installed.ownerless(copy)
            installed.add_room(copy.path, HOMES)
            self.recovery = own("first-owner", copy.path, self.keep, **options)
            output("cp", "--reflink=auto", "--sparse=always", copy.path, self.path)
