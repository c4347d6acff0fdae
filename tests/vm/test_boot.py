# SPDX-License-Identifier: MIT
"""The demo image under Secure Boot with a TPM: one boot, many looks, at last the stick is pulled."""

import json
import re

import pytest

import tamper
import vm

pytestmark = pytest.mark.xdist_group("boot")


@pytest.fixture(scope="module")
def up(image):
    """The booted demo with a root shell on the serial console."""
    with vm.boot("boot", image) as machine:
        machine.login()
        yield machine


def test_running(up):
    up.run("timeout 200 systemctl is-system-running --wait || systemctl --failed --no-legend", 240)
    assert up.run("systemctl is-system-running") == "running"


def test_one_line_says_what_was_verified(up):
    assert re.search(r"\d+ paths, .*MB verified and copied in .* s .*MB.s.*signed by", up.said())


def test_prompt_says_how_to_log_in(up):
    assert re.search(r"Log in as atom with the password atom\.\s+atomos login: ", up.said())


def test_nothing_else_is_said_before_the_prompt(up):
    said = re.search(r"signed by \S+(.*?)atomos-demo 1 \(AtomOS", up.said().replace("\r", ""), re.S)
    assert said and not said.group(1).strip(), said


def test_our_programs_are_there(up):
    assert re.fullmatch(r"atomos \d\S*", up.run("atomos --version"))
    assert up.run("ldd /usr/bin/atomos | grep -c 'not found'", check=False) == "0"
    key = (vm.keys() / "nix-public-key").read_text().strip()
    assert up.run("cat /usr/lib/atomos/trusted-keys") == key
    medium = json.loads(up.run("cat /usr/lib/atomos/medium.json"))
    assert (medium["product"], medium["genericPassword"]) == ("atomos-demo", "atomos")


def test_root_is_in_memory(up):
    assert up.run("findmnt -no FSTYPE /") == "tmpfs"
    assert up.run("findmnt -no FSTYPE,OPTIONS /nix/store || findmnt -no FSTYPE,OPTIONS /nix").startswith("btrfs ro")


def test_secure_boot_is_on(up):
    assert up.run("od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-*").strip() == "1"


def test_services(up):
    assert up.run("systemctl is-active systemd-homed systemd-resolved ssh").split() == ["active"] * 3
    assert "127.0.0.1" in up.run("resolvectl query --legend=no localhost")


def test_ssh(up):
    assert up.ssh("cat /etc/hostname") == "atomos"


def test_host_keys_were_made_here(up):
    key = "/var/lib/atomos/ssh/ssh_host_ed25519_key"
    assert up.run(f"stat -c '%a %U' {key}") == "600 root"
    public = up.run(f"ssh-keygen -yf {key}").split()[1]
    assert public in up.run("ssh-keyscan -t ed25519 localhost 2>/dev/null")
    assert up.run("find /nix/store -name 'ssh_host_*_key' | head -n 1") == ""


def say_across(machine):
    """The kernel says something that its consoles show."""
    machine.ssh_root("echo '<1>across the screen' >/dev/kmsg")


def test_messages_stay_off_the_installers_screens(up):
    """By sudo, which gives the program a terminal of its own."""
    up.send("TERM=vt220 atomos install; echo @@left@@")
    up.expect("Where to install")
    say_across(up)
    up.listen(2)
    up.console.send("\x1b")
    up.expect("@@left@@")
    assert "across the screen" not in up.console.before.decode()
    say_across(up)
    up.expect("across the screen")


def test_machine_id_is_new_and_there_before_systemd(up):
    number = up.run("cat /etc/machine-id")
    assert re.fullmatch("[0-9a-f]{32}", number)
    # Without one systemd would make one, and take this for a first boot.
    said = up.run("journalctl -b -o cat --no-pager")
    assert "Initializing machine ID" not in said and "Detected first boot" not in said
    assert up.run("systemctl show -P ConditionResult first-boot-complete.target") == "no"
    assert up.run("ls /run/machine-id 2>/dev/null", check=False) == ""
    assert up.run(f"grep -rlF {number} /nix/store/*-system*/ 2>/dev/null", 120, check=False) == ""


def test_pcr11_has_both_phases(up, image):
    """In every bank of the TPM: what the boot image measures to, then enter-initrd and leave-initrd."""
    banks = up.run("cd /sys/class/tpm/tpm0; ls -d pcr-*").split()
    assert "pcr-sha256" in banks
    for bank in banks:
        name = bank.removeprefix("pcr-")
        # Debian's systemd goes on with phases of its own.
        words = ["enter-initrd", "leave-initrd", "sysinit", "ready"]
        values = [tamper.pcr11(image, words[:n], name) for n in (2, 3, 4)]
        assert up.run(f"cat /sys/class/tpm/tpm0/{bank}/11").lower() in values, bank


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
    """After the package of the test before. Seen as a person sees it, at an interactive log-in."""
    child = up.ssh_session()
    child.expect(r"Changed since the boot, in memory only, gone after the next: [^\r\n]*")
    assert b"package" in child.after
    child.close(force=True)


def test_state_is_there_with_its_modes(up):
    said = up.run("stat -c '%n %a %U' /var/log/journal /etc/machine-id", check=False)
    assert "/var/log/journal 2755 root" in said
    assert "/etc/machine-id 444 root" in said


def test_suspend(up):
    """To memory and back, the TPM as well."""
    up.run("touch /run/before; nohup sh -c 'sleep 1; systemctl suspend' >/dev/null 2>&1 &")
    up.wait_for("suspended", 120)
    up.qmp("system_wakeup")
    # The console may lose what is typed before it is awake.
    assert up.ssh("ls /run/before", timeout=120)
    up.run("timeout 60 sh -c 'until journalctl -b -o cat --no-pager | grep -q \"PM: suspend exit\"; do sleep 1; done'", 120)
    assert "deep" in up.run("journalctl -b -o cat --no-pager | grep 'PM: suspend entry'")
    assert up.run("cat /sys/class/tpm/tpm0/pcr-sha256/11").strip("0")


def test_stick_can_be_pulled(up):
    """The last one: after it the medium is gone."""
    up.pull_medium()
    up.run("for i in $(seq 50); do [ -e /dev/vda ] || break; sleep 0.2; done; [ ! -e /dev/vda ]", 60)
    up.run("echo 3 >/proc/sys/vm/drop_caches; find /usr -type f | head -n 3000 | xargs cat >/dev/null", 180)
    assert up.ssh("echo still here") == "still here"
    assert up.run("systemctl is-active ssh systemd-resolved").split() == ["active"] * 2
    up.send("systemctl poweroff")
    up.wait_off(180)
