# SPDX-License-Identifier: MIT
"""A remix as somebody makes it: the ten commands of docs/remix.md, with three lines changed, and a
boot. No file of the project is touched, and the keys are the remix's own."""

import json
import os
import re
import subprocess

import pytest

import vm

pytestmark = [pytest.mark.xdist_group("remix"), pytest.mark.first]
PROGRAM = os.environ["ATOMOS_LIB"] + "/atomos"
CHANGES = {
    '    "nano"\n': '    "nano" "debsums"\n',
    "  services.openssh.enable = true;\n":
        '  services.openssh.enable = true; systemd.services.hello = { wantedBy = [ "multi-user.target" ]; '
        'script = "echo hello-from-the-remix"; }; swapDevices = [ { device = "/dev/disk/by-id/virtio-drive0"; } ];\n',
    "  users.users.me = {\n": "  users.users.ann = {\n",
}


def atomos(*arguments):
    result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, f"atomos {' '.join(map(str, arguments))}: {result.stderr}"
    return result.stdout


def edit(directory):
    """What stands for $EDITOR."""
    # The lock of the time before the change makes the added package a second layer.
    atomos("lock", "--configuration", directory)
    conf = directory / "configuration.nix"
    text = conf.read_text()
    for line, new in CHANGES.items():
        assert text.count(line) == 1
        text = text.replace(line, new)
    conf.write_text(text)


def ten_commands(home):
    """Runs the commands of the manual, but the one that boots."""
    block = re.search(r"```\n(atomos new .*?)```", (vm.TOP / "docs/remix.md").read_text(), re.S).group(1)
    commands = [line.split("   #")[0].strip() for line in block.splitlines()]
    assert len(commands) == 10
    environment = {**os.environ, "HOME": str(home), "PATH": f"{os.environ['ATOMOS_LIB']}:{os.environ['PATH']}"}
    for command in commands:
        if command.startswith("$EDITOR"):
            edit(home / "mine")
        elif not command.startswith("atomos run"):
            result = subprocess.run(["/bin/sh", "-euc", command], cwd=home, env=environment, capture_output=True,
                                    text=True, stdin=subprocess.DEVNULL)
            assert result.returncode == 0, f"{command}: {result.stderr}"


def test_ten_commands_and_three_lines(tmp_path, monkeypatch):
    directory, keys, image = tmp_path / "mine", tmp_path / "mine/keys", tmp_path / "mine.img"
    ten_commands(tmp_path)
    assert "keys" not in subprocess.run(["git", "-C", directory, "ls-files"], capture_output=True, text=True, check=True).stdout
    image.unlink()
    made = json.loads(atomos("image", "--json", "--configuration", directory, "--keys", keys, "-o", image))
    assert made["made"] and made["bytes"] == image.stat().st_size
    built = json.loads(atomos("build", "--json", "--configuration", directory, "--keys", keys))
    assert (built["system"], built["product"]) == (made["system"], "my-system")
    assert built["signed"] and not built["built"]
    # The clone's key, which ATOMOS_KEYS names until here, has no say about the remix.
    other = subprocess.run([PROGRAM, "verify", "--keys", vm.keys(), image], capture_output=True, text=True)
    assert other.returncode == 1 and "signed" in other.stderr, other.stderr
    monkeypatch.setenv("ATOMOS_KEYS", str(keys))
    (tmp_path / "swap").write_bytes(bytes(64 << 20))
    with vm.boot("remix", image, drives=[tmp_path / "swap"]) as m:
        m.login("ann", "change me")
        name = (keys / "nix-public-key").read_text().split(":")[0]
        assert re.findall(r"paths, .*, signed by (\S+)", m.said()) == [name]
        assert m.run("cat /etc/hostname") == "my-system"
        assert "NAME=\"my-system" in m.run("cat /etc/os-release").replace("PRETTY_", "")
        assert m.run("dpkg --audit") == ""
        # The disk's swap, behind a key that was made at this boot.
        assert m.run("lsblk -nro TYPE $(swapon --show=NAME --noheadings | grep -v zram)").split() == ["crypt"]
        # debsums reads every installed file: what differs are conffiles that the configuration writes.
        written = m.run("cd /nix/var/nix/profiles/system/files && find . -type f -printf '/%P\\n'").split()
        said = m.run("debsums --all --silent", 300, check=False)
        assert set(re.findall(r"/\S+", said)) <= set(written), said
        m.run("debsums --silent nano")
        assert "hello-from-the-remix" in m.run("journalctl -b -u hello -o cat --no-pager")
        assert m.run("od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-*").strip() == "1"
        assert "sudo" in m.run("id -nG ann").split()
