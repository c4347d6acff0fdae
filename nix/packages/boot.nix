# SPDX-License-Identifier: MIT
# Kernel, initramfs and the texts of the boot image, made from the base root; every program in the
# initramfs is one of Debian. Packages that the base list needs for it: the kernel, kmod, busybox,
# kbd and console-data (/usr/share/keymaps), cryptsetup-bin, systemd-cryptsetup (token plugin),
# libtss2-esys, -mu, -rc, -sys and -tcti-device, libfido2-1 (the plugins only dlopen them), libgcc-s1,
# btrfs-progs.
{
  root,
  # Names, with wildcards or aliases too; each must exist or be built into the kernel.
  modules ? [ ],
  programs ? [ ],
  libraries ? [ ],
  keymaps ? [ ],
  cmdline,
  trustedKeys,
  product,
  release,
  settings ? { },
  osRelease ? "ID=atomos\nNAME=AtomOS\nIMAGE_ID=${product}\nIMAGE_VERSION=${toString release}\n",
  epoch,
  name ? "atomos-boot",
  atomosInit,
  atomosBuild,
}:
let
  lines = builtins.concatStringsSep "\n";
  multiarch = "/usr/lib/x86_64-linux-gnu";

  neededPrograms = [
    "/usr/bin/busybox"
    "/usr/bin/loadkeys"
    # The kernel asks for modules by this name (crypto, character sets).
    "/usr/sbin/modprobe"
    # Tells a TPM to open an installed disk.
    "/usr/bin/systemd-cryptenroll"
    # Opens the answers that an installation left for the first start.
    "/usr/bin/systemd-creds"
    "${multiarch}/cryptsetup/libcryptsetup-token-systemd-tpm2.so"
    "${multiarch}/cryptsetup/libcryptsetup-token-systemd-fido2.so"
  ];

  # Loaded at run time: named nowhere, or only as a suggestion.
  neededLibraries = [
    "libgcc_s.so.1"
    "libfido2.so.1"
    "libtss2-esys.so.0"
    "libtss2-mu.so.0"
    "libtss2-rc.so.0"
    "libtss2-tcti-device.so.0"
  ];

  # What any machine may have between power-on and its password prompt; kernels of some flavours
  # lack some of it.
  moduleGroups = [
    # disks
    "nvme"
    "ahci"
    "ata_piix"
    "ata_generic"
    "sd_mod"
    "sr_mod"
    "cdrom"
    "usb-storage"
    "uas"
    "sdhci*"
    "mmc_block"
    "rtsx_pci_sdmmc"
    "rtsx_usb_sdmmc"
    "vmd"
    "virtio_blk"
    "virtio_scsi"
    "virtio_pci"
    "virtio_mmio"
    "virtio_iommu"
    "virtio_input"
    "virtio_balloon"
    "virtio_rng"
    # USB and keyboards
    "xhci*"
    "ehci*"
    "ohci*"
    "uhci*"
    "usbhid"
    "hid-generic"
    "hid-apple"
    "hid-cherry"
    "hid-chicony"
    "hid-lenovo"
    "hid-logitech*"
    "hid-microsoft"
    "i2c-hid*"
    "surface_hid*"
    # encryption
    "dm-crypt"
    "aesni-intel"
    "aes_*"
    "xts"
    "cbc"
    "essiv"
    "algif_skcipher"
    "sha256*"
    "sha512*"
    "crc32c*"
    # file systems
    "btrfs"
    "vfat"
    "nls_cp437"
    "nls_ascii"
    "nls_iso8859-1"
    "nls_utf8"
    "isofs"
    "overlay"
    "loop"
    "efivarfs"
    # memory and TPM
    "zram"
    "lz4*"
    "zstd*"
    "tpm_*"
  ];
in
derivation {
  inherit
    name
    root
    cmdline
    product
    osRelease
    atomosInit
    ;
  system = "x86_64-linux";
  builder = atomosBuild;
  args = [ "initramfs" ];
  modules = lines modules;
  moduleGroups = lines moduleGroups;
  programs = lines (neededPrograms ++ programs);
  libraries = lines (neededLibraries ++ libraries);
  keymaps = lines keymaps;
  trustedKeys = builtins.concatStringsSep "" (map (key: "${key}\n") trustedKeys);
  settings = builtins.toJSON ({ inherit release; } // settings);
  SOURCE_DATE_EPOCH = toString epoch;
}
