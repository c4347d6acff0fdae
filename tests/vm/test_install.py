# SPDX-License-Identifier: MIT
"""From the medium to an empty disk, which then starts alone."""

import base64
import hashlib
import json
import os
import re
import shutil

import pexpect
import pytest

import first_boot
import tamper
import vm
from disks import (
    GIB, NEIGHBOUR_DISK, NEIGHBOUR_SIZE, empty_disk, look_at, make_medium, make_neighbour, parse_list, with_disk)
from installed import INSTALLED_ROOT, tokens

pytestmark = pytest.mark.xdist_group("install")
LARGE_SECTORS = ",logical_block_size=4096,physical_block_size=4096"


def install(machine, serial, *options):
    """Installs to a disk; what was said."""
    name = look_at(machine, serial)["disk"]
    return machine.run(f"atomos install --disk {name} --yes {name} {' '.join(options)}; echo status $?", 900, check=False)


def neighbour_bytes(path):
    """Digest of the other system's partition."""
    with open(path, "rb") as f:
        f.seek(1 << 20)
        return hashlib.sha256(f.read(NEIGHBOUR_SIZE)).hexdigest()


@pytest.fixture(scope="module")
def installed(image, tmp_path_factory):
    """Two disks that were installed to in one boot of the medium, with what was said. The medium itself is an inner disk with
    room behind the image."""
    directory = tmp_path_factory.mktemp("install")
    disk, beside, medium = empty_disk(directory / "disk.img"), make_neighbour(directory / "beside.img"), directory / "medium.img"
    tamper.output("cp", "--reflink=auto", "--sparse=always", image, medium)
    os.truncate(medium, 5 * GIB)
    before = neighbour_bytes(beside)
    with vm.boot("install", medium, extra=with_disk(disk, "target") + with_disk(beside, "beside")) as m:
        m.login()
        greeting, runs_from = m.said(), look_at(m, "medium")["disk"]
        target = look_at(m, "target")
        assert target["content"] == "empty" and target.get("refusal") is None
        wrong = m.run(f"atomos install --disk {target['disk']} --yes other", 120, check=False)
        assert "Nothing was written" in wrong
        said = install(m, "target")
        assert look_at(m, "target")["content"] == "an AtomOS", said
        assert look_at(m, "beside")["content"] == "Linux (theirs)"
        free = install(m, "beside", "--free")
        m.send("systemctl poweroff")
        m.wait_off(180)
    return {"disk": disk, "said": said, "beside": beside, "free": free, "before": before,
            "greeting": greeting, "runs_from": runs_from}


def test_an_inner_disk_says_how_it_becomes_somebodys(installed):
    command = f"To make this machine yours: sudo atomos install --disk {installed['runs_from']} --free"
    assert command in installed["greeting"].split("login:")[0]


def test_says_what_to_do_next(installed):
    assert "take the medium out" in installed["said"] and "status 0" in installed["said"]


def table_of(disk):
    """The partition table, which is a whole one."""
    assert "No errors detected" in tamper.output("sfdisk", "--verify", disk).decode()
    return json.loads(tamper.output("sfdisk", "--json", disk))["partitiontable"]


def test_table(installed):
    table = table_of(installed["disk"])
    assert [p["type"] for p in table["partitions"]] == [
        tamper.ESP, "21686148-6449-6E6F-744E-656564454649", INSTALLED_ROOT]
    assert table["partitions"][0]["size"] * 512 == GIB


def test_key_is_not_the_mediums(installed, image):
    keys = []
    for file, kind in ((image, tamper.MEDIUM_ROOT), (installed["disk"], INSTALLED_ROOT)):
        keys.append(tamper.volume_key(file, tamper.partition(file, kind)[0]))
    assert keys[0] != keys[1] and len(keys[0]) == len(keys[1]) == 64


def test_beside_another_system(installed):
    """What was there has its bytes, its number and its GUIDs; ours is behind it and as signed."""
    assert "status 0" in installed["free"], installed["free"]
    assert neighbour_bytes(installed["beside"]) == installed["before"]
    table = table_of(installed["beside"])
    assert table["id"] == NEIGHBOUR_DISK
    assert [p["name"] for p in table["partitions"]] == ["theirs", "esp", "bios", "atomos"]
    program = vm.BUILD / "lib/atomos"
    assert json.loads(tamper.output(program, "verify", "--json", "--keys", vm.keys(), installed["beside"]))["good"]


def test_verifies(installed):
    program = vm.BUILD / "lib/atomos"
    said = json.loads(tamper.output(program, "verify", "--json", "--keys", vm.keys(), installed["disk"]))
    assert said["good"] and said["paths"] > 100


@pytest.fixture(scope="module")
def keep(tmp_path_factory):
    """What the machine keeps beside its disk: firmware variables and TPM."""
    return tmp_path_factory.mktemp("keep")


USER, PASSWORD = first_boot.USER, first_boot.OWNER_PASSWORD


def locked(m):
    """Whether the account whose password everybody knows is."""
    return m.run("passwd -S atom").split()[1] == "L"


def by_network(m):
    """What somebody gets who logs in over the network as everybody knows from the medium."""
    child = m.ssh_session("echo in-$((40 + 2))")
    child.expect(pexpect.EOF)
    return child.before.decode(errors="replace")


def switch_off(m):
    """The owner's root does, at the end."""
    m.run("sync")
    m.send("systemctl poweroff")
    m.wait_off(180)


@pytest.fixture(scope="module")
def owned(installed, keep):
    """The disk after its first start, in which all questions were answered: recovery key and machine-id; and what a
    stranger got in the network meanwhile."""
    with vm.boot("first-boot", installed["disk"], keep=keep) as m:
        m.expect("Telling the TPM to open this disk.")
        first_boot.greeted(m)
        m.expect(first_boot.PROMPTS[first_boot.MENU])
        stranger = by_network(m)
        m.send()
        key = first_boot.answer_all(m, USER, PASSWORD)
        m.login(USER, PASSWORD)
        status = m.boot_json()
        assert status["installed"] and not status["medium"] and not status["owned"]
        assert locked(m) and "Changed since the boot" not in m.said()
        assert m.run("findmnt -no FSTYPE /") == "tmpfs"
        said = m.run("nix --extra-experimental-features nix-command store verify --all --sigs-needed 1", 300)
        assert "untrusted" not in said
        assert m.run("ls /run/issue.d") == ""
        m.run(f"echo mine >/home/{USER}/kept")
        machine = m.run("cat /etc/machine-id")
        switch_off(m)
    return {"disk": installed["disk"], "recovery": key, "machine": machine, "stranger": stranger}


@pytest.mark.long
def test_nobody_logs_in_while_it_asks(owned):
    assert "Permission denied" in owned["stranger"] and "in-42" not in owned["stranger"]


@pytest.mark.long
def test_starts_by_itself_from_then_on(owned, keep):
    """No question about the disk, the same machine, the same home, keyboard and time zone; the generic password opens nothing."""
    with vm.boot("own-boot", owned["disk"], keep=keep) as m:
        assert m.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 1
        m.login(USER, PASSWORD)
        status = m.boot_json()
        assert status["owned"] and status["openedBy"] == "tpm" and status["pin"] == "good" and status["homeMounted"]
        assert status["remembered"] == "tpm" and not status["recorded"] and status["lowestRelease"] == status["release"]
        lines = {line["name"]: line for line in json.loads(m.run("atomos status --json"))["lines"]}
        assert all(line["level"] == "green" for line in lines.values()), lines
        owner = status["ownerKeys"][0]["name"]
        assert owner.startswith("owner-") and f"signed by {owner} start here, too" in lines["owner-keys"]["words"]
        assert "known to the TPM (the disk's header has a record, too)" in lines["owner-keys"]["words"]
        assert "sealed with a password" in lines["owner-keys"]["words"]
        assert locked(m) and "Log in as atom" not in m.said() and "Changed since the boot" not in m.said()
        assert m.run("cat /etc/machine-id") == owned["machine"]
        assert m.run(f"cat /home/{USER}/kept") == "mine"
        first_boot.place_is_kept(m)
        assert "luks (strong encryption)" in m.run(f"homectl --no-pager inspect {USER}")
        m.send("systemctl poweroff")
        m.wait_off(180)
    assert [t["keymap"] for t in tokens(owned["disk"]).values() if t["type"] == "atomos-keymap"] == [first_boot.KEYMAP]
    start, _ = tamper.partition(owned["disk"], INSTALLED_ROOT)
    keys = {tamper.volume_key(owned["disk"], start, word.encode()) for word in (PASSWORD, owned["recovery"])}
    assert len(keys) == 1 and len(keys.pop()) == 64
    with pytest.raises(AssertionError):
        tamper.volume_key(owned["disk"], start)


THEIR_USER, THEIR_PASSWORD = "mallory", "nine crooked fences"


@pytest.fixture(scope="module")
def exchanged(owned, installed, keep):
    """Another disk in the owner's machine gets an owner of its own, who then seals a slot to this very TPM: what the boot
    has left about itself, and what is mounted for homes."""
    with vm.boot("exchanged", installed["beside"], keep=keep) as m:
        m.expect("The TPM keeps something for another disk")
        first_boot.answer(m, THEIR_USER, THEIR_PASSWORD)
        m.login(THEIR_USER, THEIR_PASSWORD)
        boot, homes = m.boot_json(), m.run("findmnt -no FSTYPE /home")
        m.run(f"umask 077; printf %s '{THEIR_PASSWORD}' >/root/key")
        m.run(f"systemd-cryptenroll --unlock-key-file=/root/key --tpm2-device=auto --tpm2-pcrs=7 /dev/{boot['partition']}", 300)
        switch_off(m)
    return {"disk": installed["beside"], "boot": boot, "homes": homes}


@pytest.mark.long
def test_exchanged_disk(exchanged, installed):
    """One that opens with the generic password doesn't get what the TPM keeps for the owner's. Here it is the disk with
    another system: it gets an owner and homes, and what was there stays as it was."""
    assert exchanged["boot"]["pin"] == "other-volume" and not exchanged["boot"]["enrolled"]
    assert exchanged["homes"] == "btrfs"
    assert neighbour_bytes(exchanged["disk"]) == installed["before"]
    table = table_of(exchanged["disk"])
    assert table["id"] == NEIGHBOUR_DISK
    assert [p["name"] for p in table["partitions"]] == ["theirs", "esp", "bios", "atomos", "atomos-home"]


@pytest.mark.long
def test_exchanged_disk_sealed_to_this_tpm(exchanged, owned, keep):
    """It would open by the TPM, which isn't asked to; its password opens it, and changes nothing without a typed yes."""
    with vm.boot("exchanged-sealed", exchanged["disk"], keep=keep) as m:
        assert m.expect(["The TPM knows another disk than this one", "Verifying and copying"]) == 0
        assert m.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 0
        m.send(THEIR_PASSWORD)
        m.expect("Shall the TPM open this disk from now on, and no longer the other one?")
        m.send()
        assert m.expect(["Telling the TPM", "Verifying and copying"]) == 1
    with vm.boot("own-again", owned["disk"], keep=keep) as m:
        assert m.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 1


NEXT_USER, NEXT_PASSWORD = "berta", "eleven quiet ladders"


def boot_entries(machine):
    """Partition GUIDs of the firmware's entries with our name."""
    return re.findall(r"^Boot\w+\*? AtomOS\tHD\(\d+,GPT,([0-9a-f-]+),", machine.run("efibootmgr --verbose"), re.M)


@pytest.fixture(scope="module")
def again(owned, image, keep, tmp_path_factory):
    """One more boot of the medium on the machine of an owner: over their disk, with answers for the first start, and
    onto an empty disk of large sectors."""
    directory = tmp_path_factory.mktemp("again")
    medium, large = shutil.copy(image, directory / "medium.img"), empty_disk(directory / "large.img")
    extra = with_disk(owned["disk"], "target") + with_disk(large, "large", LARGE_SECTORS)
    extra += with_disk(shutil.copy(image, directory / "written.img"), "written", LARGE_SECTORS)
    with vm.boot("install-again", medium, keep=keep, extra=extra) as m:
        m.login()
        old = look_at(m, "target")
        assert old["content"] == f"the AtomOS of {USER}" and old["owned"] and old["pin"] == "disk"
        other = look_at(m, "large")
        assert other["content"] == "empty" and other["empty"] and other["pin"] == "other"
        written = look_at(m, "written")
        assert "can't start from this disk's larger ones" in written["content"] and not written["empty"]
        m.run(f"efibootmgr --quiet --create --disk /dev/{old['disk']} --part 1 --label AtomOS "
              "--loader '\\EFI\\BOOT\\BOOTX64.EFI'")
        before = boot_entries(m)
        answers = {"serial": "target", "name": NEXT_USER, "realName": "Berta Beispiel", "password": NEXT_PASSWORD,
                   "zone": "Europe/Berlin", "recoveryKeyFile": "/root/recovery"}
        m.run("umask 077; cat >/root/answers <<'END'\n" + json.dumps(answers) + "\nEND")
        wrong = m.run(f"atomos install --disk {other['disk']} --answers /root/answers", 120, check=False)
        assert "Nothing was written" in wrong and "the number 'target'" in wrong
        said = [json.loads(m.run(f"atomos install --json {options} 2>/root/said | cat", 900))
                for options in (f"--disk {other['disk']} --yes {other['disk']}", f"--disk {old['disk']} --answers /root/answers")]
        assert "in memory only" in m.run("cat /root/said")
        recovery = m.run("cat /root/recovery")
        after = boot_entries(m)
        m.send("systemctl poweroff")
        m.wait_off(180)
    return {"disk": owned["disk"], "large": large, "before": before, "after": after, "recovery": recovery, "answers": answers,
            "said_large": said[0], "said": said[1]}


@pytest.mark.long
def test_an_old_boot_entry_goes_with_its_disk(again):
    assert len(again["before"]) == 1 and len(again["after"]) == 2
    assert again["before"][0] not in again["after"]


@pytest.mark.long
def test_first_start_with_answers_over_an_earlier_owner(again, keep):
    """The TPM has forgotten the earlier owner's disk, is told to open this one, and gives the answers: no question."""
    assert again["said"]["oldPin"] == "removed"
    left, = (token for token in tokens(again["disk"]).values() if token["type"] == "atomos-answers")
    assert set(left) == {"type", "keyslots", "open", "sealed"}
    # Everybody reads this, in base64.
    assert json.loads(base64.b64decode(left["open"])) == {name: again["answers"][name] for name in ("zone", "realName", "name")}
    assert NEXT_PASSWORD.encode() not in base64.b64decode(left["sealed"])
    with vm.boot("first-boot-again", again["disk"], keep=keep) as m:
        m.expect("Telling the TPM to open this disk.")
        # Whichever console is the first; the other one only waits.
        m.expect(["The installation brought the answers to all questions", "The questions are being answered on tty1"])
        m.login(NEXT_USER, NEXT_PASSWORD)
        boot = m.boot_json()
        assert boot["enrolled"] and not boot["owned"]
        assert m.run("ls /run/atomos/owner") == "public-key"
        assert m.run("cat /etc/timezone") == "Europe/Berlin"
        m.send("systemctl poweroff")
        m.wait_off(180)
    start, _ = tamper.partition(again["disk"], INSTALLED_ROOT)
    keys = {tamper.volume_key(again["disk"], start, word.encode()) for word in (NEXT_PASSWORD, again["recovery"])}
    assert len(keys) == 1
    with open(again["disk"], "rb") as f:
        f.seek(start)
        assert b"atomos-answers" not in f.read(16 << 10)


@pytest.mark.long
def test_sectors_of_4096_bytes(again):
    """A disk that counts in larger sectors is owned like any other; the TPM kept what it knew of another one."""
    assert again["said_large"]["oldPin"] == "kept"
    extra = with_disk(again["large"], "large", LARGE_SECTORS + ",bootindex=1")
    with vm.boot("large-sectors", None, secure_boot=False, tpm=False, extra=extra) as m:
        first_boot.answer(m, USER, PASSWORD)
        m.login(USER, PASSWORD)
        assert m.run("cat /sys/block/vda/queue/logical_block_size") == "4096"
        assert m.boot_json()["installed"]
        m.run(f"echo mine >/home/{USER}/kept")
        switch_off(m)
    with vm.boot("large-sectors-own", None, secure_boot=False, tpm=False, extra=extra) as m:
        m.expect("Password for this AtomOS disk")
        m.send(PASSWORD)
        m.login(USER, PASSWORD)
        boot = m.boot_json()
        assert boot["owned"] and boot["openedBy"] == "password" and boot["homeMounted"]
        assert m.run(f"cat /home/{USER}/kept") == "mine"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """An image on an inner disk, of a machine with a TPM and Secure Boot off, whose menu has installed behind it."""
    directory = tmp_path_factory.mktemp("written")
    disk = make_medium(directory, "  atomos.install.menu.enable = true;\n")
    size, keep = disk.stat().st_size, directory / "keep"
    os.truncate(disk, 5 * GIB)
    keep.mkdir()
    with vm.boot("written", disk, keep=keep, secure_boot="off") as m:
        m.expect("Install here")
        m.console.send(first_boot.CTRL_P)
        m.expect("Number or name [3]: ")
        medium = parse_list(m.ssh_root("atomos install --list --json"))["medium"]
        assert medium["medium"] and medium["freeRefusal"] is None and medium["free"]["start"] >= size - (2 << 20)
        m.send()
        m.expect("Only the space behind this image is used; the image stays")
        m.expect("Name of the disk (vda), < for the question before: ")
        m.send("vda")
        m.expect("has the space behind this image now", 900)
        m.expect(first_boot.PROMPTS[first_boot.MENU])
        m.send("Switch off")
        m.wait_off(180)
    return disk, keep


@pytest.mark.long
def test_image_written_to_an_inner_disk(written):
    """The menu offers the space behind the image first; that becomes the machine's system, and the image stays."""
    table = table_of(written[0])["partitions"]
    assert [p["type"] for p in table].count(tamper.MEDIUM_ROOT) == 1 and table[-1]["type"] == INSTALLED_ROOT


PIN = "2468"


@pytest.fixture(scope="module")
def written_owned(written):
    """Its first start; the owner wants the TPM to open the disk, with a PIN."""
    disk, keep = written
    with vm.boot("written-first", disk, keep=keep, secure_boot="off") as m:
        first_boot.answer(m, USER, PASSWORD)
        said = m.said()
        m.login(USER, PASSWORD)
        boot, status = m.boot_json(), m.run("atomos status", 120, check=False)
        opens = "A password or recovery key that opens the disk: "
        refused = m.run("atomos enroll tpm", check=False)
        code, asked = m.dialog("atomos enroll tpm --pin", (opens, PASSWORD))
        assert code == 0 and "then for the PIN to choose" in asked
        switch_off(m)
    return {"disk": disk, "keep": keep, "boot": boot, "said": said, "status": status, "refused": refused}


def words(text):
    """Without the ends of lines."""
    return " ".join(text.split())


@pytest.mark.long
def test_secure_boot_off_is_said(written_owned):
    """Nothing is sealed to the TPM that would protect nothing."""
    boot = written_owned["boot"]
    assert boot["installed"] and not boot["medium"] and not boot["enrolled"]
    assert boot["secureBoot"] == "off" and boot["tpm"] == "present"
    assert ("With Secure Boot off the TPM can't tell a changed system from this one, but it can open the disk together with a PIN: "
            "afterwards, 'sudo atomos enroll tpm --pin' has the next start ask for one.") in words(written_owned["said"])
    assert "Telling the TPM" not in written_owned["said"]
    assert "off: whoever holds the machine" in words(written_owned["status"])
    assert "choose a PIN with 'atomos enroll tpm --pin'" in words(written_owned["refused"])


@pytest.mark.long
def test_pin_with_secure_boot_off(written_owned):
    """The next start asks for it, the one after opens by it."""
    disk, keep = written_owned["disk"], written_owned["keep"]
    with vm.boot("written-pin", disk, keep=keep, secure_boot="off") as m:
        m.expect("Password for this AtomOS disk")
        m.send(PASSWORD)
        m.expect("only together with a PIN")
        m.send("yes")
        m.expect("PIN that opens this disk together with the TPM")
        m.send(PIN)
        m.expect("The same PIN again")
        m.send(PIN)
        m.expect("Telling the TPM to open this disk.")
        m.expect("Verifying and copying")
        assert "can't be told" not in m.said()
    with vm.boot("written-own", disk, keep=keep, secure_boot="off") as m:
        m.expect("PIN for this AtomOS disk")
        m.send(PIN)
        m.expect("Verifying and copying")
        m.login(USER, PASSWORD)
        boot = m.boot_json()
        assert boot["owned"] and boot["openedBy"] == "tpm" and boot["pin"] == "good" and boot["homeMounted"]


UNATTENDED = """
  atomos.install.unattended = {
    enable = true;
    answers = {
      name = "berta";
      realName = "";
      zone = "Europe/Berlin";
    };
  };
"""


@pytest.fixture(scope="module")
def unattended(tmp_path_factory):
    """A medium that installs itself."""
    return make_medium(tmp_path_factory.mktemp("unattended"), UNATTENDED)


@pytest.mark.long
def test_unattended(unattended, tmp_path):
    """Said, counted down, stopped by a key; left alone it installs to the one empty disk, which asks for the rest."""
    disk, keep = empty_disk(tmp_path / "disk.img"), tmp_path / "keep"
    keep.mkdir()
    how = {"secure_boot": False, "tpm": False}
    with vm.boot("unattended-stopped", unattended, extra=with_disk(disk, "target"), **how) as m:
        m.expect("Press any key to stop it")
        m.console.send("x")
        # The console that leads says why, the others that it is so.
        m.expect(["Stopped; nothing was changed", "Nothing is installed."])
        m.login()
        assert look_at(m, "target")["empty"]
    with vm.boot("unattended", unattended, extra=with_disk(disk, "target"), **how) as m:
        m.expect("This medium installs")
        m.expect("Everything on that disk will be lost.")
        m.wait_off(900)
    with vm.boot("unattended-first", None, extra=with_disk(disk, "target", ",bootindex=1"), **how) as m:
        first_boot.greeted(m)
        # Begin, then what the configuration didn't answer.
        m.expect(first_boot.PROMPTS[first_boot.MENU])
        m.send()
        asked = first_boot.PROMPTS[first_boot.MENU], first_boot.PROMPTS[first_boot.PASSWORD], first_boot.PROMPTS[first_boot.NAME]
        while (prompt := m.expect(list(asked))) == 0:
            m.send()
        assert prompt == 1
        m.send(PASSWORD)
        first_boot.answer_all(m, NEXT_USER, PASSWORD)
        m.login(NEXT_USER, PASSWORD)
        assert m.run("cat /etc/timezone") == "Europe/Berlin"
        switch_off(m)
    with vm.boot("unattended-full", unattended, extra=with_disk(disk, "target"), **how) as m:
        m.expect(["There is no empty disk", "Nothing is installed."])
        m.login()
        assert look_at(m, "target")["content"] == f"the AtomOS of {NEXT_USER}"
