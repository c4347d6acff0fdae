# SPDX-License-Identifier: MIT
"""What `atomos status` finds out by itself: header, state and boot.json of a machine, laid out without one."""

import json
import shutil
import subprocess

import pytest

from laidout import BOOT, output
from nixbuild import program

RECORD = {"type": "atomos-record", "keyslots": [], "record": "AAAA", "mac": "00"}
TOKENS = ({"type": "atomos-password", "keyslots": ["0"], "user": "anna"}, {"type": "systemd-recovery", "keyslots": ["1"]}, RECORD)
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
MACHINE = "0123456789abcdef" * 2
OWNER = "atomos/state/atomos/owner"


def add_home(run, user, storage):
    record = run / f"homed/home/{user}.identity"
    record.write_text(json.dumps({"userName": user, "memberOf": ["sudo"], "binding": {MACHINE: {"storage": storage}}}))
    record.chmod(0o600)


@pytest.fixture
def machine(tmp_path):
    """A disk's header with two slots of known owners, and what a start leaves in /run."""
    disk, keys, run = tmp_path / "disk", (tmp_path / "first", tmp_path / "second"), tmp_path / "run"
    with open(disk, "wb") as f:
        f.truncate(32 << 20)
    disk.chmod(0o600)
    for key in keys:
        key.write_text(key.name)
    cheap = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
    output("cryptsetup", "luksFormat", "-q", "--type", "luks2", *cheap, "--key-file", keys[0], disk)
    output("cryptsetup", "luksAddKey", "-q", *cheap, "--key-file", keys[0], disk, keys[1])
    for token in TOKENS:
        output("cryptsetup", "token", "import", disk, input=json.dumps(token).encode())
    (run / OWNER).mkdir(parents=True)
    (run / "atomos/state").chmod(0o700)
    (run / "homed/home").mkdir(parents=True)
    (run / "id").write_text(f"{MACHINE}\n")
    add_home(run, "anna", "luks")
    (run / OWNER / "secret-key.sealed").write_text("sealed")
    # Where everybody gets at it, wherever the clone is.
    shutil.copy(program("atomos"), run / "program")
    (run / "atomos/boot.json").write_text(json.dumps({**BOOT, "partition": f"..{disk}"}))
    return run


def status(run, *who, homes="/home"):
    """The lines by their names."""
    mounts = f"mount --bind {run}/homed /var/lib/systemd && mount --bind {run}/id /etc/machine-id && mount --bind {homes} /home && mount --bind {run} /run"
    command = " ".join([f"{mounts} && exec", *who, "/run/program status --json"])
    said = subprocess.run(["unshare", "-m", "sh", "-c", command], capture_output=True, text=True)
    assert said.returncode == 0 and not said.stderr, said.stderr
    return {line["name"]: (line["level"], line["words"]) for line in json.loads(said.stdout)["lines"]}


def test_root_sees_all(machine):
    lines = status(machine)
    assert lines["disk"] == ("green", "encrypted; it opens with the password of anna, the recovery key")
    assert lines["release"] == ("green", "below release 1 nothing starts without a password; known to the TPM (the disk's header has a record, too)")
    level, words = lines["owner-keys"]
    assert level == "green" and words.startswith("systems signed by owner-21fe31df start here, too;")
    assert words.endswith("this machine's private key is on the disk, sealed with a password")
    assert lines["homes"] == ("green", "on an encrypted partition, each encrypted with its user's password")
    assert not {"last-failure", "refused-keys", "slot"} & set(lines)


def test_others_see_what_they_may(machine):
    """And libraries don't add words of their own."""
    lines = status(machine, *NOBODY)
    assert lines["disk"] == ("yellow", "encrypted; who opens it, only root may see")
    assert lines["owner-keys"][0] == "green" and lines["owner-keys"][1].endswith("where the private key is, only root may see")
    assert "known to the TPM;" in lines["owner-keys"][1]
    assert lines["homes"][0] == "green" and lines["homes"][1].endswith("only root may see")


def test_slot_without_administrator(machine):
    """Said of whom it is known, and with what to do."""
    record = machine / "homed/home/anna.identity"
    record.write_text(record.read_text().replace("sudo", "video"))
    level, words = status(machine)["slot"]
    assert level == "yellow" and "the password of anna, who is no administrator" in words
    assert words.endswith("run 'sudo atomos enroll remove 0'")
    record.write_text("{")
    assert "slot" not in status(machine)
    record.unlink()
    assert "the password of anna, who has no account any more" in status(machine)["slot"][1]
    assert "slot" not in status(machine, *NOBODY)


def test_slot_whose_account_may_be_there(machine):
    """homed's records aren't there, as when the state can't be kept; or the homes aren't."""
    (machine / "homed/home/anna.identity").unlink()
    (machine / "homes").mkdir()
    (machine / "homes/anna.home").touch()
    assert "slot" not in status(machine, homes=machine / "homes")
    (machine / "homes/anna.home").unlink()
    assert "slot" in status(machine, homes=machine / "homes")
    (machine / "atomos/boot.json").write_text((machine / "atomos/boot.json").read_text().replace('"homeMounted": true', '"homeMounted": false'))
    assert "slot" not in status(machine)
    (machine / "homed/home").rmdir()
    assert "slot" not in status(machine)


def test_homes_in_the_open(machine):
    """`homectl create --storage=` makes them."""
    add_home(machine, "bob", "subvolume")
    add_home(machine, "eve", "directory")
    level, words = status(machine)["homes"]
    assert level == "yellow" and "opens the home of bob, eve (" in words


def test_what_is_weaker(machine):
    """A private key in the clear, no record, a start that failed before."""
    output("cryptsetup", "token", "remove", "--token-id", TOKENS.index(RECORD), machine.parent / "disk")
    (machine / OWNER / "secret-key").write_text("clear")
    (machine / "atomos/failures").write_text("copy: first\ncopy: the disk can't be read\n")
    lines = status(machine)
    assert lines["last-failure"] == ("yellow", "copy: the disk can't be read")
    assert lines["release"] == ("green", "below release 1 nothing starts without a password; known to the TPM")
    assert lines["owner-keys"][0] == "yellow" and "root can sign a system" in lines["owner-keys"][1]
    assert "known to the TPM;" in lines["owner-keys"][1]
