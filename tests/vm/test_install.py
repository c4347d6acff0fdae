# SPDX-License-Identifier: MIT
"""From the medium to an empty disk, which then starts alone."""

import hashlib
import json

import pytest

import first_boot
import tamper
import vm

pytestmark = pytest.mark.xdist_group("install")
GIB = 1 << 30
NEIGHBOUR_DISK = "0B2D3F4A-1C5E-4F6A-8B7C-9D0E1F2A3B4C"
INSTALLED_ROOT = "2C1F8A5E-6D0B-4E0B-9B0E-61746F6D726F"


def with_disk(path, serial):
    """Arguments for QEMU that attach a file as a further disk, written to for good."""
    return ["-drive", f"file={path},if=none,id={serial},format=raw,cache=unsafe",
            "-device", f"virtio-blk-pci,drive={serial},serial={serial}"]


def look_at(machine, serial):
    """What `atomos install --list` says of the disk with this serial number."""
    disks = json.loads(machine.run("atomos install --list --json", 120))["disks"]
    by_serial = {d["model"]: d for d in disks}
    assert by_serial["medium"]["medium"] and "runs from it" in by_serial["medium"]["refusal"]
    return by_serial[serial]


def install(machine, serial, *options):
    """Installs to a disk; what was said."""
    name = look_at(machine, serial)["disk"]
    return machine.run(f"atomos install --disk {name} --yes {name} {' '.join(options)}; echo status $?", 900, check=False)


def make_neighbour(path):
    """A disk with a Linux on it and free space behind."""
    with open(path, "wb") as f:
        f.truncate(5 * GIB)
    script = f"label: gpt\nlabel-id: {NEIGHBOUR_DISK}\nstart=1MiB, size=300MiB, name=theirs\n"
    tamper.output("sfdisk", "--quiet", path, input=script.encode())
    tamper.output("mkfs.ext4", "-q", "-L", "theirs", "-E", f"offset={1 << 20}", path, "300M")


def neighbour_bytes(path):
    """Digest of the other system's partition."""
    with open(path, "rb") as f:
        f.seek(1 << 20)
        return hashlib.sha256(f.read(300 << 20)).hexdigest()


@pytest.fixture(scope="module")
def installed(image, tmp_path_factory):
    """Two disks that were installed to in one boot of the medium, with what was said."""
    directory = tmp_path_factory.mktemp("install")
    disk, beside = directory / "disk.img", directory / "beside.img"
    with open(disk, "wb") as f:
        f.truncate(5 * GIB)
    make_neighbour(beside)
    before = neighbour_bytes(beside)
    with vm.boot("install", image, extra=with_disk(disk, "target") + with_disk(beside, "beside")) as m:
        m.login()
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
    return {"disk": disk, "said": said, "beside": beside, "free": free, "before": before}


def test_says_what_to_do_next(installed):
    assert "take the medium out" in installed["said"] and "status 0" in installed["said"]


def test_table(installed):
    disk = installed["disk"]
    assert "No errors detected" in tamper.output("sfdisk", "--verify", disk).decode()
    table = json.loads(tamper.output("sfdisk", "--json", disk))["partitiontable"]
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
    assert "No errors detected" in tamper.output("sfdisk", "--verify", installed["beside"]).decode()
    table = json.loads(tamper.output("sfdisk", "--json", installed["beside"]))["partitiontable"]
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


USER, PASSWORD = "anna", "seven unlikely lamps"


@pytest.fixture(scope="module")
def owned(installed, keep):
    """The disk after its first start, in which all questions were answered: recovery key and machine-id."""
    with vm.boot("first-boot", installed["disk"], keep=keep) as m:
        m.expect("Telling the TPM to open this disk.")
        key = first_boot.answer(m, USER, PASSWORD)
        m.login(USER, PASSWORD)
        status = json.loads(m.run("cat /run/atomos/boot.json"))
        assert status["installed"] and not status["medium"] and not status["owned"]
        assert m.run("findmnt -no FSTYPE /") == "tmpfs"
        said = m.run("nix --extra-experimental-features nix-command store verify --all --sigs-needed 1", 300)
        assert "untrusted" not in said
        m.run(f"echo mine >/home/{USER}/kept; sync")
        machine = m.run("cat /etc/machine-id")
        m.send("systemctl poweroff")
        m.wait_off(180)
    return {"disk": installed["disk"], "recovery": key, "machine": machine}


@pytest.mark.long
def test_starts_by_itself_from_then_on(owned, keep):
    """No question about the disk, the same machine, the same home; the generic password opens nothing."""
    with vm.boot("own-boot", owned["disk"], keep=keep) as m:
        assert m.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 1
        m.login(USER, PASSWORD)
        status = json.loads(m.run("cat /run/atomos/boot.json"))
        assert status["owned"] and status["openedBy"] == "tpm" and status["pin"] == "good" and status["homeMounted"]
        assert m.run("cat /etc/machine-id") == owned["machine"]
        assert m.run(f"cat /home/{USER}/kept") == "mine"
        assert "luks (strong encryption)" in m.run(f"homectl inspect {USER}")
        m.send("systemctl poweroff")
        m.wait_off(180)
    start, _ = tamper.partition(owned["disk"], INSTALLED_ROOT)
    keys = {tamper.volume_key(owned["disk"], start, word.encode()) for word in (PASSWORD, owned["recovery"])}
    assert len(keys) == 1 and len(keys.pop()) == 64
    with pytest.raises(AssertionError):
        tamper.volume_key(owned["disk"], start)


@pytest.mark.long
def test_exchanged_disk(owned, installed, keep):
    """One that opens with the generic password doesn't get what the TPM keeps for the owner's."""
    with vm.boot("exchanged", installed["beside"], keep=keep) as m:
        m.expect("The TPM keeps something for another disk")
        first_boot.greeted(m)
        boot = json.loads(m.ssh("cat /run/atomos/boot.json"))
        assert boot["pin"] == "other-volume" and not boot["enrolled"]
    with vm.boot("own-again", owned["disk"], keep=keep) as m:
        assert m.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 1
