# SPDX-License-Identifier: MIT
"""What the boot image brings for machines that no test has: disks, keyboards, keymaps."""

import fnmatch
import stat
import subprocess
from pathlib import Path

import pytest

import nixbuild
import tamper

pytestmark = pytest.mark.xdist_group("image")

# By what a machine has them for. A name that Debian's kernel loses is seen here, not on somebody's machine.
NEEDED = {
    "NVMe": ["nvme"],
    "AHCI": ["ahci"],
    "USB disks": ["usb_storage", "uas"],
    "USB": ["xhci_pci", "ehci_pci"],
    "keyboards": ["usbhid", "hid_generic", "i2c_hid_acpi"],
    "SD cards": ["sdhci_pci", "mmc_block"],
    "virtio": ["virtio_blk", "virtio_scsi", "virtio_pci"],
    "SCSI and CD": ["sd_mod", "sr_mod"],
    "TPM": ["tpm_tis", "tpm_crb"],
    "encryption": ["dm_crypt", "xts"],
    "file systems": ["btrfs", "vfat", "isofs"],
    "swap in memory": ["zram"],
}


def unpack(archive, directory):
    """A newc archive (kernel: driver-api/early-userspace/buffer-format.rst)."""
    at = 0
    while True:
        assert archive[at:at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[at + 110:at + 109 + name_size].decode()
        start = at + (110 + name_size + 3) // 4 * 4
        data, at = archive[start:start + size], start + (size + 3) // 4 * 4
        if name == "TRAILER!!!":
            return
        path = directory / name
        if stat.S_ISDIR(mode):
            path.mkdir(exist_ok=True)
        elif stat.S_ISLNK(mode):
            path.symlink_to(data.decode())
        else:
            path.write_bytes(data)
            path.chmod(mode & 0o777)


@pytest.fixture(scope="module")
def initramfs(image, tmp_path_factory):
    directory = tmp_path_factory.mktemp("initramfs")
    copy = tamper.Copy(image, "initramfs")
    copy.path = image  # only read
    uki = directory / "uki.efi"
    uki.write_bytes(copy.esp_read(next(n for n in copy.esp_files() if n.startswith("EFI/Linux/"))))
    archive = subprocess.run(["zstd", "-dc"], input=tamper.section_of(uki, ".initrd"), capture_output=True, check=True)
    uki.unlink()
    unpack(archive.stdout, directory)
    return directory


@pytest.fixture(scope="module")
def modules(initramfs):
    """Folder of the kernel's modules."""
    return next((initramfs / "usr/lib/modules").iterdir())


def module_name(path):
    return Path(path).name.split(".ko")[0].split(".o")[0].replace("-", "_")


def builtin(modules):
    texts = (modules / "modules.builtin.modinfo").read_bytes().split(b"\0")
    return {t.split(b".", 1)[0].decode().replace("-", "_") for t in texts if b"." in t}


def test_modules_are_there(modules):
    """Each is in the initramfs, or in the kernel itself."""
    have = {module_name(p) for p in modules.rglob("*.ko*")} | builtin(modules)
    missing = {what: [n for n in names if n not in have] for what, names in NEEDED.items()}
    assert not {what: names for what, names in missing.items() if names}


def test_every_listed_module_exists(modules):
    """A misspelt or renamed one of nix/packages/boot.nix is left out of the initramfs without a word."""
    listed = nixbuild.evaluate(nixbuild.DEMO, "boot.moduleGroups")["boot.moduleGroups"].split()
    assert "usb-storage" in listed
    known = {module_name(line) for line in (modules / "modules.order").read_text().split()} | builtin(modules)
    assert len(known) > 1000
    assert [n for n in listed if not fnmatch.filter(known, n.replace("-", "_"))] == []


def test_every_keymap_can_be_loaded(initramfs):
    """loadkeys finds each by its name, with what it includes, though nothing else of kbd is there."""
    settings = initramfs / "etc/atomos/settings.json"
    names = nixbuild.json.loads(settings.read_text())["keymaps"]
    assert "us" in names and len(names) > 5
    for name in [*names, "nonexistent"]:
        done = subprocess.run(["chroot", initramfs, "/usr/bin/loadkeys", "--mktable", name], capture_output=True)
        assert (done.returncode == 0) == (name != "nonexistent"), f"{name}: {done.stderr!r}"


def test_security_keys(initramfs):
    """systemd's FIDO2 plugin is there with all that it loads by itself: its own library finds no key, but is found."""
    plugins = initramfs / "usr/lib/x86_64-linux-gnu/cryptsetup"
    assert {p.name for p in plugins.iterdir()} == {"libcryptsetup-token-systemd-fido2.so", "libcryptsetup-token-systemd-tpm2.so"}
    result = subprocess.run(["chroot", initramfs, "/usr/bin/systemd-cryptenroll", "--fido2-device=list"], capture_output=True,
                            text=True, env={"PATH": "/usr/sbin:/usr/bin", "SYSTEMD_LOG_LEVEL": "debug"})
    assert "libfido2.so.1" in result.stderr and "No FIDO2 devices found" in result.stderr, result.stderr
