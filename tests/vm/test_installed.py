# SPDX-License-Identifier: MIT
"""Installed disks: without and with an owner, what they keep and how they open."""

import json

import installed

ID = "0123456789abcdef0123456789abcdef"


def boot_json(m):
    """What the boot has left about itself."""
    return json.loads(m.run("cat /run/atomos/boot.json"))


def test_without_owner(machine, copy):
    """Opens by itself, all in memory; a medium beside it doesn't disturb."""
    path = installed.ownerless(copy)
    m = machine(image=path)
    m.login()
    boot = boot_json(m)
    assert boot["installed"] and not boot["owned"] and not boot["medium"]
    assert boot["openedBy"] == "generic" and boot["slot"] == 0
    assert boot["disk"] and boot["partition"].startswith(boot["disk"])
    assert not boot["homeMounted"]
    # What the first-boot program does.
    m.run("mkdir /run/s && mount -o subvol=state /dev/mapper/atomos-root /run/s && touch /run/s/x && sync")


def test_interrupted_installation(machine, copy):
    installed.set_type(copy.path, installed.UNFINISHED_ROOT)
    m = machine(image=copy.path)
    m.expect("The installation onto this disk")
    m.expect("was interrupted: start the medium again")
    m.expect("ower off")


def test_with_owner(machine, copy):
    """Asks for the password; identity, state and homes are the disk's."""
    def fill(state):
        (state / "root/etc/machine-id").write_text(ID + "\n")
        (state / "root/var/lib").mkdir(parents=True)
        # Who was root may have left anything.
        (state / "root/var/lib/bluetooth").symlink_to("/etc")
    path = installed.owned(copy, b"correct horse", fill)
    m = machine(image=path)
    m.expect("Password for this AtomOS disk")
    m.send("atomos")
    m.expect("That password doesn't open the disk.")
    m.expect("Password for this AtomOS disk")
    m.send("correct horse")
    m.expect("The kept /var/lib/bluetooth can't be used")
    m.login()
    boot = boot_json(m)
    assert boot["owned"] and boot["openedBy"] == "password" and boot["homeMounted"] and not boot["publicPassword"]
    assert m.run("cat /etc/machine-id").strip() == ID
    assert "nosuid,nodev" in m.run("findmnt -no OPTIONS /home")
    assert "nosuid,nodev" in m.run("findmnt -no OPTIONS /var/log/journal")
    assert m.run("stat -c %a /run/atomos/state").strip() == "700"
    m.run("echo mine >/var/lib/NetworkManager/x && sync && cat /run/atomos/state/root/var/lib/NetworkManager/x")
    m.run("journalctl --flush && ls /run/atomos/state/root/var/log/journal")
    assert "running" in m.run("systemctl is-system-running --wait; systemctl --failed --no-legend")
