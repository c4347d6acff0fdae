# SPDX-License-Identifier: MIT
"""Attacks before our code runs, and on what reaches it: each machine boots once."""

import re

import pytest

import tamper
from swap import refused

OURS = re.compile(r"atomos[:-]|AtomOS", re.I)


def stopped_by_firmware(machine):
    """The firmware refuses the boot image and not one line of ours appears."""
    machine.expect([re.compile(rb"Access Denied|Security Violation|Access denied|Error (loading|preparing)"),
                    "failed to load"], 120)
    said = machine.said()
    assert not re.search(r"atomos: |AtomOS didn't start|Linux version", said), said
    return said


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
    uki[len(uki) * 3 // 4] ^= 1
    copy.esp_write(copy.uki_name(), bytes(uki))
    stopped_by_firmware(machine(image=copy.path))


def test_smbios_command_line(machine):
    m = machine(smbios=["io.systemd.stub.kernel-cmdline-extra=rd.break init=/bin/sh"])
    said = refused(m, 'The kernel\'s command line has "rd.break init=/bin/sh" in addition to')
    assert "/nix/store" not in said
    assert "paths" not in m.said()


def test_two_media_are_asked_about(machine, image):
    """Two sticks written from one image have the same partition UUIDs: nothing is guessed."""
    m = machine(drives=[image])
    m.expect("More than one AtomOS was found:", 120)
    m.expect("Start which one? Number:")
    m.send("2")
    m.expect(re.compile(rb"\d+ paths.*signed by"), 180)


def test_no_medium(machine, copy):
    """The boot image is there, its encrypted partition isn't."""
    start, _ = tamper.partition(copy.path, tamper.MEDIUM_ROOT)
    tamper.output("sfdisk", "--part-type", copy.path, "3", "0FC63DAF-8483-4772-8E79-3D69D8477DE4")
    m = machine(image=copy.path)
    m.expect("30 s", 120)
    refused(m, "no AtomOS")


def test_wrong_password_then_the_right_one(machine, copy):
    """A volume that doesn't open with the public password asks, three times, then again."""
    with_password(copy, b"other secret")
    m = machine(image=copy.path)
    for _ in range(3):
        m.expect(re.compile(rb"[Pp]assword[^\n]*:"), 120)
        m.send("wrong")
    m.expect(re.compile(rb"[Pp]assword[^\n]*:"), 120)
    m.send("other secret")
    m.expect(re.compile(rb"\d+ paths"), 120)


def with_password(copy, password):
    """Replaces the public password of the copy's only slot."""
    import subprocess
    import tempfile

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
        with open(header, "rb") as f, open(copy.path, "r+b") as image:
            image.seek(start)
            image.write(f.read(tamper.DATA_OFFSET))


def test_without_tpm(machine):
    m = machine(tpm=False)
    m.expect("no TPM", 120)
    m.expect("login: ")


@pytest.mark.parametrize("phase", ["enter-initrd", pytest.param("leave-initrd", marks=pytest.mark.long)])
def test_mute_tpm(machine, phase):
    m = machine(tpm=phase)
    m.expect("TPM didn't confirm the start phase (no answer); it isn't used until the next start.", 240)
    m.expect("login: ")
