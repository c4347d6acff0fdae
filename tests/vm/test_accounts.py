# SPDX-License-Identifier: MIT
"""People on an owned machine: ways to log in, rights, passwords that tools change, and who opens the disk."""

import json
import re
import shlex
import subprocess

import pexpect
import pytest

import first_boot
import vm
from disks import make_medium

pytestmark = [pytest.mark.xdist_group("owner"), pytest.mark.long]
ANNA, FIRST = first_boot.USER, first_boot.OWNER_PASSWORD
BOB, BOBS = "bob", "four green kettles hum"
SECOND, THIRD, FOURTH = "nine quiet rivers bend", "two brass owls argue", "six patient tunnels"
OPENS = "A password or recovery key that opens the disk: "
PODMAN = '  environment.systemPackages = [ "podman" "uidmap" "dbus-user-session" ];\n'
PROMPT = re.compile(rb"[$#] ")


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A machine whose first start was answered, with a program for containers."""
    directory = tmp_path_factory.mktemp("accounts")
    return first_boot.Owned(make_medium(directory, PODMAN), directory)


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """Somebody's SSH key: the file of its private half."""
    path = tmp_path_factory.mktemp("key") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    return path


@pytest.fixture(scope="module")
def up(disk, key):
    """The machine, opened by its TPM, with anna's root shell on the console, and bob's account."""
    with vm.boot("accounts", disk.path, keep=disk.keep) as m:
        m.login(ANNA, FIRST)
        assert m.boot_json()["openedBy"] == "tpm"
        public = key.with_suffix(".pub").read_text().strip()
        m.run(f"echo {shlex.quote(public)} >/run/key.pub")
        m.run(f"NEWPASSWORD={shlex.quote(BOBS)} homectl --no-pager create {BOB} --enforce-password-policy=no --disk-size=256M"
              " --luks-discard=no --luks-offline-discard=no --rebalance-weight=off --auto-resize-mode=off --luks-pbkdf-type=pbkdf2"
              " --luks-pbkdf-force-iterations=1000 --ssh-authorized-keys=@/run/key.pub", 180)
        yield m


class Session(vm.Console):
    """A log-in by SSH with a terminal, by password or key."""

    def __init__(self, m, user, password=None, key=None):
        self.name = f"{m.name}-{user}"
        self.log = vm.LOGS / f"{self.name}.log"
        self.console = m.ssh_session("-tt", user=user, password=password, key=key, timeout=120)
        self.console.logfile_read = vm.Plain(open(self.log, "wb"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.console.close(force=True)

    def plain(self):
        """A shell without a prompt or an echo."""
        self.expect(PROMPT)
        self.shell()
        return self

    def converse(self, command, answers):
        """Runs a command and answers what it asks, in whatever order: a dict of patterns to texts or functions of the
        match. Returns status and output."""
        patterns = [re.compile(rb"@@(\d+)@@")] + [re.compile(p.encode()) for p in answers]
        self.send(f"{command}; echo @@$?@@")
        said = ""
        for _ in range(12):
            found = self.console.expect(patterns)
            said += self.console.before.decode(errors="replace") + self.console.after.decode(errors="replace")
            if found == 0:
                return int(self.console.match.group(1)), said.replace("\r", "")
            answer = list(answers.values())[found - 1]
            self.send(answer(self.console.match) if callable(answer) else answer)
        raise AssertionError(f"{command} goes on asking: {said}")


def opens(m, password):
    """Whether the disk opens with it."""
    device = "/dev/" + m.boot_json()["partition"]
    return m.run(f"printf %s {shlex.quote(password)} | cryptsetup open --test-passphrase --key-file - {device}; echo $?",
                 180).split()[-1] == "0"


def status(m):
    """The lines of `atomos status`, by name."""
    return {line["name"]: line for line in json.loads(m.run("atomos status --json"))["lines"]}


def slots(m):
    """Words by number."""
    return {s["slot"]: s["words"] for s in json.loads(m.run("atomos enroll list --json"))["slots"]}


def test_administrator(up):
    """The console's log-in has worked, and sudo."""
    assert "sudo" in up.run(f"id -nG {ANNA}").split()
    assert ANNA in up.run("getent group sudo").split(":")[3].split(",")
    assert "luks" in up.run(f"homectl --no-pager inspect {ANNA} | grep -i storage")
    assert not {"password", "slot"} & set(status(up))
    # Of the password and of the slot.
    assert len(up.run(f"cat /var/lib/atomos/slots/{ANNA}").split()) == 2
    assert up.ssh("id -un; pwd", user=ANNA, password=FIRST).split() == [ANNA, f"/home/{ANNA}"]


def test_other_user_has_no_rights(up):
    """Own home, no sudo, nobody else's files, no way to the disk."""
    with Session(up, BOB, BOBS).plain() as s:
        assert "sudo" not in s.dialog("id -nG")[1]
        code, said = s.dialog("sudo true", ("assword for bob: ", BOBS))
        assert code != 0 and "not in the sudoers" in said
        assert s.dialog(f"ls /home/{ANNA}")[0] != 0
        assert s.dialog("atomos enroll list")[0] == 1
        assert s.dialog("systemctl restart systemd-timesyncd </dev/null")[0] != 0


def test_su(up):
    with Session(up, ANNA, FIRST).plain() as s:
        code, said = s.dialog(f"su - {BOB} -c 'id -un; pwd'", ("assword", BOBS))
        assert code == 0 and f"/home/{BOB}" in said


def test_polkit(up):
    """Asks an administrator for the own password."""
    with Session(up, ANNA, FIRST).plain() as s:
        code, said = s.converse("systemctl restart systemd-timesyncd", {
            r"(\d)\. +Anna[^:]*Choose identity[^:]*: ": lambda match: match.group(1).decode(), "assword: ": FIRST})
        assert code == 0 and "AUTHENTICATION COMPLETE" in said, said


def test_ssh_key_of_the_record(up, key):
    """Opens the session; a home that is closed asks for its password there."""
    with Session(up, BOB, BOBS).plain():
        child = up.ssh_session("id -un", user=BOB, key=key, timeout=120)
        child.expect(pexpect.EOF)
        assert b"bob" in child.before.split(), child.before
    up.run(f"timeout 60 sh -c 'until homectl --no-pager inspect {BOB} | grep -q \"State: inactive\"; do sleep 1; done'", 120)
    # It keeps its room, or others could take it, and the next log-in would fail.
    size, blocks = up.run(f"stat -c '%s %b' /home/{BOB}.home").split()
    assert int(blocks) * 512 >= int(size)
    with Session(up, BOB, key=key) as s:
        s.expect("assword")
        s.send(BOBS)
        assert f"/home/{BOB}" in s.plain().dialog("pwd")[1]


def test_rootless_container(up):
    """Podman without rights: root inside is the user, and the other numbers are those of a homed user."""
    uid = int(up.run(f"id -u {ANNA}"))
    first = 1879048192 + (uid - 60001) * 65536
    with Session(up, ANNA, FIRST).plain() as s:
        code, said = s.dialog("mkdir -p c/bin c/dev c/etc c/proc c/run c/sys c/tmp && cp /bin/bash-static c/bin/sh && "
                              "podman run --rm --network none --rootfs $PWD/c /bin/sh -c "
                              "'echo number $UID; while read -r l; do echo map $l; done </proc/self/uid_map'")
        assert code == 0 and "number 0" in said, said
        ranges = sorted([int(n) for n in line.split()[1:]] for line in said.splitlines() if line.startswith("map"))
        assert ranges[0] == [0, uid, 1], said
        assert len(ranges) > 1 and all(first <= r[1] and r[1] + r[2] <= first + 65536 for r in ranges[1:]), said


def differs(up):
    up.run(f"timeout 60 sh -c 'until test -e /run/atomos/passwords/{ANNA}; do sleep 1; done'", 90)
    line = status(up)["password"]
    assert line["level"] == "yellow" and f"atomos passwd --mend {ANNA}" in line["words"]


def test_passwd_then_mended_with_the_older_password(up):
    with Session(up, ANNA, FIRST).plain() as s:
        code, said = s.converse("passwd", {"[Nn]ew password: ": SECOND, "(try again|[Cc]urrent password|assword for [^:]*|Password): ": FIRST})
        assert code == 0, said
    differs(up)
    assert opens(up, FIRST) and not opens(up, SECOND)
    with Session(up, ANNA, SECOND) as s:
        s.expect("Your password isn't the one that opens the disk")
        s.expect(f"Present password of {ANNA}: ")
        s.send("something else")
        s.expect(f"That isn't the password of {ANNA}.")
        s.send(SECOND)
        s.expect("The disk's password, or the recovery key: ")
        s.send("something else")
        s.expect("That doesn't open the disk.")
        s.send(FIRST)
        s.expect(f"The disk opens with the present password of {ANNA} now.")
        s.expect(PROMPT)
    assert "password" not in status(up)
    assert opens(up, SECOND) and not opens(up, FIRST)


def test_homectl_then_mended_with_the_recovery_key(up, disk):
    with Session(up, ANNA, SECOND).plain() as s:
        code, said = s.converse(f"homectl --no-pager passwd {ANNA}", {
            "enter new password for user[^:]*: ": THIRD, "enter (?:current |old )?password for user[^:]*: ": SECOND})
        assert code == 0, said
    differs(up)
    with Session(up, ANNA, THIRD) as s:
        s.expect(f"Present password of {ANNA}: ")
        s.console.sendintr()
        s.expect(PROMPT)
    with Session(up, ANNA, THIRD) as s:
        s.expect(f"Present password of {ANNA}: ")
        s.send(THIRD)
        s.expect("The disk's password, or the recovery key: ")
        s.send(disk.recovery.replace("-", " "))
        s.expect(f"The disk opens with the present password of {ANNA} now.")
        s.expect(PROMPT)
    assert "password" not in status(up)
    assert opens(up, THIRD) and not opens(up, SECOND)


def test_atomos_passwd_changes_both(up):
    code, said = up.dialog(f"atomos passwd {ANNA}", (f"Present password of {ANNA}: ", "wrong"),
                           (f"Present password of {ANNA}: ", THIRD), ("New password: ", FOURTH), ("New password again: ", FOURTH))
    assert code == 0, said
    assert opens(up, FOURTH) and not opens(up, THIRD)
    with Session(up, ANNA, FOURTH) as s:
        s.expect(PROMPT)
        assert b"Your password" not in s.console.before
    assert "password" not in status(up)


def test_open_home_is_left_alone(up):
    """The copy of its header was made after the change; another one isn't put back while homed may be writing there."""
    copy, home = f"/var/lib/atomos/homes/{ANNA}", f"/home/{ANNA}.home"
    header = f"dd if={home} bs=1M count=17 status=none | sha256sum"
    with Session(up, ANNA, FOURTH) as s:
        s.expect(PROMPT)
        assert up.run(f"dd if={home} bs=1M skip=1 count=16 status=none | cmp - {copy}") == ""
        before = up.run(header)
        # As if its slot had been wiped since the copy was made.
        up.run(f"cp {copy} /run/copy; printf x | dd of={copy} bs=1 seek=40000 conv=notrunc status=none")
        assert up.run("atomos passwd --restore; atomos passwd --check") == "" and up.run(header) == before
        up.run(f"mv /run/copy {copy}")


def test_slot_changed_by_another_tool(up):
    """Root gives anna's slot another password: noted at once, without an end of noting, and mended by that password."""
    up.run(f"printf %s {shlex.quote(FOURTH)} >/run/old; printf %s {shlex.quote(FIRST)} >/run/new")
    up.run(f"cryptsetup luksChangeKey -q --key-file /run/old /dev/{up.boot_json()['partition']} /run/new && rm /run/old /run/new", 180)
    assert opens(up, FIRST) and not opens(up, FOURTH)
    differs(up)
    up.listen(10)
    looked = up.run("systemctl show -P InvocationID atomos-passwords")
    up.listen(10)
    assert up.run("systemctl show -P InvocationID atomos-passwords") == looked
    with Session(up, ANNA, FOURTH) as s:
        s.expect(f"Present password of {ANNA}: ")
        s.send(FOURTH)
        s.expect("The disk's password, or the recovery key: ")
        s.send(FIRST)
        s.expect(f"The disk opens with the present password of {ANNA} now.")
        s.expect(PROMPT)
    assert "password" not in status(up)
    assert opens(up, FOURTH) and not opens(up, FIRST)


def test_enroll_list(up):
    assert sorted(slots(up).values()) == ["the TPM of this machine", f"the password of {ANNA}", "the recovery key"]
    assert re.search(rf"^\d  the password of {ANNA}$", up.run("atomos enroll list"), re.M)


def test_enroll_password_and_remove(up):
    before = slots(up)
    code, said = up.dialog(f"atomos enroll password {BOB}", (OPENS, "wrong"), (OPENS, FOURTH),
                           ("Password that bob logs in with: ", "kettle"), ("Password that bob logs in with: ", BOBS))
    assert code == 0 and "That doesn't open the disk." in said and "That isn't the password of bob." in said
    added = set(slots(up)) - set(before)
    assert len(added) == 1 and opens(up, BOBS)
    number = added.pop()
    line = status(up)["slot"]
    assert line["level"] == "yellow" and f"the password of {BOB}, who is no administrator" in line["words"]
    assert f"sudo atomos enroll remove {number}" in line["words"]
    stays = "A password or recovery key that opens the disk and stays: "
    code, said = up.dialog(f"atomos enroll remove {number}", (stays, BOBS))
    assert code == 1 and "opens only the slot which is to be removed" in said and opens(up, BOBS)
    code, said = up.dialog(f"atomos enroll remove {number}", (stays, "a"), (stays, "b"), (stays, "c"))
    assert code == 1 and "Nothing that opens the disk was typed" in said and opens(up, BOBS)
    code, said = up.dialog("atomos enroll remove 31")
    assert code == 1 and "The disk has no slot 31" in said
    code, said = up.dialog(f"atomos enroll remove {number}", (stays, FOURTH))
    assert code == 0 and slots(up) == before and not opens(up, BOBS) and "slot" not in status(up)


def test_enroll_recovery(up, disk):
    def ask(answer):
        up.send("atomos enroll recovery; echo @@$?@@")
        up.expect(OPENS)
        up.send(FOURTH)
        up.expect(re.compile(rb"\s([a-z]{8}(?:-[a-z]{8}){7})\s"))
        new = up.console.match.group(1).decode()
        up.expect(re.compile(rb"Its group (\d) \(of 8\): "))
        up.send(answer or new.split("-")[int(up.console.match.group(1)) - 1])
        up.expect(re.compile(rb"@@(\d+)@@"), 120)
        return new, up.console.match.group(1), up.console.before

    new, code, said = ask("abcdefgh")
    assert code == b"1" and b"nothing was changed" in said and opens(up, disk.recovery) and not opens(up, new)
    new, code, _ = ask(None)
    assert code == b"0" and opens(up, new) and not opens(up, disk.recovery)
    assert list(slots(up).values()).count("the recovery key") == 1


def test_enroll_tpm(up, disk):
    """Its slot goes; the next start asks twice, tells the TPM anew, and the one after that asks nothing."""
    code, said = up.dialog("atomos enroll tpm", (OPENS, FOURTH))
    assert code == 0 and "The next start asks for a password" in said
    assert "the TPM of this machine" not in slots(up).values()
    up.send("systemctl poweroff")
    up.wait_off(180)
    with vm.boot("accounts-tpm", disk.path, keep=disk.keep) as m:
        m.expect("Password for this AtomOS disk")
        m.send(FOURTH)
        m.expect("asked that the TPM opens this disk. Type yes")
        m.send("yes")
        m.expect("Telling the TPM to open this disk.")
        m.expect("Verifying and copying the system 10 %")
    with vm.boot("accounts-again", disk.path, keep=disk.keep) as m:
        assert m.expect(["Password for this AtomOS disk", "Verifying and copying the system 10 %"]) == 1
