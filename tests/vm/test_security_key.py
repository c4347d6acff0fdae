# SPDX-License-Identifier: MIT
"""A FIDO2 security key opens an installed disk: added in the running system, used at the password prompt. The key is
emulated (security_key.py); kernel, libfido2 and systemd's plugin are the real ones."""

import json

import pytest

import installed
import usb_redir
import vm
from disks import open_image
from security_key import SecurityKey
from tamper import Copy, output

pytestmark = [pytest.mark.xdist_group("security-key"), pytest.mark.long]
PASSWORD, PIN = "correct horse", "seven8"
OPENS = "A password or recovery key that opens the disk: "
STAYS = "A password or recovery key that opens the disk and stays: "
PROMPT = ", or Enter for the security key:"
ASKS_PIN = "PIN of the security key, or press Enter for none:"
TOUCH = "Touch the security key when it blinks."
ABSENT = "There is no security key, or it isn't one that opens this disk."
BESIDE = "No TPM tells what this machine remembers of the disk"
STARTS = "Verifying and copying the system 10 %"
WORDS = "a FIDO2 security key"


def plug(m, port, key):
    """The machine's logged-in shell sees the key."""
    key.plug(port)
    m.run("n=0; until systemd-cryptenroll --fido2-device=list 2>&1 | grep hidraw; do sleep 1; n=$((n+1)); [ $n -lt 60 ]; done", 90)


def plug_at_prompt(m, port, key):
    """The boot finds the key while it asks."""
    key.plug(port)
    key.wait_known(60 * vm.PATIENCE)
    m.listen(3 * vm.PATIENCE)


def slots(m):
    """What each slot opens with, by its number."""
    return {s["slot"]: s["words"] for s in json.loads(m.run("atomos enroll list --json"))["slots"]}


def keys_of(m):
    """The slots of security keys."""
    return {number for number, words in slots(m).items() if words == WORDS}


def without(slot):
    """Takes a key's slot off the header, for start()."""
    return lambda file, _: output("systemd-cryptenroll", f"--wipe-slot={slot}", file)


def remove(m, number, password=PASSWORD):
    code, said = m.dialog(f"atomos enroll remove {number}", (STAYS, password))
    assert code == 0, said


class Enrolled:
    """A machine with an owner whose TPM has let the disk go, and two keys that open it: `plain`, and `locked` by a PIN."""

    def __init__(self, image, directory):
        self.path, self.keep, self.port = directory / "disk", directory / "keep", directory / "port"
        self.plain, self.locked = SecurityKey(), SecurityKey(PIN)
        self.keep.mkdir()
        with Copy(image, "security-key") as copy:
            installed.ownerless(copy)
            with self.boot(copy.path, "security-key-first") as m:
                m.expect("Telling the TPM to open this disk.")
                m.expect(STARTS)
            installed.add_password(copy.path, PASSWORD.encode(), kind=installed.INSTALLED_ROOT)
            with self.boot(copy.path, "security-key-enrol") as m:
                m.login()
                self.enrol(m)
                m.run("sync")
            output("cp", "--reflink=auto", "--sparse=always", copy.path, self.path)

    def boot(self, path, name, **options):
        return vm.boot(name, path, keep=self.keep, extra=usb_redir.port(self.port), **options)

    def enrol(self, m):
        code, said = m.dialog("atomos enroll fido2")
        assert code == 1 and "No security key is plugged in" in said, said
        plug(m, self.port, self.plain)
        code, said = m.dialog("atomos enroll fido2", (OPENS, "wrong"), (OPENS, PASSWORD), timeout=240)
        assert code == 0 and "That doesn't open the disk." in said and self.plain.touches == 2, said
        self.plain.pull()
        self.plain_slot, = keys_of(m)
        plug(m, self.port, self.locked)
        code, said = m.dialog("atomos enroll fido2", (OPENS, PASSWORD), ("enter security token PIN", "wrong"),
                              ("enter security token PIN", PIN), timeout=240)
        assert code == 0 and "PIN incorrect" in said and self.locked.touches == 2, said
        self.locked.pull()
        self.locked_slot, = keys_of(m) - {self.plain_slot}
        tpm, = (number for number, words in slots(m).items() if words == "the TPM of this machine")
        remove(m, tpm)


@pytest.fixture(scope="module")
def enrolled(image, tmp_path_factory):
    return Enrolled(open_image(image), tmp_path_factory.mktemp("key"))


@pytest.fixture
def start(enrolled, machine, tmp_path):
    """start(alter, **options): the machine, started again from a copy of its disk that alter(file, directory) changes."""
    def again(alter=None, **options):
        path = tmp_path / "disk"
        output("cp", "--reflink=auto", "--sparse=always", enrolled.path, path)
        if alter:
            installed.edit_header(path, alter, installed.INSTALLED_ROOT)
        return machine(image=path, keep=enrolled.keep, extra=usb_redir.port(enrolled.port), **options)
    yield again
    enrolled.plain.pull()
    enrolled.locked.pull()


def tries(m, answer, *typed):
    """Enter for the key, which doesn't open the disk; the prompt is there again."""
    m.send("")
    for line in typed:
        m.expect(ASKS_PIN)
        m.send(line)
    m.expect(TOUCH)
    m.expect(answer)
    m.expect(PROMPT)


def test_touch(enrolled, start):
    """Every way that a key doesn't open the disk is said; a touched one opens it alone, where the TPM vouches for the rest."""
    key, other = enrolled.plain, SecurityKey()
    m = start(without(enrolled.locked_slot))
    m.expect("The disk has no slot for the TPM any more.")
    m.expect(PROMPT)
    tries(m, ABSENT)
    m.send("wrong")
    m.expect("That password doesn't open the disk.")
    m.expect(PROMPT)
    plug_at_prompt(m, enrolled.port, other)
    tries(m, ABSENT)
    assert other.touches == 0 and other.channel is not None
    other.pull()
    key.touch, before = None, key.touches
    plug_at_prompt(m, enrolled.port, key)
    tries(m, "The security key wasn't touched, or failed.")
    key.touch = 1
    m.send("")
    m.expect(TOUCH)
    m.expect(STARTS)
    assert key.touches == before + 1 and BESIDE not in m.said()
    m.login()
    boot = m.boot_json()
    assert boot["openedBy"] == "fido2" and boot["slot"] == enrolled.plain_slot and boot["pin"] == "good" and boot["owned"]
    remove(m, enrolled.plain_slot)
    assert not keys_of(m)


def test_pin(enrolled, start):
    """A key with a PIN: asked for at once, wrong ones are said. Without a TPM a password is needed beside the key."""
    key = enrolled.locked
    before = key.touches
    m = start(without(enrolled.plain_slot), tpm=False)
    key.plug(enrolled.port)
    m.expect(PROMPT)
    for left in (7, 6):
        tries(m, "That isn't the security key's PIN.", "wrong")
        assert key.inside.retries == left
    assert m.said().index(ASKS_PIN) < m.said().index(TOUCH)
    tries(m, "takes no PIN after too many wrong ones", "wrong")
    key.pull()
    plug_at_prompt(m, enrolled.port, key)
    m.send("")
    m.expect(ASKS_PIN)
    m.send(PIN)
    m.expect(BESIDE)
    assert key.touches == before + 1 and key.inside.retries == 8
    m.send(PASSWORD)
    m.expect(STARTS)
