# SPDX-License-Identifier: MIT
"""Somebody altered what lies in the encrypted store: each is refused, path and file named.

All of them share one boot: the refusal ends at the rescue prompt, where the next altered medium
is plugged in and tried."""

import base64
import json
import os
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives import serialization

import tamper
import vm
from swap import PROMPT, plug_medium, pull_medium, refused, rescue_shell, swap_medium, try_again

pytestmark = pytest.mark.xdist_group("attacks")


@pytest.fixture(scope="module")
def rescue(image):
    """A machine at the rescue prompt: booted from a medium whose system is of no use."""
    with tamper.Copy(image, "rescue") as broken:
        with broken.root() as root:
            tamper.make_writable(tamper.closure_file(root))
            tamper.closure_file(root).unlink()
        with vm.boot("attacks", broken.path) as machine:
            refused(machine, "The disk has no list of what", tamper_system(image))
            yield machine


def tamper_system(image):
    """The basename of the current system of an image."""
    with tamper.mounted(tamper.plain_of(image), read_only=True) as root:
        return tamper.system(root)


def package(root, prefix):
    """The store path of the unpacked package with this name."""
    found = [p for p in tamper.store(root).iterdir() if re.match(rf"[0-9a-z]{{32}}-{prefix}-[0-9]", p.name)]
    assert len(found) == 1, f"{prefix}: {found}"
    return found[0]


def attack(rescue, copy):
    """Plugs the altered copy in and boots it."""
    swap_medium(rescue, copy.path)
    try_again(rescue)


def edit_closure(root, edit):
    """Replaces the text of the closure file."""
    file = tamper.closure_file(root)
    tamper.make_writable(file)
    text = file.read_text()
    changed = edit(text)
    assert changed != text
    file.write_text(changed)


def other_key(name):
    """A Nix secret key that nobody trusts."""
    raw = Ed25519PrivateKey.generate()
    secret = raw.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    public = raw.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"{name}:{base64.b64encode(secret + public).decode()}"


def test_rescue_comes_after_leave_initrd(rescue, image):
    """The TPM unseals for nobody at this prompt."""
    assert rescue_shell(rescue, "cat /sys/class/tpm/tpm0/pcr-sha256/11").lower() == \
        tamper.pcr11(image, ["enter-initrd", "leave-initrd"])


def test_the_prompt_crashes(rescue):
    """What PID 1 supervises may crash: the prompt comes back."""
    rescue.send("s")
    rescue.expect("rescue# ", 30)
    rescue.send("kill -SEGV $PPID; exit")
    rescue.expect(PROMPT, 60)


# Ends the next child of PID 1 that is atomos-init, but not the prompt that runs now.
KILL_THE_NEXT = (
    "(trap '' HUP; while :; do for p in /proc/[0-9]*; do n=${p#/proc/}; [ $n -gt $PPID ] && "
    "grep -qs '^PPid:.1$' $p/status && grep -qs '^Name:.init$' $p/status && kill -SEGV $n && exit; "
    "done; done) >/dev/null 2>&1 </dev/null & exit")


def test_the_boot_crashes(rescue):
    """A crash of the boot program is a sentence and leads to the prompt."""
    rescue.send("s")
    rescue.expect("rescue# ", 30)
    rescue.send(KILL_THE_NEXT)
    rescue.expect(PROMPT, 30)
    try_again(rescue)
    refused(rescue, "The boot program crashed (Segmentation fault) in step")


def test_slow_medium(rescue, copy):
    """A medium that appears late is waited for, and said so."""
    pull_medium(rescue)
    try_again(rescue)
    rescue.expect("Waiting up to 30 seconds for the disk that AtomOS was", 60)
    with copy.root() as root:
        tamper.make_writable(tamper.closure_file(root))
        tamper.closure_file(root).unlink()
    plug_medium(rescue, copy.path)
    refused(rescue, "The disk has no list of what")


def test_flipped_byte_in_a_program(rescue, copy):
    with copy.root() as root:
        path = package(root, "sudo")
        program = path / "data/usr/bin/sudo"
        tamper.make_writable(program)
        tamper.flip_byte(program)
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{path.name}", "data/usr/bin/sudo was changed (its content differs from the signed one)")


def test_flipped_byte_in_the_manifest(rescue, copy):
    with copy.root() as root:
        name = tamper.system(root)
        manifest = tamper.store(root) / name / "manifest"
        tamper.make_writable(manifest)
        tamper.flip_byte(manifest)
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{name}", "was changed")


def test_flipped_byte_in_a_signature(rescue, copy):
    with copy.root() as root:
        name = package(root, "sudo").name

        def edit(text):
            at = text.index("Sig: ", text.index(f"StorePath: /nix/store/{name}"))
            at = text.index(":", at + 5) + 9
            return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]

        edit_closure(root, edit)
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{name}", "has a wrong signature by the key")


def test_executable_bit(rescue, copy):
    with copy.root() as root:
        path = package(root, "sudo")
        program = path / "data/usr/bin/sudo"
        tamper.make_writable(program)
        os.chmod(program, 0o444)
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{path.name}", "data/usr/bin/sudo", "executable")


def test_extra_file(rescue, copy):
    with copy.root() as root:
        path = package(root, "sudo")
        extra = path / "data/usr/bin/extra"
        tamper.make_writable(extra.parent)
        extra.write_text("#!/bin/sh\n")
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{path.name}", "data/usr/bin/extra")


def test_removed_file(rescue, copy):
    with copy.root() as root:
        path = package(root, "sudo")
        program = path / "data/usr/bin/sudo"
        tamper.make_writable(program)
        program.unlink()
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{path.name}", "data/usr/bin/sudo")


def test_symlink_in_place_of_a_file(rescue, copy):
    with copy.root() as root:
        path = package(root, "sudo")
        program = path / "data/usr/bin/sudo"
        tamper.make_writable(program)
        program.unlink()
        program.symlink_to("/nix/var/sudo")
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{path.name}", "data/usr/bin/sudo")


def test_path_signed_by_another_key(rescue, copy):
    with copy.root() as root:
        name = package(root, "sudo").name

        def edit(text):
            stanzas = text.strip().split("\n\n")
            return "\n\n".join(tamper.sign_closure(s, other_key("stranger-1")).strip() if f"/nix/store/{name}\n" in s else s
                               for s in stanzas) + "\n"

        edit_closure(root, edit)
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{name}", "is signed by stranger-1, which is not a trusted key")


def test_system_signed_by_another_key(rescue, copy):
    with copy.root() as root:
        name = tamper.system(root)
        edit_closure(root, lambda text: tamper.sign_closure(text, other_key("stranger-1")))
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{name}", "is signed by stranger-1, which is not a trusted key")


def test_another_key_with_the_vendors_name(rescue, copy):
    name = (vm.keys() / "nix-public-key").read_text().split(":")[0]
    with copy.root() as root:
        system = tamper.system(root)
        edit_closure(root, lambda text: tamper.sign_closure(text, other_key(name)))
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{system}", f"has a wrong signature by the key {name}")


def test_path_without_signature(rescue, copy):
    with copy.root() as root:
        name = package(root, "sudo").name

        def edit(text):
            stanzas = text.strip().split("\n\n")
            return "\n\n".join(re.sub(r"\nSig: .*", "", s) if f"/nix/store/{name}\n" in s else s for s in stanzas) + "\n"

        edit_closure(root, edit)
    attack(rescue, copy)
    refused(rescue, f"/nix/store/{name}", "has no signature")


def test_system_of_another_product(rescue, copy, tmp_path):
    """Built and signed by the same vendor, but made for another product."""
    path = tamper.build_system(tmp_path, 'atomos.product = lib.mkForce "another-product";')
    with copy.root() as root:
        tamper.replace_system(root, path)
    attack(rescue, copy)
    refused(rescue, 'product "another-product"')


def test_profile_leads_out_of_the_store(rescue, copy):
    with copy.root() as root:
        profiles = root / "nix/var/nix/profiles"
        link = profiles / os.readlink(profiles / "system")
        tamper.make_writable(profiles)
        link.unlink()
        link.symlink_to("/nix/store/../../etc")
    attack(rescue, copy)
    refused(rescue, "The disk doesn't say which system to start")


def test_null_cipher(rescue, copy):
    copy.null_cipher()
    attack(rescue, copy)
    refused(rescue, "encryption header", "cipher_null-ecb")


def test_reencrypting_header(rescue, copy):
    copy.reencrypting()
    attack(rescue, copy)
    refused(rescue, "encryption header", "online-reencrypt")


def test_the_unaltered_medium_starts_after_all(rescue, copy):
    """What refused the others was their alteration, not this machine."""
    attack(rescue, copy)
    rescue.expect(re.compile(rb"\d+ paths.*signed by"), 180)
    rescue.login()
    refusals = re.findall(r"AtomOS didn't start: (.{20})", rescue.said())
    words = next(line["words"] for line in json.loads(rescue.run("atomos status --json"))["lines"] if line["name"] == "last-failure")
    assert refusals[-1] in words
    # The machine itself is left as it was.
    assert not rescue.run("ls /sys/firmware/efi/efivars | grep -i ^atomos", check=False)
