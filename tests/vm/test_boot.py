# SPDX-License-Identifier: MIT
"""The demo image under Secure Boot with a TPM: one boot, many looks, at last the stick is pulled."""

import json
import os
import re

import pytest

import vm

pytestmark = pytest.mark.xdist_group("boot")


@pytest.fixture(scope="module")
def up():
    """The booted demo with a root shell on the serial console."""
    image = os.environ.get("ATOMOS_TEST_IMAGE", vm.BUILD / "demo.img")
    with vm.boot("boot", image) as machine:
        machine.login()
        yield machine


def test_running(up):
    up.run("timeout 200 systemctl is-system-running --wait || systemctl --failed --no-legend", 240)
    assert up.run("systemctl is-system-running") == "running"


def test_one_line_says_what_was_verified(up):
    assert re.search(r"\d+ paths, .*MB verified and copied in .* s .*MB.s.*signed by", up.said())


def test_root_is_in_memory(up):
    assert up.run("findmnt -no FSTYPE /") == "tmpfs"
    assert up.run("findmnt -no FSTYPE,OPTIONS /nix/store || findmnt -no FSTYPE,OPTIONS /nix").startswith("btrfs ro")


def test_secure_boot_is_on(up):
    assert up.run("od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-*").strip() == "1"


def test_services(up):
    assert up.run("systemctl is-active systemd-homed systemd-resolved ssh").split() == ["active"] * 3
    assert "status" in up.run("resolvectl status | head -n 3; echo status")


def test_ssh(up):
    assert up.ssh("cat /etc/hostname") == "atomos"


def test_host_keys_were_made_here(up):
    assert up.run("ls /etc/ssh/ssh_host_ed25519_key /var/lib/*/ssh* 2>/dev/null | head -n 1")
    assert up.run("grep -rl 'BEGIN OPENSSH PRIVATE' /nix/store/*/delta/etc/ssh 2>/dev/null | wc -l") == "0"


def test_machine_id_is_set_and_not_in_the_store(up):
    assert re.fullmatch("[0-9a-f]{32}", up.run("cat /etc/machine-id"))


def test_pcr11_has_both_phases(up):
    """PCR 11 is what the boot image measures to, extended by enter-initrd and leave-initrd."""
    import hashlib

    import tamper

    image = os.environ.get("ATOMOS_TEST_IMAGE", vm.BUILD / "demo.img")
    with tamper.Copy(image, "pcr") as copy:
        uki = copy.path.with_suffix(".efi")
        uki.write_bytes(copy.esp_read(copy.uki_name()))
    try:
        measured = tamper.output("ukify", "inspect", uki, "--json=short")
        sections = json.loads(measured)
        value = bytes(32)
        for name in (".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey"):
            if name not in sections:
                continue
            data = tamper.section_of(uki, name)
            for text in (name.encode() + b"\0", data):
                value = hashlib.sha256(value + hashlib.sha256(text).digest()).digest()
        for word in (b"enter-initrd", b"leave-initrd"):
            value = hashlib.sha256(value + hashlib.sha256(word).digest()).digest()
        # Debian's systemd goes on with phases of its own.
        values = [value]
        for word in (b"sysinit", b"ready"):
            values.append(hashlib.sha256(values[-1] + hashlib.sha256(word).digest()).digest())
        assert up.run("cat /sys/class/tpm/tpm0/pcr-sha256/11").lower() in [v.hex() for v in values]
    finally:
        uki.unlink()


def test_dpkg_tells_the_truth(up):
    assert up.run("dpkg --audit") == ""
    assert int(up.run("dpkg -l | grep -c ^ii")) > 100
    assert int(up.run("apt list --installed 2>/dev/null | grep -c installed")) > 100
    assert up.run("dpkg-query -W -f '${db:Status-Abbrev}\\n' | sort -u").strip() == "ii"


def test_dpkg_verify_finds_the_managed_conffiles_only(up):
    differing = sorted(line.split()[-1] for line in up.run("dpkg --verify", 180, check=False).splitlines())
    # What the configuration writes and dpkg knows as a conffile.
    conffiles = set(re.findall(r"^ (/\S+) [0-9a-f]{32}", up.run("dpkg-query -W -f '${Conffiles}\\n'"), re.M))
    written = up.run("cd /nix/var/nix/profiles/system/files && find . -type f -printf '/%P\\n'").split()
    managed = sorted(conffiles & set(written))
    assert differing == managed


def test_nix_store_verifies_with_the_vendors_key_alone(up):
    said = up.run("nix --extra-experimental-features nix-command store verify --all --sigs-needed 1", 300)
    assert "differs" not in said and "untrusted" not in said


def test_garbage_collection_finds_nothing(up):
    assert up.run("nix-store --gc --print-dead 2>/dev/null") == ""


def test_journal_has_the_messages_of_the_initramfs(up):
    assert "step copy" in up.run("journalctl -b -k -t atomos -o cat --no-pager | grep 'step copy'")


def test_zram_was_there_before_the_copy(up):
    assert "/dev/zram0" in up.run("cat /proc/swaps")
    said = up.run("journalctl -b -k -t atomos --no-pager -o cat | grep -o 'step [a-z-]*'")
    steps = [line.split()[-1] for line in said.splitlines()]
    assert steps.index("zram") < steps.index("copy")


def test_apt_says_that_the_root_is_in_memory(up):
    up.run("cd /tmp && mkdir -p p/DEBIAN && printf 'Package: probe\\nVersion: 1\\nArchitecture: all\\n"
           "Maintainer: none <none@localhost>\\nDescription: probe\\n' >p/DEBIAN/control && dpkg-deb -b p probe.deb")
    said = up.run("apt-get install -y /tmp/probe.deb", 120)
    assert "lives in memory and is gone after the next boot" in said


def test_login_says_that_the_root_differs(up):
    said = up.ssh("sh -lc true; cat /run/motd.dynamic 2>/dev/null; run-parts /etc/update-motd.d 2>/dev/null")
    shown = up.run("su - atom -c true; sh -lc true 2>&1")
    assert "gone" in said + shown


def test_stick_can_be_pulled(up):
    """The last one: after it the medium is gone."""
    up.pull_medium()
    up.run("for i in $(seq 50); do [ -e /dev/vda ] || break; sleep 0.2; done; [ ! -e /dev/vda ]", 60)
    up.run("echo 3 >/proc/sys/vm/drop_caches; find /usr -type f | head -n 3000 | xargs cat >/dev/null", 180)
    assert up.ssh("echo still here") == "still here"
    assert up.run("systemctl is-active ssh systemd-resolved").split() == ["active"] * 2
    up.send("systemctl poweroff")
    up.wait_off(180)
