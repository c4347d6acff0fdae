# SPDX-License-Identifier: MIT
"""The image as the tools of others see it: table, ESP, boot image, LUKS2, btrfs, Nix store."""

import base64
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import tamper
import vm

pytestmark = pytest.mark.xdist_group("image")
MIB = 1 << 20
NIX = {**os.environ, "NIX_CONFIG": "experimental-features = nix-command\nsubstituters =\nbuild-users-group ="}


@pytest.fixture(scope="module")
def esp(image, tmp_path_factory):
    """The ESP's files, by name."""
    directory = tmp_path_factory.mktemp("esp")
    copy = tamper.Copy(image, "esp")
    copy.path = image  # only read
    names = copy.esp_files()
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(copy.esp_read(name))
    return directory


@pytest.fixture(scope="module")
def uki(esp):
    return next((esp / "EFI/Linux").iterdir())


@pytest.fixture(scope="module")
def plain(image):
    """The root file system, decrypted by Python and cryptsetup."""
    return tamper.plain_of(image)


@pytest.fixture(scope="module")
def root(plain):
    with tamper.mounted(plain, read_only=True) as directory:
        yield directory


def run(*command, **options):
    return tamper.output(*command, **options).decode()


def test_partition_table(image):
    assert "No errors detected" in run("sfdisk", "--verify", image)
    table = json.loads(run("sfdisk", "--json", image))["partitiontable"]
    assert [p["type"] for p in table["partitions"]] == [
        tamper.ESP, "21686148-6449-6E6F-744E-656564454649", tamper.MEDIUM_ROOT]
    assert [p["name"] for p in table["partitions"]] == ["esp", "bios", "atomos"]
    # The gap that the ISO 9660 sectors will lie in, and a BIOS partition for GRUB.
    assert table["partitions"][0]["start"] * 512 == MIB
    assert table["partitions"][1]["size"] * 512 == MIB


def test_esp_is_sound(image, tmp_path):
    start, size = tamper.partition(image, tamper.ESP)
    part = tmp_path / "esp.img"
    with open(image, "rb") as f:
        f.seek(start)
        part.write_bytes(f.read(size))
    run("fsck.vfat", "-n", part)
    assert size < 100 * MIB


def test_esp_holds_nothing_else(esp):
    names = sorted(str(p.relative_to(esp)) for p in esp.rglob("*") if p.is_file())
    assert re.fullmatch(r"EFI/BOOT/BOOTX64.EFI EFI/Linux/atomos-\d+.efi loader/loader.conf", " ".join(names))
    assert "editor no" in (esp / "loader/loader.conf").read_text().split("\n")


def test_signed_for_secure_boot(esp, uki):
    certificate = vm.keys() / "db.crt"
    for file in (esp / "EFI/BOOT/BOOTX64.EFI", uki):
        assert "Signature verification OK" in run("sbverify", "--cert", certificate, file)


def test_boot_image(uki):
    sections = json.loads(run("ukify", "inspect", uki, "--json=short"))
    assert "atomos,1," in sections[".sbat"]["text"] and "sbat,1," in sections[".sbat"]["text"]
    assert "ID=atomos" in sections[".osrel"]["text"]
    assert uki.stat().st_size <= 60_000_000
    assert sections[".initrd"]["size"] <= 30_000_000


def test_pcr_signature_is_for_the_initramfs_only(uki):
    """One policy, which is PCR 11 of this image extended by enter-initrd alone."""
    signatures = json.loads(tamper.section_of(uki, ".pcrsig").rstrip(b"\0"))
    assert list(signatures) == ["sha256"] and len(signatures["sha256"]) == 1
    value = bytes(32)
    for name in (".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey"):
        try:
            data = tamper.section_of(uki, name)
        except AssertionError:
            continue
        for text in (name.encode() + b"\0", data):
            value = hashlib.sha256(value + hashlib.sha256(text).digest()).digest()
    value = hashlib.sha256(value + hashlib.sha256(b"enter-initrd").digest()).digest()
    # TPM2_PolicyPCR (TPM 2.0 part 3, 23.7) of one PCR in the SHA-256 bank.
    selection = bytes.fromhex("0000017f" + "00000001" + "000b" + "03" + "000800")
    policy = hashlib.sha256(bytes(32) + selection + hashlib.sha256(value).digest()).hexdigest()
    assert signatures["sha256"][0]["pol"] == policy


def test_luks_has_the_only_shape_we_make(image, tmp_path):
    start, _ = tamper.partition(image, tamper.MEDIUM_ROOT)
    header = tmp_path / "header"
    with open(image, "rb") as f:
        f.seek(start)
        header.write_bytes(f.read(tamper.DATA_OFFSET + tamper.SECTOR))
    metadata = json.loads(run("cryptsetup", "luksDump", "--dump-json-metadata", header))
    assert len(metadata["keyslots"]) == len(metadata["digests"]) == len(metadata["segments"]) == 1
    segment = metadata["segments"]["0"]
    assert (segment["encryption"], segment["sector_size"], segment["offset"]) == ("aes-xts-plain64", 4096, str(16 * MIB))
    assert "flags" not in segment and "requirements" not in metadata["config"]
    for kdf in (metadata["keyslots"]["0"]["kdf"], metadata["digests"]["0"]):
        assert (kdf["type"], kdf["hash"], kdf["iterations"]) == ("pbkdf2", "sha256", 1000)


def test_file_system_is_clean(plain):
    run("btrfs", "check", "--check-data-csum", plain)


def test_partition_is_no_larger_than_it_need_be(image, root):
    _, size = tamper.partition(image, tamper.MEDIUM_ROOT)
    usage = run("btrfs", "filesystem", "usage", "-b", root)
    used = int(re.search(r"^ +Used:\s+(\d+)", usage, re.MULTILINE).group(1))
    assert size <= 1.15 * used + 32 * MIB


def test_subvolumes(root):
    names = [line.split()[-1] for line in run("btrfs", "subvolume", "list", root).splitlines()]
    assert sorted(names) == ["nix", "state"]
    assert list((root / "state").iterdir()) == []


@pytest.fixture(scope="module")
def store(root, tmp_path_factory):
    """The Nix store of the image where Nix may write its locks."""
    writable = tmp_path_factory.mktemp("store")
    layers = [tmp_path_factory.mktemp(name) for name in ("upper", "work")]
    run("mount", "-t", "overlay", "-o", f"lowerdir={root},upperdir={layers[0]},workdir={layers[1]}", "overlay", writable)
    yield f"local?root={writable}"
    run("umount", writable)


def test_nix_database_is_valid(store):
    """Every path has the vendor's signature and is what was signed; nothing is ultimate."""
    key = (vm.keys() / "nix-public-key").read_text().strip()
    result = subprocess.run(
        ["nix", "store", "verify", "--store", store, "--all", "--sigs-needed", "1", "--trusted-public-keys", key],
        env=NIX, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    paths = json.loads(run("nix", "path-info", "--store", store, "--all", "--json", env=NIX))
    assert len(paths) > 100 and not any(p["ultimate"] for p in paths.values())


def test_boot_image_is_a_path_of_its_own(root, esp, uki):
    """What an installation puts into an ESP is what the medium's holds."""
    path = root / "nix/store" / tamper.boot_image(root)
    assert (path / "uki.efi").read_bytes() == uki.read_bytes()
    assert (path / "loader.efi").read_bytes() == (esp / "EFI/BOOT/BOOTX64.EFI").read_bytes()
    assert (path / "loader.conf").read_bytes() == (esp / "loader/loader.conf").read_bytes()
    assert len(list(path.iterdir())) == 3
    assert tamper.boot_image(root) not in tamper.closure_file(root).read_text()


def test_everything_is_in_use(store, root):
    """Garbage collection would take nothing, and the store has no file Nix doesn't know."""
    assert run("nix-store", "--store", store, "--gc", "--print-dead", env=NIX).strip() == ""
    known = json.loads(run("nix", "path-info", "--store", store, "--all", "--json", env=NIX))
    # Nix wants its directory of hard links even in a store that it only reads.
    assert not any((root / "nix/store/.links").iterdir())
    assert {f"/nix/store/{p.name}" for p in (root / "nix/store").iterdir() if p.name != ".links"} == set(known)


def test_closure_file_is_what_nix_says(store, root):
    known = json.loads(run("nix", "path-info", "--store", store, "--all", "--json", env=NIX))
    files = [tamper.closure_file(root), tamper.closure_file(root, tamper.boot_image(root))]
    stanzas = [s for f in files for s in f.read_text().strip().split("\n\n")]
    described = [dict(line.split(":", 1) for line in s.split("\n") if not line.startswith("Sig:")) for s in stanzas]
    assert {d["StorePath"].strip() for d in described} == set(known)
    for d in described:
        info = known[d["StorePath"].strip()]
        assert int(d["NarSize"]) == info["narSize"]
        assert sorted(d["References"].split()) == sorted(Path(r).name for r in info["references"])


KEY_FILE_MAX = MIB  # a key is small; so is what a script would have copied it into


def secrets_in(directory, secrets):
    """The files below that hold one of them, and how many were read."""
    found, read = [], 0
    for file in directory.rglob("*"):
        if file.is_symlink() or not file.is_file() or file.stat().st_size > KEY_FILE_MAX:
            continue
        data, read = file.read_bytes(), read + 1
        found += [file for s in secrets if s in data]
    return found, read


def test_no_secret_is_in_it(esp, root, tmp_path):
    """Private keys of the vendor are in none of the parts: ESP, store, database, state."""
    secrets = [(vm.keys() / "nix-secret-key").read_text().strip().split(":", 1)[1].encode()]
    for name in ("db.key", "pcr.key", "PK.key", "KEK.key"):
        lines = (vm.keys() / name).read_text().split("\n")
        assert "PRIVATE KEY" in lines[0]
        secrets += [lines[3].encode(), base64.b64decode("".join(lines[1:-2]))]
    (tmp_path / "copy").write_bytes(b"x" + secrets[-1])
    assert secrets_in(tmp_path, secrets) == ([tmp_path / "copy"], 1)
    found, read = secrets_in(esp, secrets)
    assert not found and read > 0
    found, read = secrets_in(root, secrets)
    assert not found and read > 1000


def test_second_build_makes_nothing(image):
    """The image says itself what it was made of."""
    if image != (vm.BUILD / "demo.img").resolve():
        pytest.skip("not the demo's image")
    before = os.stat(image).st_mtime_ns
    again = subprocess.run([vm.TOP / "tools/demo-image"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "is up to date" in again.stderr and "uilding" not in again.stderr
    said = json.loads(run(vm.TOP / "atomos", "image", "--json", "--configuration", vm.TOP / "examples/demo", "-o", image))
    assert os.stat(image).st_mtime_ns == before
    assert (said["output"], said["bytes"], said["made"]) == (str(image), image.stat().st_size, False)
    assert Path(said["system"]).name.endswith("-atomos-system-atomos-demo-1") and Path(said["boot"], "vmlinuz").exists()


def test_verify_agrees(image):
    said = json.loads(run(os.environ["ATOMOS_LIB"] + "/atomos", "verify", "--json", "--keys", vm.keys(), image))
    assert said["good"] and said["paths"] > 100


def test_verify_names_what_was_altered(image):
    with tamper.Copy(image, "verify") as copy:
        with copy.root() as root:
            manifest = tamper.store(root) / tamper.system(root) / "manifest"
            tamper.make_writable(manifest)
            tamper.flip_byte(manifest)
        program = os.environ["ATOMOS_LIB"] + "/atomos"
        result = subprocess.run([program, "verify", "--keys", vm.keys(), copy.path], capture_output=True, text=True)
    assert result.returncode == 1
    assert re.search(r"/nix/store/\S+: .*manifest", result.stderr)
