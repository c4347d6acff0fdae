# SPDX-License-Identifier: MIT
"""Attacks before our code runs, and on what reaches it: each machine boots once."""

import json
import re
import subprocess
import tempfile
import time

import pefile
import pytest

import tamper
import vm
from swap import refused, rescue_shell

OURS = re.compile(r"AtomOS|Verifying and copying|Linux version|Kernel panic|login:")


def stopped_by_firmware(machine):
    """The firmware refuses the boot image and not one line of ours appears."""
    machine.expect([re.compile(rb"Access Denied|Security Violation|Access denied|Error (loading|preparing)"),
                    "failed to load"], 120)
    # A boot that went on all the same would say so by then.
    machine.listen(20)
    said = machine.said()
    assert not OURS.search(said), said


def test_unsigned_boot_image(machine, copy):
    copy.rebuild_uki()
    stopped_by_firmware(machine(image=copy.path))


def test_boot_image_with_another_command_line(machine, copy):
    """The signature covers the command line: one changed byte in the signed file."""
    uki = bytearray(copy.esp_read(copy.uki_name()))
    at = bytes(uki).index(b"systemd.import_credentials=no")
    uki[at:at + 29] = b"systemd.import_credentials=ye"
    copy.esp_write(copy.uki_name(), bytes(uki))
    stopped_by_firmware(machine(image=copy.path))


def test_altered_initramfs(machine, copy):
    uki = bytearray(copy.esp_read(copy.uki_name()))
    initrd = next(s for s in pefile.PE(data=bytes(uki), fast_load=True).sections if s.Name.startswith(b".initrd"))
    uki[initrd.PointerToRawData + initrd.Misc_VirtualSize // 2] ^= 1
    copy.esp_write(copy.uki_name(), bytes(uki))
    stopped_by_firmware(machine(image=copy.path))


def test_smbios_command_line(machine, image):
    m = machine(smbios=["io.systemd.stub.kernel-cmdline-extra=rd.break init=/bin/sh"])
    said = refused(m, 'The kernel\'s command line has "rd.break init=/bin/sh" in addition to')
    assert "/nix/store" not in said
    assert "paths" not in m.said()
    # Refused before enter-initrd, the only phase in which the TPM unseals: it can't be reached any more.
    value = rescue_shell(m, "cat /sys/class/tpm/tpm0/pcr-sha256/11").lower()
    assert value == tamper.pcr11(image, ["leave-initrd"])


def plant(copy):
    """Lays beside the boot image what systemd-stub takes unsigned, and an entry that adds to its command line."""
    uki = copy.uki_name()
    copy.esp_write("loader/loader.conf", b"default a.conf\ntimeout 0\n")
    copy.esp_write("loader/entries/a.conf", f"title other\nefi /{uki}\noptions init=/bin/sh rd.break\n".encode())
    for place in (f"{uki}.extra.d", "loader/credentials"):
        copy.esp_write(f"{place}/planted.cred", b"planted")
        copy.esp_write(f"{place}/passwd.hashed-password.root.cred", b"")
    copy.esp_write(f"{uki}.extra.d/planted.addon.efi", copy.unsigned_addon("init=/bin/sh"))


def test_too_little_memory_with_additions(machine, copy):
    """Said before anything is copied, with how much there is and how much is needed. At the prompt one
    can see what is left of what was planted: nothing, and only the signature for the TPM."""
    plant(copy)
    m = machine(image=copy.path, memory=512)
    said = refused(m, "This system needs", "and this machine has", "use a machine with more memory")
    needed, has = map(int, re.search(r"needs (\d+) MB .* has (\d+) MB", said).groups())
    assert needed > has
    assert "Verifying and copying" not in said
    assert sorted(rescue_shell(m, "find /.extra -type f").split()) == [
        "/.extra/tpm2-pcr-public-key.pem", "/.extra/tpm2-pcr-signature.json"]


def test_two_media_are_asked_about(machine, image):
    """Two sticks written from one image have the same partition UUIDs: nothing is guessed."""
    m = machine(drives=[image])
    m.expect("More than one AtomOS was found:", 120)
    m.expect("Start which one? Number:")
    m.send("2")
    m.expect("Verifying and copying the system", 180)


def test_no_medium(machine, copy):
    """The boot image is there, its encrypted partition isn't."""
    start, _ = tamper.partition(copy.path, tamper.MEDIUM_ROOT)
    tamper.output("sfdisk", "--part-type", copy.path, "3", "0FC63DAF-8483-4772-8E79-3D69D8477DE4")
    m = machine(image=copy.path)
    m.expect("30 s", 120)
    refused(m, "no AtomOS")


def test_wrong_password_then_the_right_one(machine, copy):
    """A volume that doesn't open with the public password asks, three times, then again; at last it is
    typed on the keyboard, with the layout that the disk's token names: y and z are exchanged."""
    with_password(copy, b"lazy", keymap="de-latin1-nodeadkeys")
    m = machine(image=copy.path)
    for _ in range(3):
        m.expect(re.compile(rb"[Pp]assword[^\n]*:"), 120)
        m.send("wrong")
        m.expect("That password doesn't open the disk.", 60)
    m.expect("Try again in 5 seconds.", 10)
    before = time.monotonic()
    m.expect(re.compile(rb"[Pp]assword[^\n]*:"), 120)
    # Emulated clocks run behind at times, never so far.
    assert time.monotonic() - before > 3
    m.press(*"layz", "ret")
    m.expect(["Verifying and copying the system", "doesn't open"], 120)
    assert b"Verifying" in m.console.after


def with_password(copy, password, keymap):
    """Replaces the public password of the copy's only slot, and says which keyboard it is typed on."""
    start, _ = tamper.partition(copy.path, tamper.MEDIUM_ROOT)
    with tempfile.TemporaryDirectory() as directory:
        header, old, new = (f"{directory}/{n}" for n in ("header", "old", "new"))
        with open(copy.path, "rb") as f:
            f.seek(start)
            data = f.read(tamper.DATA_OFFSET)
        for name, text in ((header, data + bytes(tamper.SECTOR)), (old, tamper.PASSWORD), (new, password)):
            with open(name, "wb") as f:
                f.write(text)
        subprocess.run(["cryptsetup", "luksChangeKey", "-q", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000",
                        "--key-file", old, header, new], check=True)
        token = json.dumps({"type": "atomos-keymap", "keyslots": [], "keymap": keymap})
        subprocess.run(["cryptsetup", "token", "import", header], input=token, text=True, check=True)
        with open(header, "rb") as f, open(copy.path, "r+b") as image:
            image.seek(start)
            image.write(f.read(tamper.DATA_OFFSET))


def test_without_tpm_from_usb_with_additions(machine, copy):
    """No TPM, a USB stick, a clock of long ago, and all that somebody can lay beside the boot image:
    the boot goes on, says so, and takes nothing of it."""
    plant(copy)
    m = machine(image=copy.path, tpm=False, bus="usb", extra=["-rtc", "base=2001-01-01"])
    m.expect("no TPM", 180)
    m.login()
    assert "init=/bin/sh" not in m.run("cat /proc/cmdline")
    assert m.run("find / -xdev -name '*planted*'; ls -d /.extra /run/credentials/@system 2>/dev/null", check=False) == ""
    lock = json.loads((vm.TOP / "examples/demo/atomos.lock").read_text())
    assert int(m.run("date +%s")) >= lock["date"]
    assert "the clock was before the system's date" in m.run("journalctl -b -k -t atomos -o cat --no-pager")
    # By modalias: what this machine has, and not what others have.
    loaded = m.run("journalctl -b -k -o cat --no-pager >/tmp/log; lsmod | cut -d ' ' -f 1").split()
    assert "usb_storage" in loaded or "uas" in loaded
    assert not {"nvme", "mmc_block", "megaraid_sas"} & set(loaded)


@pytest.mark.first
@pytest.mark.parametrize("phase", ["enter-initrd", pytest.param("leave-initrd", marks=pytest.mark.long)])
def test_mute_tpm(machine, phase):
    m = machine(tpm=phase)
    m.expect("TPM didn't confirm the start phase (no answer); it isn't used until the next start.", 240)
    m.expect("login: ")
    # systemd doesn't wait for what the boot has taken away.
    assert "dev-tpmrm0.device" not in m.said()
