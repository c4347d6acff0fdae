# SPDX-License-Identifier: MIT
"""Who opens the disk of a machine that has an owner: `atomos enroll` and `atomos passwd` on a header, without a machine."""

import json

import pytest

from laidout import ANNA, CHEAP, GENERIC, Machine, output

FIRST, SECOND = "seven unlikely lamps", "nine other lamps"
RECOVERY = "cccccccc-bbbbbbbb-dddddddd-eeeeeeee-ffffffff-gggggggg-hhhhhhhh-iiiiiiii"
SLOTS = ((FIRST, {"type": "atomos-password", "user": ANNA}), (RECOVERY, {"type": "systemd-recovery"}))
PUBLIC = "which everybody knows: choose another"
PRESENT, OPENS = f"Present password of {ANNA}", "A password or recovery key that opens the disk"
STAYS = f"{OPENS} and stays"


@pytest.fixture
def machine(tmp_path):
    m = Machine(tmp_path, SLOTS)
    m.logs_in_with(FIRST)
    return m


def status(machine):
    code, said = machine.tell("status", "--json")
    assert code == 0, said
    return {line["name"]: (line["level"], line["words"]) for line in json.loads(said)["lines"]}


def test_public_password_is_no_slots(machine):
    """passwd, homectl or a desktop made it the account's: no verb makes it the disk's, too."""
    machine.logs_in_with(GENERIC)
    level, words = status(machine)["password"]
    assert level == "red" and PUBLIC in words and f"sudo atomos passwd {ANNA}" in words
    code, said = machine.tell("passwd", "--mend", ANNA, answers=[(PRESENT, GENERIC)])
    assert code == 1 and PUBLIC in said and f"atomos passwd {ANNA}" in said
    code, said = machine.tell("enroll", "password", ANNA, answers=[(OPENS, FIRST), (f"Password that {ANNA} logs in with", GENERIC)])
    assert code == 1 and PUBLIC in said
    assert machine.opens(FIRST) and not machine.opens(GENERIC)
    assert machine.tell("passwd", "--check") == (0, "")
    note = machine.run / f"atomos/passwords/{ANNA}"
    assert note.read_text() == "public\n"
    machine.logs_in_with(FIRST)
    assert machine.tell("passwd", "--check") == (0, "")
    assert not note.exists() and "password" not in status(machine)


def test_public_password_is_not_chosen(machine):
    new = ("New password", GENERIC)
    code, said = machine.tell("passwd", answers=[(PRESENT, FIRST), new, new, new])
    assert code == 1 and said.count(PUBLIC) == 3 and "No new password was chosen" in said
    assert machine.opens(FIRST) and not machine.opens(GENERIC)


def test_mended(machine):
    """The account has another one: it becomes the disk's, with what opens that now."""
    machine.logs_in_with(SECOND)
    code, said = machine.tell("passwd", "--mend", answers=[(PRESENT, SECOND), ("The disk's password, or the recovery key", RECOVERY)])
    assert code == 0, said
    assert machine.opens(SECOND) and machine.opens(RECOVERY) and not machine.opens(FIRST)
    assert machine.types() == ["atomos-password", "systemd-recovery"]


def change_slot(machine, old, new):
    """Root gives a slot another password: its number and token stay."""
    output("cryptsetup", "luksChangeKey", "-q", *CHEAP, "--key-file", machine.key(old), machine.disk, machine.key(new))


def test_slot_changed_by_another_tool(machine):
    """As the account's side: said, noted for the log-in, and mended by what opens the disk now."""
    note = machine.run / f"atomos/passwords/{ANNA}"
    code, said = machine.tell("passwd", "--mend", ANNA, answers=[(PRESENT, FIRST)])
    assert code == 0 and "password" not in status(machine), said
    change_slot(machine, FIRST, SECOND)
    assert machine.types() == ["atomos-password", "systemd-recovery"]
    level, words = status(machine)["password"]
    assert level == "yellow" and f"sudo atomos passwd --mend {ANNA}" in words
    assert machine.tell("passwd", "--check") == (0, "") and note.read_text() == ""
    code, said = machine.tell("passwd", "--mend", answers=[(PRESENT, FIRST), ("The disk's password, or the recovery key", SECOND)])
    assert code == 0, said
    assert machine.opens(FIRST) and machine.opens(RECOVERY) and not machine.opens(SECOND)
    assert not note.exists() and "password" not in status(machine)
    change_slot(machine, FIRST, SECOND)
    code, said = machine.tell("passwd", answers=[(PRESENT, FIRST), ("The disk's password, or the recovery key", RECOVERY),
                                                 ("New password", FIRST), ("New password again", FIRST)])
    assert code == 0, said
    assert machine.opens(FIRST) and not machine.opens(SECOND) and "password" not in status(machine)


def test_note_of_an_earlier_release(machine):
    """It has no salt: of the slot it tells nothing, of the account what it did."""
    assert machine.tell("passwd", "--mend", answers=[(PRESENT, FIRST)])[0] == 0
    note = machine.var / f"atomos/slots/{ANNA}"
    note.write_text(note.read_text().split(" ")[0])
    change_slot(machine, FIRST, SECOND)
    assert "password" not in status(machine)
    machine.logs_in_with(SECOND)
    assert "password" in status(machine)
    assert machine.tell("passwd", "--mend", answers=[(PRESENT, SECOND)])[0] == 0
    assert "password" not in status(machine) and " " in note.read_text()


TPM = {"type": "systemd-tpm2", "tpm2-blob": "AAAA", "tpm2-pcrs": [7], "tpm2-pcr-bank": "sha256", "tpm2-primary-alg": "ecc",
       "tpm2-policy-hash": "00" * 32, "tpm2-pin": False}


def number_of(machine, kind):
    return next(t["keyslots"][0] for t in machine.header()["tokens"].values() if t["type"] == kind)


@pytest.mark.parametrize("record", ["{", '{"userName": "anna"}', '{"userName": "anna", "privileged": {"hashedPassword": []}}'])
def test_record_that_does_not_tell(machine, record):
    """What nobody can compare isn't the account's password: the disk keeps what it has."""
    (machine.var / f"systemd/home/{ANNA}.identity").write_text(record)
    code, said = machine.tell("passwd", "--mend", ANNA, answers=[(PRESENT, SECOND)])
    assert code == 1 and f"Nothing tells whether that is the password of {ANNA}" in said
    code, said = machine.tell("enroll", "password", ANNA, answers=[(OPENS, FIRST), (f"Password that {ANNA} logs in with", SECOND)])
    assert code == 1 and "Nothing tells whether" in said
    assert machine.opens(FIRST) and not machine.opens(SECOND)


def test_number_of_no_slot(machine):
    """Two to the 32nd and one is as many as one only to a part of the number."""
    code, said = machine.tell("enroll", "remove", "4294967297")
    assert code == 1 and "The disk has no slot 4294967297" in said
    assert machine.types() == ["atomos-password", "systemd-recovery"]


def test_tpm_slot(tmp_path):
    """Asked for, it goes and is to come again; removed, it is to stay away."""
    m = Machine(tmp_path, (*SLOTS, ("sealed", TPM)))
    code, said = m.tell("enroll", "tpm", answers=[(OPENS, FIRST)])
    assert code == 0 and 'asks for a password or the recovery key and for a "yes"' in said, said
    assert m.types() == ["atomos-password", "systemd-recovery"] and m.wants() == ["tpm"]
    code, said = m.tell("enroll", "tpm", "--pin", answers=[(OPENS, FIRST)])
    assert code == 0 and m.wants() == ["tpm-pin"], said


def test_tpm_slot_removed(tmp_path):
    m = Machine(tmp_path, (*SLOTS, ("sealed", TPM)), boot={"openedBy": "password"})
    # A start that was cut while it made a new one.
    m.ask("tpm")
    code, said = m.tell("enroll", "remove", number_of(m, "systemd-tpm2"), answers=[(STAYS, FIRST)])
    assert code == 0, said
    assert m.types() == ["atomos-password", "systemd-recovery"] and not m.wants()
    level, words = status(m)["tpm"]
    assert level == "yellow" and "'sudo atomos enroll tpm' has it open the disk" in words
