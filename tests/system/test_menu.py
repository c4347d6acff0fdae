# SPDX-License-Identifier: MIT
"""The medium's menu and the installer's questions, as somebody answers them on a terminal of 80x24 and as plain lines;
stand-ins for what they run."""

import signal
import termios

import pexpect
import pytest

import standins
from standins import terminal

pytestmark = pytest.mark.xdist_group("menu")
DOWN, ESCAPE, ENTER = "\x1b[B", "\x1b", "\r"
NO_SPACE = {"free": {"start": 0, "size": 0}, "freeRefusal": "it has no partition table"}
DISKS = {"disks": [
    {"disk": "sda", "size": 8 * 10**9, "model": "Stick", "bus": "USB", "medium": True, "content": "an AtomOS medium",
     "refusal": "this system runs from it", **NO_SPACE},
    {"disk": "nvme0n1", "size": 1000204886016, "model": "A MODEL WHOSE NAME HAS ALL 40 CHARACTERS", "bus": "NVMe",
     "content": "Windows, encrypted with BitLocker", "warning": "BitLocker will ask for its recovery key.", "pin": "other",
     "sequence": 7, "free": {"start": 1, "size": 2 * 10**11}, "freeRefusal": None},
    {"disk": "sdb", "size": 5 * 10**9, "content": "empty", "empty": True, "pin": "none", **NO_SPACE},
]}
WHERE = """\
  Where to install

  On a whole disk everything that it holds is lost; in free space what is
  beside it stays.

  - sda, 8.0 GB, Stick, USB
      this system runs from it
  > nvme0n1, 1000.2 GB, A MODEL WHOSE NAME HAS ALL 40 CHARACTERS, NVMe
      Windows, encrypted with BitLocker
    nvme0n1, free space of 200.0 GB, A MODEL WHOSE NAME HAS ALL 40 CHARACTERS,
    NVMe
      beside Windows, encrypted with BitLocker
    sdb, 5.0 GB
      empty
    Look again
      after a disk was plugged in"""
NETWORK = """\
  Network

  This machine has no connection to a network. One can be made at any time
  (nmtui); like all else it isn't kept.

  > Go on without
    Make a connection  Wi-Fi, wired, mobile"""
# The first time it is left without a connection.
NMTUI = """echo "nmtui $*" >>"${0%nmtui}atomos.calls"
[ -e "$0.left" ] && { ip link set lo up; ip route add default dev lo; }
touch "$0.left"
"""
FAILED = """\
  Where to install

  On a whole disk everything that it holds is lost; in free space what is
  beside it stays.

  AtomOS isn't installed: the disk is gone."""
ORDER = "--quiet install --progress-fd 3 --disk nvme0n1 --yes nvme0n1 --sequence 7 --free --take-tpm"


@pytest.fixture
def consoles(tmp_path):
    consoles = standins.Consoles(tmp_path, DISKS, {"menu": True})
    yield consoles
    consoles.close()


def see(child, text):
    def look():
        child.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.5)
        return child.logfile_read.picture()
    return terminal.see(text, look, 60)


def test_full_screen(consoles):
    """Into the space beside Windows, on a machine whose TPM opens that; the first try fails and says why."""
    (consoles.directory / "atomos.fails").write_text("atomos: AtomOS isn't installed: the disk is gone.\n")
    child = consoles.start("--medium", term="vt220")
    see(child, "> Try it")
    child.send(DOWN + ENTER)
    assert see(child, "> nvme0n1").startswith(WHERE + "\n\n")
    for attempt in range(2):
        child.send(DOWN + ENTER)
        assert "  BitLocker will ask for its recovery key.\n" in see(child, "Really there?")
        child.send("nvme0n1" + ENTER)
        assert "can do so for\n  one only" in see(child, "Which disk starts by itself?")
        child.send(DOWN + ENTER)
        if attempt == 0:
            assert see(child, "isn't installed").startswith(FAILED + "\n\n")
    see(child, "> Switch off")
    child.send(ENTER)
    child.expect(pexpect.EOF)
    assert consoles.calls().splitlines() == [ORDER, ORDER, "systemctl poweroff"]


@pytest.mark.parametrize("gigabytes, removable, menu, said", [
    (4, 0, False, "To make this machine yours: sudo atomos install --disk vdz --free\n\n"),
    (1, 0, False, None), (4, 1, False, None), (4, 0, True, None)])
def test_an_inner_disk_without_menu_says_the_command(consoles, gigabytes, removable, menu, said):
    """Above the log-in, where there is room behind the image."""
    start, size, room = 2048, 800000, gigabytes << 21
    consoles.show("/sys/block", ("vdz/size", f"{start + size + room}\n"), ("vdz/removable", f"{removable}\n"),
                  ("vdz/vdz3/start", f"{start}\n"), ("vdz/vdz3/size", f"{size}\n"))
    consoles.configure(menu=menu)
    child = consoles.start(boot=True)
    if menu:
        see(child, "Try it")
    else:
        child.expect(pexpect.EOF)
    issue = consoles.directory / "run/issue.d/atomos.issue"
    assert (issue.read_text() if issue.exists() else None) == said


@pytest.fixture
def radio(consoles):
    """The same where there is a radio, NetworkManager, and nothing that it is connected to."""
    consoles.cut_off = True
    consoles.show("/sys/class/net", ("wlan0/phy80211", None))
    consoles.stand_in("nmtui", NMTUI)
    consoles.stand_in("nmcli", "echo disconnected\n")
    return consoles


def test_who_tries_is_asked_for_a_network(radio):
    child = radio.start("--medium", term="vt220")
    see(child, "> Try it")
    child.send(ENTER)
    assert see(child, "no connection").startswith(NETWORK + "\n\n")
    child.send(ESCAPE)
    see(child, "> Try it")
    child.send(ENTER)
    for _ in range(2):
        see(child, "no connection")
        child.send(DOWN + ENTER)
    child.expect(pexpect.EOF)
    assert radio.calls() == "nmtui connect\n" * 2


def test_who_tries_is_asked_in_plain_lines(radio):
    child = radio.start("--medium")
    for question, line in (("  1  Try it", "1"), ("  2  Make a connection: Wi-Fi, wired, mobile", "2"), ("no connection", "")):
        child.expect(question)
        child.expect(": $")
        child.sendline(line)
    child.expect(pexpect.EOF)
    assert radio.calls() == "nmtui connect\n"


@pytest.mark.parametrize("without", ["radio", "program"])
def test_not_asked_for_a_network_that_nobody_can_choose(radio, without):
    if without == "radio":
        (radio.directory / "sys-class-net/wlan0/phy80211").rmdir()
    else:
        (radio.directory / "nmtui").unlink()
    child = radio.start("--medium", term="vt220")
    see(child, "> Try it")
    child.send(ENTER)
    child.expect(pexpect.EOF)
    assert "no connection" not in child.logfile_read.picture() and radio.calls() is None


def test_plain_lines(consoles):
    """The same by numbers and names, on a dumb terminal."""
    child = consoles.start("--medium")
    for question, line in (("  2  Install: put it on a disk of this machine", "2"),
                           (r"  -  sda, 8.0 GB, Stick, USB \(not possible: this system runs from it\)", "sdb"),
                           (r"Name of the disk \(sdb\), < for the question before", "<"),
                           ("Where to install", "sdb"),
                           (r"Name of the disk \(sdb\)", "sdb"),
                           (r"Copying: 50 %, 9 MB/s, 0:40 left[^$]*  3  Go on trying", "3")):
        child.expect(question)
        child.expect(": $")
        child.sendline(line)
    child.expect(pexpect.EOF)
    assert consoles.calls() == "--quiet install --progress-fd 3 --disk sdb --yes sdb\n"


def test_on_a_console_of_the_boot(consoles):
    """systemd says vt220 of a serial port, or nothing; dumb only where somebody wants it so, by a word or by the configuration."""
    see(consoles.start("--medium", term="", boot=True), "Arrows: choose")
    for term, options in (("dumb", []), ("vt220", ["--plain"])):
        child = consoles.start("--medium", *options, term=term, boot=True)
        assert child.expect(["  2  Install: put it on a disk of this machine", "Arrows: choose"]) == 0


def test_from_the_command(consoles):
    """As `atomos install` starts it: where to at once, and Esc leads out."""
    child = consoles.start("--install", term="vt220")
    assert see(child, "> nvme0n1").startswith(WHERE)
    child.send(ENTER)
    see(child, "Really there?")
    child.send(ESCAPE)
    see(child, "Where to install")
    child.send(ESCAPE)
    child.expect(pexpect.EOF)
    assert consoles.calls() is None


def lines_are_taken(child):
    """Whether the terminal shows what is typed, and gives it to programs by lines."""
    modes = termios.tcgetattr(child.child_fd)[3]
    return modes & termios.ICANON and modes & termios.ECHO and modes & termios.ISIG


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_ended_by_a_signal(consoles, number):
    """The terminal is as before. The machine's own messages, which this one doesn't show, were never switched off."""
    child = consoles.start("--install", term="vt220")
    see(child, "> nvme0n1")
    assert not lines_are_taken(child)
    child.kill(number)
    child.expect(pexpect.EOF)
    assert lines_are_taken(child)
    child.wait()
    assert (child.exitstatus, child.signalstatus) == ((0, None) if number == signal.SIGTERM else (None, number))
    assert not (consoles.directory / "run/atomos/welcome/shown").exists()


def test_interrupted_at_a_plain_line(consoles):
    child = consoles.start("--install")
    child.expect("Number or name.*: $")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert child.signalstatus == signal.SIGINT
