# SPDX-License-Identifier: MIT
"""atomos run, as somebody types it on a terminal."""

import glob
import os
import re
import signal
import socket
import subprocess
import time

import pexpect
import pytest

import first_boot
import vm

pytestmark = pytest.mark.xdist_group("run")
DOWN = "\x1b[B"
PROGRAM = os.environ["ATOMOS_LIB"] + "/atomos"


@pytest.fixture
def own(image, tmp_path):
    """A copy of the image that the machine may write to."""
    path = tmp_path / "own, with a comma.img"
    subprocess.run(["cp", "--reflink=auto", "--sparse=always", image, path], check=True)
    return path


def refused(*arguments):
    result = subprocess.run([PROGRAM, "run", *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode in (1, 2) and result.stdout == ""
    return result.stderr


def gone(number):
    """Waits until a process has ended (one that nobody waits for counts as ended)."""
    for _ in range(50):
        try:
            with open(f"/proc/{number}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def children(number):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(number)], capture_output=True, text=True).stdout.split()
    return [int(n) for n in found]


def test_boots_and_is_left_with_ctrl_a_x(own):
    arguments = ["run", "--keys", str(vm.keys()), "--memory", "1G", "--disk", "64", str(own)]
    child = pexpect.spawn(PROGRAM, arguments, timeout=vm.BOOT * vm.PATIENCE)
    child.logfile_read = open(vm.LOGS / "run.log", "wb")
    try:
        child.expect(r"1024 MiB, with Secure Boot, with TPM")
        child.expect(r"ssh -p (\d+)")
        port = int(child.match.group(1))
        child.expect("Leave: Ctrl-a x")
        # Ours, so the firmware has accepted the loader and that the boot image.
        child.expect(r"Verifying and copying")
        with socket.create_connection(("127.0.0.1", port), 10):
            pass
        running = children(child.pid)
        assert len(running) == 1
        child.send("\x01x")
        child.expect(pexpect.EOF, timeout=30)
    finally:
        child.close(force=True)
    assert child.exitstatus == 0
    assert all(gone(n) for n in running)
    names = sorted(p.name.removeprefix(own.name) for p in own.parent.iterdir())
    assert names == ["", ".disk", ".tpm", ".vars"]
    assert (own.parent / f"{own.name}.disk").stat().st_size == 64 << 20
    assert any((own.parent / f"{own.name}.tpm").iterdir())


class Typist(vm.Console):
    """Somebody who types `atomos run` at a terminal, and then in the machine."""

    def __init__(self, name, *arguments):
        self.name, self.log = name, vm.LOGS / f"{name}.log"
        self.console = pexpect.spawn(PROGRAM, ["run", "--keys", str(vm.keys()), *map(str, arguments)],
                                     timeout=vm.BOOT * vm.PATIENCE, dimensions=(24, 80))
        self.console.logfile_read = vm.Plain(open(self.log, "wb"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.console.close(force=True)

    def log_in(self, user, password):
        """As a person does, who keeps their shell."""
        for question, line in (("login: ", user), ("Password: ", password)):
            self.expect(question)
            self.listen(0.5 * vm.PATIENCE)
            self.send(line)
        self.expect(re.compile(rb"[$#] "))

    def sudo(self, command, user, password):
        self.send(f"sudo {command}")
        self.expect(f"assword for {user}: ")
        self.send(password)


@pytest.mark.long
def test_try_the_installation(tmp_path):
    """As the README says it: the medium with an empty disk, and then the disk alone, which becomes somebody's."""
    readme = (vm.TOP / "README.md").read_text()
    for command in ("./atomos image --configuration examples/medium -o build/medium.img\n",
                    "./atomos run --disk 8G build/medium.img ", "./atomos run build/medium.img.disk "):
        assert command in readme
    own = tmp_path / "medium.img"
    subprocess.run([PROGRAM, "image", "--configuration", vm.TOP / "examples/medium", "-o", own], check=True)
    anna = first_boot.USER, first_boot.OWNER_PASSWORD
    with Typist("try-medium", "--disk", "8G", own) as t:
        t.expect("Try it")
        t.listen(2)
        t.console.send(DOWN)
        t.listen(1)
        t.send()
        t.expect("Where to install")
        t.send()
        t.expect(re.compile(rb"Name of the disk \((\w+)\)"))
        t.send(t.console.match.group(1).decode())
        t.expect("Please wait")
        t.expect("Switch off", 900)
        t.send()
        t.wait_off(180)
    with Typist("try-disk", own.parent / f"{own.name}.disk") as t:
        t.expect("Telling the TPM to open this disk.")
        first_boot.answer(t, *anna)
        t.log_in(*anna)
        t.sudo("poweroff", *anna)
        t.wait_off(180)
    with Typist("try-again", own.parent / f"{own.name}.disk") as t:
        assert t.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 1
        t.log_in(*anna)
        t.sudo("atomos status", *anna)
        t.expect("opened the disk: nothing has changed")
        t.console.send("\x01x")
        t.wait_off(60)


@pytest.fixture
def instead_of_qemu(tmp_path, monkeypatch):
    """Puts a script in the place of QEMU."""
    def put(script):
        qemu = tmp_path / "bin" / "qemu-system-x86_64"
        qemu.parent.mkdir()
        qemu.write_text(f"#!/bin/sh\n{script}\n")
        qemu.chmod(0o755)
        monkeypatch.setenv("PATH", f"{qemu.parent}:{os.environ['PATH']}")
    return put


def test_the_machine_stays_what_it_was(own, instead_of_qemu):
    """A second start finds the firmware's variables, the TPM and the disk of the first."""
    instead_of_qemu("exit 0")
    command = [PROGRAM, "run", "--keys", str(vm.keys()), "--disk", "1", str(own)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    kept = [own.parent / f"{own.name}.{name}" for name in ("vars", "tpm/state", "disk")]
    for path in kept:
        with open(path, "ab") as f:
            f.write(b"of the first start")
    before = {path: path.read_bytes() for path in kept}
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert {path: path.read_bytes() for path in kept} == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_killed(own, instead_of_qemu, number):
    """Who ends it from outside leaves nothing running and nothing in /tmp."""
    instead_of_qemu("echo it runs\nexec sleep 1000")
    before = {*glob.glob("/tmp/atomos-run.*")}
    child = pexpect.spawn(PROGRAM, ["run", "--keys", str(vm.keys()), str(own)], timeout=60 * vm.PATIENCE)
    try:
        child.expect("it runs")
        new = {*glob.glob("/tmp/atomos-run.*")} - before
        assert len(new) == 1
        running = [*children(child.pid), int(open(f"{new.pop()}/pid").read())]
        assert len(running) == 2
        child.kill(number)
        child.expect("Ended by a signal")
        child.expect(pexpect.EOF)
    finally:
        child.close(force=True)
    assert child.exitstatus == 1
    assert all(gone(n) for n in running)
    assert {*glob.glob("/tmp/atomos-run.*")} == before


def test_missing_image(tmp_path):
    said = refused(tmp_path / "none.img")
    assert "There is no image" in said and "atomos image -o" in said


def test_not_an_image(tmp_path):
    (tmp_path / "zeros.img").write_bytes(bytes(1 << 20))
    assert "isn't an image of AtomOS" in refused(tmp_path / "zeros.img")


def test_no_keys(image, tmp_path):
    said = refused("--keys", tmp_path, image)
    assert "--keys" in said and "--no-secure-boot" in said


def test_port_is_taken(image):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        said = refused("--keys", vm.keys(), "--ssh-port", port, image)
    assert f"Port {port} is taken" in said


@pytest.mark.parametrize("size", ["0", "x", "12T", "-1", "", "99999999999999999999", "100"])
def test_sizes(image, size):
    assert "--memory" in refused(f"--memory={size}", image)
