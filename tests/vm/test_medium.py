# SPDX-License-Identifier: MIT
"""What somebody sees who boots a medium with a menu, on a machine without TPM and with Secure Boot off: every screen of the
way to a disk of their own, and the disk's own starts."""

import collections
import json
import re
import time

import pytest

import first_boot
import installed
import tamper
import terminal
import vm
from disks import NEIGHBOUR_SIZE, digest, empty_disk, make_medium, make_neighbour, parse_list, with_disk
from screens import ENTER, Serial

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("medium")]
MIB = 1 << 20
POOR = {"secure_boot": "off", "tpm": False}
SYSTEM = "atomos-demo 1 (AtomOS, Debian 13)"
USER, PASSWORD = first_boot.USER, first_boot.OWNER_PASSWORD
KEYS = {" ": "spc", "\n": "ret"}
SHOWN = vm.LOGS / "medium-screens.txt"
CHOOSE = "  Arrows: choose   Enter: go on   Ctrl-P: plain lines"
CHOOSE_OR_BACK = "  Arrows: choose   Enter: go on   Esc: back   Ctrl-P: plain lines"
TYPE_OR_BACK = "  Enter: go on   Esc: back   Ctrl-P: plain lines"

MENU = f"""\
  {SYSTEM}

  Trying changes nothing on this machine, and nothing that you do is kept. To
  install later, run 'sudo atomos install'.

  > Try it  log in to the system on this medium
    Install  put it on a disk of this machine"""

WHERE = """\
  Where to install

  On a whole disk everything that it holds is lost; in free space what is
  beside it stays.

"""

CONFIRM = """\
  Really there?

  {label}
  Now: empty.

  Everything on this disk will be lost. To go on, type its name.

{error}  Name of the disk ({disk}):"""

INSTALLED = f"""\
  Installed

  {SYSTEM} is on the disk. Switch the machine off,
  take the medium out and start it again: the first start asks what makes it
  yours.

  > Switch off
    Restart now  pull the medium out before the machine starts again
    Go on trying"""


def whole(text, hint):
    """A full screen: nothing else is on it, and the keys are in its last row."""
    rows = text.split("\n")
    return "\n".join(rows + [""] * (terminal.ROWS - 1 - len(rows)) + [hint])


class Screen:
    """The screen and the keyboard of the machine."""

    def __init__(self, machine):
        self.machine = machine

    def look(self):
        """What stands on it, by the kernel's own memory of it."""
        command = "fold -b -w $(od -An -j1 -N1 -tu1 /dev/vcsa1) /dev/vcs1"
        return "\n".join(row.rstrip() for row in self.machine.ssh_root(command).split("\n"))

    def see(self, text, timeout=60):
        """As terminal.see; all rows."""
        return terminal.see(text, self.look, timeout * vm.PATIENCE, self.machine.console.isalive).split("\n")

    def type(self, text):
        self.machine.press(*(KEYS.get(c, c) for c in text))


def is_lit(machine, path):
    """Whether a picture of the screen has letters on it: QEMU's own, in the form of a PPM."""
    machine.qmp("screendump", filename=str(path))
    _, width, height, _, pixels = re.fullmatch(rb"(P6)\s(\d+)\s(\d+)\s(\d+)\s(.*)", path.read_bytes(), re.S).groups()
    assert len(pixels) == int(width) * int(height) * 3
    (_, dark), = collections.Counter(pixels).most_common(1)
    return 0.5 < dark / len(pixels) < 0.999


def plug(machine, path, serial):
    """A disk that comes while the machine runs, into the port that waits for it."""
    machine.qmp("blockdev-add", **{"driver": "raw", "node-name": serial, "file": {"driver": "file", "filename": str(path)}})
    machine.qmp("device_add", driver="virtio-blk-pci", drive=serial, serial=serial, id=f"disk-{serial}", bus=f"port-{serial}")


def port(number, serial):
    return ["-device", f"pcie-root-port,id=port-{serial},chassis={number},slot={number}"]


def try_it(machine, directory):
    """The screen's side: the menu, a log-in, and the installer by its command, left with Esc; what was seen."""
    screen, seen = Screen(machine), {}
    seen["menu"] = screen.see("Try it")
    seen["lit"] = is_lit(machine, directory / "screen.ppm")
    screen.type("\n")
    screen.see("atomos login:")
    screen.type("atom\n")
    screen.see("Password:")
    screen.type("atom\n")
    screen.see("$")
    machine.ssh_root("echo mine | tee /etc/kept /var/lib/kept >/home/atom/kept; sync")
    seen["who"] = machine.ssh("who")
    seen["network"] = machine.ssh("nmcli -g STATE general; command -v nmtui")
    screen.type("sudo atomos install\n")
    screen.see("password for atom:")
    screen.type("atom\n")
    seen["command"] = screen.see("Where to install")
    machine.press("esc")
    screen.see("$")
    return seen


def install(machine, serial, directory):
    """The serial console's side: every screen, to a disk that was plugged in on the way; what was seen."""
    seen = {"menu": serial.see("Try it"), "progress": []}
    serial.choose("Install")
    serial.see("Where to install")
    smallest = json.loads(machine.ssh_root("atomos install --list --json"))["smallest"]
    for name, size in (("small", smallest - MIB), ("target", smallest)):
        plug(machine, empty_disk(directory / f"{name}.img", size), name)
    disks, deadline = {}, time.monotonic() + 120 * vm.PATIENCE
    while not {"small", "target"} <= disks.keys():
        assert machine.console.isalive() and time.monotonic() < deadline, f"only {sorted(disks)} are there"
        disks = parse_list(machine.ssh_root("atomos install --list --json"))
    serial.choose("Look again")
    target = disks["target"]["disk"]
    seen["where"] = serial.see(f"{target}, ")
    serial.choose(f"{target}, ")
    seen["confirm"] = serial.see("Really there?")
    serial.press("vdx" + ENTER)
    seen["wrong"] = serial.see("isn't its name")
    serial.press(target + ENTER)
    serial.see("Please wait")
    deadline = time.monotonic() + 900 * vm.PATIENCE
    while (picture := serial.terminal.picture()).startswith("  Please wait") or not picture:
        assert machine.console.isalive() and time.monotonic() < deadline, f"the installation doesn't end:\n{picture}"
        seen["progress"].append(picture)
        machine.listen(0.5)
    assert "Where to install" not in picture, picture
    seen["installed"] = serial.see("Installed")
    return {**seen, "disks": disks, "smallest": smallest, "disk": directory / "target.img"}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """One boot of the medium, tried on the screen and installed from the serial console. What it was started from is written
    to for good."""
    directory = tmp_path_factory.mktemp("medium")
    (directory / "keep").mkdir()
    medium = make_medium(directory, "", "medium")
    extra = ["-device", "VGA"] + port(2, "small") + port(3, "target")
    extra += with_disk(empty_disk(directory / "huge.img", 4 * 10**12), "huge")
    theirs = make_neighbour(directory / "theirs.img", NEIGHBOUR_SIZE + 2 * MIB)
    extra += with_disk(theirs, "theirs")
    before = {path.name: digest(path) for path in (medium, theirs)}
    with vm.boot("medium", medium, extra=extra, keep=directory / "keep", **POOR) as m:
        serial = Serial(m, SHOWN)
        serial.see("Try it")
        tried = try_it(m, directory)
        tried["disks"] = {path.name: digest(path) for path in (medium, theirs)}
        result = install(m, serial, directory)
        serial.press(ENTER)
        m.wait_off(180)
    after = {path.name: digest(path) for path in (medium, theirs)}
    return {**result, "screen": tried, "before": before, "after": after}


def label(disk):
    return f"{disk['disk']}, {disk['size'] / 1e9:.1f} GB, {disk['model']}, {disk['bus']}"


def test_menu_on_both_consoles(seen):
    assert seen["menu"] == whole(MENU, CHOOSE)
    rows = seen["screen"]["menu"]
    assert "\n".join(rows[:7]) == MENU and rows[-1] == CHOOSE and not any(rows[7:-1])
    assert seen["screen"]["lit"]


def test_try_it_is_a_log_in(seen):
    assert re.search(r"^atom +tty1 ", seen["screen"]["who"], re.M)


def test_trying_changes_nothing(seen):
    """No byte of the medium or of a disk that is there; nor does installing, of those that weren't chosen."""
    assert seen["screen"]["disks"] == seen["before"] == seen["after"]


def test_network_is_there_by_itself(seen):
    assert seen["screen"]["network"].split() == ["connected", "/usr/bin/nmtui"]


def test_command_starts_the_same_screens(seen):
    assert "\n".join(seen["screen"]["command"]).startswith(WHERE)
    assert seen["screen"]["command"][-1] == CHOOSE_OR_BACK


def test_where(seen):
    """Every disk with its size and what is on it, or why it can't be taken: no word of it is cut."""
    disks = sorted(seen["disks"].values(), key=lambda d: d["disk"])
    taken = [d for d in disks if not d["refusal"]]
    assert sorted(d["model"] for d in taken) == ["huge", "target"]
    rows = [f"  {'-' if d['refusal'] else '>' if d is taken[0] else ' '} {label(d)}  {d['refusal'] or d['content']}" for d in disks]
    assert max(map(len, rows)) < terminal.COLUMNS
    assert seen["where"] == whole(WHERE + "\n".join([*rows, "    Look again  after a disk was plugged in"]), CHOOSE_OR_BACK)


def test_why_a_disk_is_too_small(seen):
    """The number that is said is one that a disk can be bought by."""
    needs = re.search(r"[\d.]+ GB are too small: AtomOS needs ([\d.]+) GB", seen["disks"]["small"]["refusal"])[1]
    assert 0 <= float(needs) * 1e9 - seen["smallest"] < 1e8


def test_confirm(seen):
    target = seen["disks"]["target"]
    words = {"label": label(target), "disk": target["disk"]}
    assert seen["confirm"] == whole(CONFIRM.format(**words, error=""), TYPE_OR_BACK)
    error = "  'vdx' isn't its name; nothing was changed.\n\n"
    assert seen["wrong"] == whole(CONFIRM.format(**words, error=error), TYPE_OR_BACK)


def test_progress(seen):
    """A bar, the rate, and how long it still takes."""
    bars = [p for p in seen["progress"] if re.search(r"^  \[#+\.*\] \d+ %$", p, re.M)]
    assert len(bars) > 1
    assert any(re.search(r"^  \d+ MB/s, \d+:\d\d left$", p, re.M) for p in bars)


def test_installed(seen):
    assert seen["installed"] == whole(INSTALLED, CHOOSE)


@pytest.fixture(scope="module")
def owned(seen):
    """The disk alone: its first start, answered as plain lines."""
    with vm.boot("medium-first", None, extra=with_disk(seen["disk"], "target", ",bootindex=1"), **POOR) as m:
        m.expect("This machine has no TPM.")
        key = first_boot.answer(m, USER, PASSWORD)
        said = m.said()
        m.login(USER, PASSWORD)
        status = m.run("atomos status", 120, check=False)
        boot = m.boot_json()
        m.run(f"echo mine >/home/{USER}/kept; sync")
        m.send("systemctl poweroff")
        m.wait_off(180)
    return {"disk": seen["disk"], "recovery": key, "said": said, "status": status, "boot": boot}


def plain(text):
    return " ".join(text.split())


def test_first_start_says_that_there_is_no_tpm(owned):
    assert "The disk asks for the password at each start. This machine has no TPM that could open it." in plain(owned["said"])
    assert "Telling the TPM" not in owned["said"] and not owned["boot"]["enrolled"]
    assert "there is none: the disk asks for its password at each start" in plain(owned["status"])


def test_no_slot_but_the_owners(owned):
    """Nothing opens the disk but what somebody types: no TPM, and the generic password no more."""
    assert not [t for t in installed.tokens(owned["disk"]).values() if "tpm2" in t["type"]]
    start, _ = tamper.partition(owned["disk"], installed.INSTALLED_ROOT)
    assert len({tamper.volume_key(owned["disk"], start, word.encode()) for word in (PASSWORD, owned["recovery"])}) == 1
    with pytest.raises(AssertionError):
        tamper.volume_key(owned["disk"], start)


def test_asks_from_then_on(owned):
    """A password that isn't the disk's, then the recovery key."""
    with vm.boot("medium-own", None, extra=with_disk(owned["disk"], "target", ",bootindex=1"), **POOR) as m:
        m.expect("Password for this AtomOS disk")
        m.send("not this one")
        m.expect("That password doesn't open the disk.", 120)
        m.expect("Password for this AtomOS disk")
        # As somebody types it who copies it from paper.
        m.send(owned["recovery"].upper().replace("-", " "))
        m.expect("Verifying and copying", 120)
        m.login(USER, PASSWORD)
        boot = m.boot_json()
        assert boot["owned"] and boot["openedBy"] == "recovery" and boot["tpm"] == "absent" and not boot.get("enrolled")
        said = plain(m.run("atomos status", 120, check=False))
        assert "there is none: the disk asks for its password at each start" in said
        assert f"the password of {USER}" in said and "off: whoever holds the machine" in said
        assert m.run(f"cat /home/{USER}/kept") == "mine"
        m.send("systemctl poweroff")
        m.wait_off(180)
