# SPDX-License-Identifier: MIT
"""A virtual machine for tests: QEMU with OVMF's Secure Boot, swtpm, a serial console to read."""

import fcntl
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pexpect

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
LOGS = BUILD / "vm-logs"
WORK = BUILD / "vm"
OVMF = Path("/usr/share/OVMF")
# Where the programs of the clone find themselves, as ./atomos says it to them.
for variable, value in (("ATOMOS_LIB", BUILD / "lib"), ("ATOMOS_SHARE", TOP), ("ATOMOS_KEYS", BUILD / "keys")):
    os.environ.setdefault(variable, str(value))
# Emulated and on a busy machine everything takes longer; one knob for all waits.
PATIENCE = float(os.environ.get("ATOMOS_TEST_PATIENCE", "1"))
# A stall of this long on the console is never normal, whatever is waited for.
BOOT = 240
ESCAPES = re.compile(rb"\x1b(\[[0-9;?=!]*[a-zA-Z]|[()][0-9A-Za-z]|[=>78c]|\][^\x07]*\x07)")


def keys():
    """The vendor's key directory of the image under test."""
    return Path(os.environ.get("ATOMOS_KEYS", BUILD / "keys"))


def enrolled_variables(directory, heeded=True):
    """Firmware variables with these keys, heeded or switched off, made once for each set of keys."""
    certificate = (directory / "db.crt").read_bytes()
    name = WORK / f"vars-{hashlib.sha256(certificate).hexdigest()[:16]}{'' if heeded else '-unheeded'}.fd"
    if name.exists():
        return name
    WORK.mkdir(parents=True, exist_ok=True)
    guid = (directory / "owner-guid").read_text().strip()
    with tempfile.NamedTemporaryFile(dir=WORK, delete=False) as new:
        subprocess.run(
            ["virt-fw-vars", "--input", OVMF / "OVMF_VARS_4M.fd", "--output", new.name]
            + ["--set-pk", guid, directory / "PK.crt", "--add-kek", guid, directory / "KEK.crt"]
            + ["--add-db", guid, directory / "db.crt"]
            + (["--secure-boot"] if heeded else ["--set-false", "SecureBootEnable"]),
            check=True,
            capture_output=True,
        )
    os.rename(new.name, name)
    return name


def overlay(image, path):
    """A file that reads as the image and takes all writes itself."""
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", Path(image).resolve(), path],
        check=True,
    )
    return path


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def has_kvm():
    """Whether there is a KVM with system management mode, as atomos run asks."""
    try:
        with open("/dev/kvm", "r+b", buffering=0) as kvm:
            return fcntl.ioctl(kvm, 0xAE03, 117) > 0  # KVM_CHECK_EXTENSION, KVM_CAP_X86_SMM
    except OSError:
        return False


# Linux counts the emulated timer's ticks early in its start: where QEMU itself had no processor meanwhile there were too few,
# and it stands still.
NO_TICKS = re.compile(rb"8254 timer not connected to IO-APIC")
STARTS = 3


class Console:
    """What is said and typed on a serial console.

    name         for the words of a failure
    console      pexpect's child
    log          the file that its `logfile_read` writes to
    """

    def expect(self, text, timeout=BOOT):
        """Waits for a text (or compiled pattern, or a list: returns the index) on the console."""
        patterns = text if isinstance(text, list) else [text]
        patterns = [p if hasattr(p, "search") else re.compile(re.escape(p).encode()) for p in patterns]
        try:
            for _ in range(STARTS):
                if (found := self.console.expect([*patterns, NO_TICKS], timeout=timeout * PATIENCE)) < len(patterns):
                    return found
                self.start_anew()
        except (pexpect.TIMEOUT, pexpect.EOF) as failure:
            how = "ended" if isinstance(failure, pexpect.EOF) else f"said nothing of the kind in {timeout * PATIENCE:.0f} s"
            raise AssertionError(f"{self.name}: waited for {text!r}; the machine {how}\n{self.tail()}") from None
        raise AssertionError(f"{self.name}: the emulated timer had no processor in {STARTS} starts\n{self.tail()}")

    def start_anew(self):
        """Resets a machine whose emulation has failed, not what is tested."""
        raise AssertionError(f"{self.name}: the emulated timer had no processor\n{self.tail()}")

    def send(self, line=""):
        """Types a line."""
        self.console.send(line.encode() + b"\r")

    def listen(self, seconds):
        """Reads the console for so long, or until the machine ends."""
        try:
            self.console.expect(re.compile(b"(?!)"), timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass

    def said(self):
        """All that came over the console so far, without terminal sequences."""
        self.listen(0.1)
        return self.log.read_text(errors="replace")

    def tail(self, lines=40):
        """The last lines of the console."""
        return "\n".join(self.said().splitlines()[-lines:])

    def wait_off(self, timeout=60):
        """Waits until the machine has switched itself off, and returns what it said."""
        try:
            self.console.expect(pexpect.EOF, timeout=timeout * PATIENCE)
        except pexpect.TIMEOUT:
            raise AssertionError(f"{self.name} didn't switch off\n{self.tail()}") from None
        said = self.said()
        assert "Failed unmounting" not in said, self.tail(80)
        return said

    def login(self, user="atom", password="atom", root=True):
        """Logs in at the prompt and leaves a plain shell for run(), root's unless root=False."""
        self.expect("login: ")
        self.send(user)
        self.expect("Password: ", 60)
        # PAM drops what came before it was ready, which is just after it has asked.
        self.listen(0.5 * PATIENCE)
        self.send(password)
        self.expect(re.compile(rb"[$#] "), 60)
        self.shell(password if root else None)

    def shell(self, password=None):
        """A plain shell for run() in place of the one that is there; root's with sudo's password."""
        self.send("exec sudo -S -p sudo-password: sh" if password else "exec sh")
        if password:
            self.expect(re.compile(rb"\n.*sudo-password:"), 60)
            self.send(password)
        self.send("export PAGER=cat PS1= PS2=; stty -echo cols 1000; echo shell-is-$((40 + 2))")
        self.expect("shell-is-42", 60)

    def run(self, command, timeout=60, check=True):
        """Runs a command in the shell of login(); returns what it printed."""
        self.send(f"{{ {command}\n}} 2>&1 </dev/null; echo @@$?@@")
        self.expect(re.compile(rb"@@(\d+)@@"), timeout)
        status = int(self.console.match.group(1))
        output = ESCAPES.sub(b"", self.console.before).decode(errors="replace").replace("\r", "").strip("\n")
        assert not check or status == 0, f"{self.name}: {command!r} ended with {status}:\n{output}"
        return output

    def boot_json(self, run=None):
        """What the boot has left about itself."""
        return json.loads((run or self.run)("cat /run/atomos/boot.json"))

    def dialog(self, command, *answers, timeout=120):
        """Runs a command that asks: answers are pairs of what is asked and what is typed. Returns status and output."""
        self.send(f"{command}; echo @@$?@@")
        said = b""
        for asked, typed in answers:
            self.expect(asked, timeout)
            said += self.console.before
            self.send(typed)
        self.expect(re.compile(rb"@@(\d+)@@"), timeout)
        said += self.console.before
        return int(self.console.match.group(1)), ESCAPES.sub(b"", said).decode(errors="replace").replace("\r", "")


class Machine(Console):
    """One machine. Use as a context manager; it boots on entry and is gone on exit.

    image        file of the medium, never written to; None: no medium
    tpm          whether there is one; or the word at which it falls silent, see mute_tpm.py
    secure_boot  firmware with our keys that refuses everything else; "off": that has them and refuses nothing; False: that
                 knows nothing of it
    smbios       strings of SMBIOS type 11, e.g. "io.systemd.stub.kernel-cmdline-extra=x"
    drives       further images, each with a writable overlay
    bus          how the medium is attached: "virtio", "usb", "cdrom"
    rate         bytes a second that the medium gives at most; None: what it can
    keep         a directory for what a machine keeps: firmware variables and TPM; with it the image itself is
                 written to. The next machine with this directory is the same one, started again
    extra        further arguments for QEMU
    """

    def __init__(self, name, image, *, tpm=True, secure_boot=True, memory=2048, smbios=(),
                 drives=(), bus="virtio", rate=None, extra=(), network=True, keep=None):
        self.name = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
        # Off for tests that must fail without it: see tests/attacks.
        secure_boot = False if "ATOMOS_TEST_NO_SECURE_BOOT" in os.environ else secure_boot
        self.image, self.tpm, self.secure_boot, self.memory = image, tpm, secure_boot, memory
        self.smbios, self.drives, self.bus, self.extra = list(smbios), list(drives), bus, list(extra)
        self.network, self.rate, self.keep = network, rate, keep
        self.ssh_port = free_port() if network else None
        self.console = self.directory = self.swtpm = None
        self.log = LOGS / f"{self.name}.log"

    # -- life ------------------------------------------------------------------------------

    def __enter__(self):
        WORK.mkdir(parents=True, exist_ok=True)
        LOGS.mkdir(parents=True, exist_ok=True)
        # Short: the path of a socket has 107 bytes at most.
        self.directory = Path(tempfile.mkdtemp(prefix="atomos-vm-", dir="/tmp"))
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and self.console is not None:
            print(f"--- end of {self.log} ---\n{self.tail()}")
        if self.console is not None:
            # A machine of gigabytes takes a moment to end.
            self.console.kill(signal.SIGKILL)
            if self.console.isalive():
                self.console.wait()
            self.console.close()
        if self.swtpm is not None and self.swtpm.poll() is None:
            self.swtpm.terminate()
            self.swtpm.wait()
        if self.directory is not None:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self):
        arguments = self._machine() + self._medium() + self._network()
        if self.tpm:
            arguments += self._tpm()
        for number, drive in enumerate(self.drives):
            file = overlay(drive, self.directory / f"drive{number}.qcow2")
            arguments += ["-drive", f"file={file},if=none,id=drive{number},format=qcow2,cache=unsafe"]
            arguments += ["-device", f"virtio-blk-pci,drive=drive{number},serial=drive{number}"]
        for text in self.smbios:
            arguments += ["-smbios", f"type=11,value={text.replace(',', ',,')}"]
        arguments += self.extra
        log = open(self.log, "wb")
        self.console = pexpect.spawn(
            "qemu-system-x86_64", [str(a) for a in arguments], timeout=BOOT * PATIENCE, echo=False,
        )
        self.console.logfile_read = Plain(log)

    def _machine(self):
        code = "OVMF_CODE_4M.secboot.fd" if self.secure_boot else "OVMF_CODE_4M.fd"
        # Each firmware has its own, whoever shares `keep`.
        state = {True: "on", False: "without", "off": "off"}[self.secure_boot]
        variables = (self.keep or self.directory) / f"vars-{state}.fd"
        if not variables.exists():
            enrolled = enrolled_variables(keys(), self.secure_boot is True) if self.secure_boot else None
            shutil.copy(enrolled or OVMF / "OVMF_VARS_4M.fd", variables)
        kvm = has_kvm()
        arguments = ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-vga", "none"]
        arguments += ["-serial", "stdio", "-smp", os.environ.get("ATOMOS_TEST_CPUS", "2"), "-m", str(self.memory)]
        arguments += ["-machine", f"q35,smm={'on' if self.secure_boot else 'off'}"]
        arguments += ["-accel", "kvm", "-cpu", "host"] if kvm else ["-accel", "tcg,thread=multi", "-cpu", "max,-erms,-fsrm"]
        if self.secure_boot:
            arguments += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        arguments += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={OVMF / code}"]
        arguments += ["-drive", f"if=pflash,unit=1,format=raw,file={variables}"]
        arguments += ["-qmp", f"unix:{self.directory / 'qmp'},server=on,wait=off"]
        return arguments + ["-device", "virtio-rng-pci"]

    def _medium(self):
        if self.image is None:
            return []
        kind = "raw" if self.keep else "qcow2"
        file = self.image if self.keep else overlay(self.image, self.directory / "medium.qcow2")
        throttle = f",throttling.bps-total={self.rate}" if self.rate else ""
        arguments = ["-drive", f"file={file},if=none,id=medium-drive,format={kind},cache=unsafe{throttle}"]
        # Behind a port of its own, so that it can be pulled.
        port = ["-device", "pcie-root-port,id=medium-port,chassis=1,slot=1"]
        return arguments + {
            "virtio": port + ["-device", "virtio-blk-pci,id=medium,bus=medium-port,drive=medium-drive,serial=medium,bootindex=1"],
            "usb": ["-device", "qemu-xhci,id=usb", "-device", "usb-storage,id=medium,bus=usb.0,drive=medium-drive,serial=medium,bootindex=1"],
            "cdrom": ["-device", "ahci,id=ahci", "-device", "ide-cd,id=medium,bus=ahci.0,drive=medium-drive,bootindex=1"],
        }[self.bus]

    def _network(self):
        if not self.network:
            return []
        return ["-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22",
                "-device", "virtio-net-pci,netdev=net,romfile="]

    def _tpm(self):
        state, path = (self.keep or self.directory) / "tpm", self.directory / "tpm.sock"
        state.mkdir(exist_ok=True)
        self.swtpm = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--ctrl", f"type=unixio,path={path}", "--terminate"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10 * PATIENCE
        while not path.exists():
            assert time.monotonic() < deadline and self.swtpm.poll() is None, "swtpm doesn't start"
            time.sleep(0.02)
        if isinstance(self.tpm, str):
            path = self._mute_at(self.tpm, path, deadline)
        return ["-chardev", f"socket,id=tpm,path={path}", "-tpmdev", "emulator,id=tpm,chardev=tpm",
                "-device", "tpm-crb,tpmdev=tpm"]

    def tpm_heard(self):
        """When the TPM heard the word that it listens to (seconds as of time.time()), or None."""
        file = self.directory / "mute.sock.heard"
        return file.stat().st_mtime if file.exists() else None

    def _mute_at(self, word, swtpm, deadline):
        """Puts a proxy before swtpm that falls silent when PCRs are extended with this word."""
        path = self.directory / "mute.sock"
        self.mute = subprocess.Popen([sys.executable, Path(__file__).with_name("mute_tpm.py"), path, swtpm, word])
        while not path.exists():
            assert time.monotonic() < deadline and self.mute.poll() is None, "the TPM's proxy doesn't start"
            time.sleep(0.02)
        return path

    # -- from outside ----------------------------------------------------------------------

    def qmp(self, command, **arguments):
        """One QMP command; returns its result."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(str(self.directory / "qmp"))
            stream = s.makefile("rw")
            stream.readline()
            for request in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                stream.write(json.dumps(request) + "\n")
                stream.flush()
                answer = json.loads(stream.readline())
                while "event" in answer:
                    answer = json.loads(stream.readline())
                assert "error" not in answer, f"QMP {command}: {answer['error']['desc']}"
        return answer["return"]

    def start_anew(self):
        self.qmp("system_reset")

    def wait_for(self, status, timeout):
        """Waits until the machine is what QEMU calls so, as "suspended"."""
        end = time.monotonic() + timeout * PATIENCE
        while (is_now := self.qmp("query-status")["status"]) != status:
            assert time.monotonic() < end, f"{self.name}: is {is_now}, not {status}\n{self.tail()}"
            time.sleep(0.5)

    def press(self, *keys):
        """Presses keys of the machine's own keyboard, named as on an American one."""
        for key in keys:
            self.qmp("send-key", keys=[{"type": "qcode", "data": key}])
            # As long as QEMU holds a key down.
            time.sleep(0.15)

    def pull_medium(self):
        """Takes the medium out, as a hand takes out a stick."""
        self.qmp("device_del", id="medium")

    def bytes_read(self):
        """Bytes that the machine has read from the medium so far."""
        for device in self.qmp("query-blockstats"):
            if "medium" in (device.get("qdev") or "") or device.get("device") == "medium-drive":
                return device["stats"]["rd_bytes"]
        raise AssertionError("there is no medium")

    def ssh_session(self, *command, user="atom", password="atom", key=None, timeout=60):
        """A log-in over SSH with a password: pexpect's child, the password just sent. Or with a key: its file."""
        how = ["-i", str(key), "-o", "PreferredAuthentications=publickey"] if key else [
            "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]
        child = pexpect.spawn(
            "ssh",
            ["-p", str(self.ssh_port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
            + ["-o", "LogLevel=ERROR", *how, f"{user}@127.0.0.1", *command],
            timeout=timeout * PATIENCE,
        )
        if key:
            return child
        assert child.expect(["assword: ", pexpect.EOF]) == 0, f"ssh: {child.before!r}"
        child.sendline(password)
        return child

    def ssh(self, command, **options):
        """Runs a command over SSH with a password; returns what it printed."""
        child = self.ssh_session(command, **options)
        child.expect(pexpect.EOF)
        child.close()
        output = child.before.decode(errors="replace").replace("\r", "").strip("\n")
        assert child.exitstatus == 0, f"ssh: {command!r} ended with {child.exitstatus}:\n{output}"
        return output

    def ssh_root(self, command):
        """As ssh(), as root by sudo; nothing of what goes wrong is seen."""
        return self.ssh(f"echo atom | sudo -S -p '' sh -c {shlex.quote(command)} 2>/dev/null", timeout=120)


class Plain:
    """A log file without terminal sequences."""

    def __init__(self, file):
        self.file, self.rest = file, b""

    def write(self, data):
        self.rest += data
        # A sequence may be cut between two writes: keep what could still become one.
        cut = self.rest.rfind(b"\x1b")
        done = len(self.rest) if cut < 0 or len(self.rest) - cut > 64 or ESCAPES.match(self.rest, cut) else cut
        self.file.write(ESCAPES.sub(b"", self.rest[:done]).replace(b"\r", b""))
        self.rest = self.rest[done:]

    def flush(self):
        self.file.flush()


def boot(name, image, **options):
    """with boot("name", image) as m: …"""
    return Machine(name, image, **options)
