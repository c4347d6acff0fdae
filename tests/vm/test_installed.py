# SPDX-License-Identifier: MIT
"""Installed disks: without and with an owner, what they keep and how they open."""

import base64
import hashlib
import json
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import firmware_keys
import first_boot
import installed
import tamper
import vm
from disks import OPEN_ACCOUNT, open_image

ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def image(image):
    """These disks have no owner's account to log in with: the medium's stays."""
    return open_image(image)


def test_without_owner(machine, copy):
    """Opens by itself, all in memory. Where the questions end without an answer, a log-in says what to do."""
    path = installed.ownerless(copy)
    m = machine(image=path)
    first_boot.greeted(m)
    boot = m.boot_json(m.ssh)
    assert boot["installed"] and not boot["owned"] and not boot["medium"]
    assert boot["openedBy"] == "generic" and boot["slot"] == 0
    assert boot["disk"] and boot["partition"].startswith(boot["disk"])
    assert not boot["homeMounted"]
    m.ssh_root("systemctl kill --signal=KILL atomos-welcome-ttyS0.service")
    m.expect("This machine has no owner yet: its questions weren't answered here.")
    m.expect("login: ")


def test_interrupted_installation(machine, copy):
    installed.set_type(copy.path, installed.UNFINISHED_ROOT)
    m = machine(image=copy.path)
    m.expect("The installation onto this disk")
    m.expect("was interrupted: start the medium again")
    m.expect("ower off")


def test_with_owner(machine, copy):
    """Asks for the password; identity, state and homes are the disk's. The one that everybody knows doesn't take its owner away."""
    def fill(state):
        (state / "root/etc/machine-id").write_text(ID + "\n")
        (state / "root/var/lib").mkdir(parents=True)
        # Who was root may have left anything.
        (state / "root/var/lib/bluetooth").symlink_to("/etc")
    path = installed.owned(copy, b"correct horse", fill)
    installed.add_public(path, b"correct horse")
    m = machine(image=path)
    m.expect("Password for this AtomOS disk")
    m.send("atomos")
    m.expect("it doesn't open a disk that has an owner")
    m.expect("That password doesn't open the disk.")
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    m.expect("The kept /var/lib/bluetooth can't be used")
    m.login()
    boot = m.boot_json()
    assert boot["owned"] and boot["openedBy"] == "password" and boot["homeMounted"] and not boot["publicPassword"]
    assert boot["generation"] == 1 and boot["remembered"] == "header" and boot["recorded"] and boot["lowestRelease"] == boot["release"]
    assert not boot["ownerKeys"] and not boot["refusedKeys"]
    assert m.run("cat /etc/machine-id").strip() == ID
    assert "nosuid,nodev" in m.run("findmnt -no OPTIONS /home")
    assert "nosuid,nodev" in m.run("findmnt -no OPTIONS /var/log/journal")
    assert m.run("stat -c %a /run/atomos/state").strip() == "700"
    m.run("echo mine >/var/lib/NetworkManager/x && sync && cat /run/atomos/state/root/var/lib/NetworkManager/x")
    m.run("journalctl --flush && ls /run/atomos/state/root/var/log/journal")
    assert "running" in m.run("systemctl is-system-running --wait; systemctl --failed --no-legend")


@pytest.fixture
def keep(tmp_path):
    """What a machine keeps from start to start, beside its disk."""
    return tmp_path


# What comes first tells how the disk was opened.
ASKED, OPEN, FAILED = 0, 1, 2
OUTCOMES = ["Password for this AtomOS disk", "Verifying and copying the system 10 %", "AtomOS didn't start"]


def cut(m):
    """Power off at once: what was said to be done has to be on the disk."""
    m.__exit__(None, None, None)


def told(m):
    """The TPM is told to open the disk, and the start goes on."""
    m.expect("Telling the TPM to open this disk.")
    assert m.expect(OUTCOMES) == OPEN
    assert "can't be told" not in m.said()


def protected(machine, copy, keep, password=b"correct horse", alter=lambda root: None):
    """A machine with an owner, whose TPM opens the disk: first own start, then the questions were answered."""
    path = installed.ownerless(copy, alter)
    m = machine(image=path, keep=keep)
    told(m)
    cut(m)
    installed.add_password(path, password, kind=installed.INSTALLED_ROOT)
    return path


def opened_by_tpm(m):
    """Starts without a word about passwords."""
    assert m.expect(OUTCOMES) == OPEN


def told_anew(machine, path, keep, why, typed):
    """Says why the TPM doesn't open the disk, asks, tells the TPM; from then on it opens it again."""
    m = machine(image=path, keep=keep)
    m.expect(why)
    assert m.expect(OUTCOMES) == ASKED
    m.send(typed)
    told(m)
    assert "Shall the TPM" not in m.said()
    cut(m)
    m = machine(image=path, keep=keep)
    opened_by_tpm(m)
    cut(m)


@pytest.mark.long
def test_tpm(machine, copy, keep):
    """First own start; start by TPM; TPM cleared: password, then by TPM again."""
    path = protected(machine, copy, keep)
    m = machine(image=path, keep=keep)
    opened_by_tpm(m)
    m.login()
    boot = m.boot_json()
    assert boot["owned"] and boot["openedBy"] == "tpm" and boot["pin"] == "good" and not boot["publicPassword"]
    assert boot.get("tpmSays") is None and not boot["enrolled"]
    cut(m)
    shutil.rmtree(keep / "tpm")
    told_anew(machine, path, keep, "The TPM doesn't know this disk", "correct horse")


@pytest.mark.long
def test_firmware_update(machine, copy, keep):
    """Secure Boot stays on, and heeds other keys: the password or the recovery key opens the disk."""
    recovery = "-".join(letter * 8 for letter in "cbdefghi")
    path = protected(machine, copy, keep)
    installed.add_recovery_key(path, b"correct horse", recovery.encode())
    why = "The firmware's keys or settings for Secure Boot have changed."
    firmware_keys.forbid_another(keep)
    told_anew(machine, path, keep, why, "correct horse")
    firmware_keys.trust_another(keep)
    told_anew(machine, path, keep, why, recovery.replace("-", " ").upper())


@pytest.mark.long
def test_removed_slot(machine, copy, keep):
    """Taken out by its owner, who types the password: it stays out, until it is asked for."""
    path = protected(machine, copy, keep)

    def remove(file, _):
        number, token = tpm_token(file)
        installed.output("cryptsetup", "token", "remove", "--token-id", number, file)
        installed.output("cryptsetup", "luksKillSlot", "-q", file, token["keyslots"][0])
    installed.edit_header(path, remove, installed.INSTALLED_ROOT)
    m = machine(image=path, keep=keep)
    m.expect("The disk has no slot for the TPM any more")
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    assert m.expect(OUTCOMES) == OPEN
    assert "Telling the TPM" not in m.said()
    cut(m)
    assert "systemd-tpm2" not in [t["type"] for t in installed.tokens(path).values()]
    installed.ask(path, "tpm")
    m = machine(image=path, keep=keep)
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    m.expect("asked that the TPM opens this disk. Type yes")
    m.send("yes")
    told(m)
    cut(m)
    assert "atomos-request" not in [t["type"] for t in installed.tokens(path).values()]
    opened_by_tpm(machine(image=path, keep=keep))


def take_over(file, directory):
    """Who knows the medium gives the TPM's token a slot of their own, whose key they keep."""
    generic, mine = directory / "generic", directory / "mine"
    generic.write_bytes(installed.PASSWORD)
    mine.write_bytes(PLANTED)
    number, token = tpm_token(file)
    slot = token["keyslots"][0]
    installed.output("cryptsetup", "luksKillSlot", "-q", "--key-file", generic, file, slot)
    installed.output("cryptsetup", "luksAddKey", "-q", *installed.CHEAP, "--new-key-slot", slot, "--key-file", generic,
                     file, mine)
    token["keyslots"] = [slot]
    installed.output("cryptsetup", "token", "remove", "--token-id", number, file)
    installed.output("cryptsetup", "token", "import", "--token-id", number, file, input=json.dumps(token).encode())


PLANTED = b"planted"


def tpm_token(file):
    """(number, token) of the header's token for a TPM."""
    return next((n, t) for n, t in installed.metadata(file)["tokens"].items() if t["type"] == "systemd-tpm2")


def opens(file, directory, password):
    """Whether the password opens a slot."""
    key = directory / "key"
    key.write_bytes(password)
    return subprocess.run(["cryptsetup", "open", "--test-passphrase", "--key-file", key, file]).returncode == 0


@pytest.mark.long
def test_planted_tpm_slot(machine, copy, keep):
    """A slot that somebody added before the disk had an owner is gone at the next start."""
    path = installed.ownerless(copy)
    m = machine(image=path, keep=keep)
    told(m)
    cut(m)
    installed.edit_header(path, take_over, installed.INSTALLED_ROOT)

    def planted(file, directory):
        return opens(file, directory, PLANTED)
    assert installed.edit_header(path, planted, installed.INSTALLED_ROOT)
    m = machine(image=path, keep=keep)
    told(m)
    cut(m)
    assert not installed.edit_header(path, planted, installed.INSTALLED_ROOT)


@pytest.mark.long
def test_secure_boot_off(machine, copy, keep):
    """The TPM doesn't open the disk, and isn't told to without a typed yes."""
    path = protected(machine, copy, keep)
    m = machine(image=path, keep=keep, secure_boot=False)
    m.expect("Secure Boot is off, and was on when the TPM was told")
    assert m.expect(OUTCOMES) == ASKED
    m.send("correct horse")
    m.expect("Shall the TPM open the disk all the same?")
    m.send("")
    assert m.expect(OUTCOMES) == OPEN
    assert "Telling the TPM" not in m.said()
    cut(m)
    opened_by_tpm(machine(image=path, keep=keep))


NOT_ASKED_FOR = "and its owner didn't ask for it"


def last_failure(m):
    """Level and words of `atomos status` on that."""
    return next((line["level"], line["words"]) for line in json.loads(m.run("atomos status --json"))["lines"]
                if line["name"] == "last-failure")


def noted_failures(m):
    """What the firmware keeps; a start that came to its end has taken it away."""
    return m.run("ls /sys/firmware/efi/efivars | grep ^AtomosLastFailure", check=False)


@pytest.mark.long
def test_release_below_the_pinned(machine, copy, keep, tmp_path):
    """An older system of the vendor's, on the very disk that the TPM opens, isn't started without the owner."""
    older = tamper.build_system(tmp_path, f"{OPEN_ACCOUNT} atomos.release = lib.mkForce 0;")
    path = protected(machine, copy, keep, alter=lambda root: tamper.replace_system(root, older))
    m = machine(image=path, keep=keep)
    m.expect("starts none below release 1 by itself")
    m.expect("type a password or recovery key of this disk")
    m.send("atomos")
    m.expect("That password doesn't open the disk.")
    m.send("")
    assert m.expect(OUTCOMES) == FAILED
    m.expect("and its owner didn't ask for it")
    m.expect("ower off")
    m.send("r")
    m.wait_off()
    m = machine(image=path, keep=keep)
    m.expect("type a password or recovery key of this disk")
    m.send("correct horse")
    assert m.expect(OUTCOMES) == OPEN
    m.login()
    level, words = last_failure(m)
    assert level == "yellow" and "in an earlier start" in words and NOT_ASKED_FOR in words
    assert "an earlier start failed, as the firmware has kept it: release: " in m.run("journalctl -b -t atomos")
    assert not noted_failures(m)


@pytest.mark.long
def test_release_below_the_record(machine, copy, keep, tmp_path):
    """Without a TPM the header remembers the same; a password was typed, so a typed yes is enough."""
    older = tamper.build_system(tmp_path, f"{OPEN_ACCOUNT} atomos.release = lib.mkForce 0;")
    path = installed.owned(copy, b"correct horse", alter=lambda root: tamper.replace_system(root, older))
    m = machine(image=path, tpm=False, keep=keep)
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    m.expect("starts none below release 1 by itself")
    m.expect("type yes, or press Enter:")
    m.send("")
    assert m.expect(OUTCOMES) == FAILED
    m.expect("ower off")
    m.send("s")
    m.expect("rescue# ", 30)
    m.send("ls /sys/firmware/efi/efivars; exit")
    m.expect("AtomosLastFailure-", 30)
    m.expect("ower off")
    m.send("t")
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    m.expect("type yes, or press Enter:")
    m.send("yes")
    assert m.expect(OUTCOMES) == OPEN
    m.login()
    level, words = last_failure(m)
    assert level == "yellow" and words.startswith("release: ") and NOT_ASKED_FOR in words
    assert not noted_failures(m)
    cut(m)
    tokens = [t["type"] for t in installed.tokens(path).values()]
    assert tokens.count("atomos-record") == 1


def signed_by(copy, name, file, tmp_path):
    """An owner's disk whose system, of release 2, is signed by a key of this name that lies in the state: its
    path, and the public key."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    own = tamper.build_system(tmp_path, f"{OPEN_ACCOUNT} atomos.release = lib.mkForce 2;")

    def sign(_, info):
        return [f"{name}:" + base64.b64encode(key.sign(tamper.fingerprint(info).encode())).decode()]

    def fill(state):
        (state / "atomos/owner").mkdir(mode=0o700)
        (state / "atomos/owner" / file).write_text(f"{name}:{base64.b64encode(public).decode()}\n")
    path = installed.owned(copy, b"correct horse", fill, alter=lambda root: tamper.replace_system(root, own, sign))
    return path, public


@pytest.mark.long
def test_owner_key(machine, copy, keep, tmp_path):
    """A system that an owner key signed starts where the machine remembers the key, and only there."""
    path, public = signed_by(copy, "owner-1", "public-key", tmp_path)
    m = machine(image=path, tpm=False, keep=keep)
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    m.expect("The key owner-1 on this disk isn't one that its owner made known")
    assert m.expect(OUTCOMES) == FAILED
    m.expect("is signed by owner-1, which is not a trusted key")
    cut(m)
    installed.remember(path, b"correct horse", [public])
    m = machine(image=path, tpm=False, keep=keep)
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    assert m.expect(OUTCOMES) == OPEN
    assert "made known" not in m.said()
    m.expect("signed by owner-1")
    m.login()
    assert m.boot_json()["ownerKeys"] == [{"sha256": hashlib.sha256(public).hexdigest(), "name": "owner-1"}]


@pytest.mark.long
def test_renewed_key(machine, copy, keep, tmp_path):
    """A boot image with a newer PCR key beside the old one's signature: nobody is asked, and the older image opens nothing."""
    keys = tmp_path / "keys"
    shutil.copytree(vm.keys(), keys)
    tamper.output(vm.BUILD / "lib/atomos", "keys", "renew", keys)
    path = protected(machine, copy, keep)
    older = copy.esp_read(copy.uki_name())
    copy.rebuild_uki(keys, ["pcr", "pcr-old"])
    m = machine(image=path, keep=keep)
    told(m)
    assert "Password" not in m.said()
    cut(m)
    m = machine(image=path, keep=keep)
    m.expect("Boot images with the vendor's older key don't open this disk any more.")
    opened_by_tpm(m)
    cut(m)
    copy.rebuild_uki(keys, ["pcr"])
    m = machine(image=path, keep=keep)
    opened_by_tpm(m)
    cut(m)
    copy.esp_write(copy.uki_name(), older)
    m = machine(image=path, keep=keep)
    m.expect("or its boot image is an older one")
    assert m.expect(OUTCOMES) == ASKED


@pytest.mark.long
def test_granted(machine, copy, keep, tmp_path):
    """What the running system asked for is shown and granted once, after the password: a key, and the TPM with a PIN."""
    path, public = signed_by(copy, "acme-1", "trusted-keys", tmp_path)
    installed.ask(path, "tpm-pin", f"trust=acme-1:{base64.b64encode(public).decode()}")
    m = machine(image=path, keep=keep)
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    m.expect("only together with a PIN")
    m.send("yes")
    m.expect(f"to trust the key acme-1, SHA-256 {hashlib.sha256(public).hexdigest()}")
    m.send("yes")
    m.expect("PIN that opens this disk together with the TPM")
    m.send("12")
    m.expect("at least 4")
    m.expect("PIN that opens this disk together with the TPM")
    m.send("2468")
    m.expect("The same PIN again")
    m.send("2468")
    told(m)
    cut(m)
    m = machine(image=path, keep=keep)
    m.expect("The TPM wants a PIN.")
    m.expect("PIN for this AtomOS disk")
    m.send("1357")
    m.expect("That isn't the TPM's PIN")
    m.expect("PIN for this AtomOS disk")
    m.send("2468")
    assert m.expect(OUTCOMES) == OPEN
    m.expect("signed by acme-1")
    cut(m)
    assert not [t for t in installed.tokens(path).values() if t["type"] == "atomos-request"]
