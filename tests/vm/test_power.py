# SPDX-License-Identifier: MIT
"""Starts machines with disks as power cuts have left them. tests/system/test_power.py judges all states of installations
and of a first start without a machine; all of a real one, with homed's account in it, and of a password that is changed there, are
judged here."""

import os
import re

import pytest

import changing
import first_boot
import judge
import powerlog
import recording
import starting
import tamper
import vm

pytestmark = [pytest.mark.xdist_group("power"), pytest.mark.long]
SUPERBLOCK = 64 << 10
SEED = int(os.environ.get("ATOMOS_TEST_SEED", "1"))


def test_interrupted_installation_says_so(image, medium, machine, tmp_path):
    """The last state before the switch."""
    directory = recording.recorded("over-gpt", image, medium)
    replay, _ = powerlog.last(powerlog.Log(directory / "log"), directory / "base", tmp_path / "disk",
                              lambda path: judge.Table(path).find(judge.UNFINISHED))
    m = machine(image=replay.path)
    m.expect("The installation onto this disk")
    m.expect("was interrupted: start the medium again")
    replay.close()


def test_first_table_torn(image, medium, machine, tmp_path):
    """Everything was written, but the first table isn't whole: it starts by the second one."""
    path = recording.installed(image, medium, tmp_path / "disk")
    with open(path, "r+b") as disk:
        disk.seek(powerlog.SECTOR)
        disk.write(bytes(powerlog.SECTOR))
    assert judge.copies(path) == ["second"] and judge.Table(path).find(judge.INSTALLED)
    first_boot.greeted(machine(image=path))
    path.unlink()


def test_every_state_of_a_first_start(first_start, tmp_path):
    first_start.judge_all("first-start-in-a-machine", tmp_path / "disk", SEED)


def test_asks_again(first_start, machine, tmp_path):
    """The last state that still opens with the generic password: the owner's slots are there already."""
    replay, _ = powerlog.last(first_start.log, first_start.base, tmp_path / "disk", first_start.asks)
    m = machine(image=replay.path, keep=first_start.machine_of(tmp_path))
    m.expect("Telling the TPM to open this disk.")
    first_boot.greeted(m)
    replay.close()


@pytest.mark.parametrize("end", [False, True], ids=["first", "last"])
def test_owner(first_start, machine, tmp_path, end):
    """The first and the last state that are the owner's: the TPM opens the disk, and the owner logs in to their home."""
    log = first_start.log
    replay, number = powerlog.last(log, first_start.base, tmp_path / "disk", first_start.asks)
    for gap in log.gaps[number:] if end else log.gaps[number:number + 1]:
        replay.advance(gap)
    assert not first_start.asks(replay.path)
    m = machine(image=replay.path, keep=first_start.machine_of(tmp_path))
    assert m.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 1
    m.login(starting.USER, starting.PASSWORD)
    boot = m.boot_json()
    assert boot["owned"] and boot["openedBy"] == "tpm" and boot["homeMounted"]
    assert m.run("cat /etc/machine-id") == m.run("cat /run/atomos/state/root/etc/machine-id")
    assert f"/home/{starting.USER}" in m.run(f"findmnt -no TARGET /home/{starting.USER}")
    first_boot.place_is_kept(m)
    replay.close()


def test_first_superblocks_torn(first_start, machine, tmp_path):
    """A drive that tears within 4096 bytes, as it wrote the superblocks of root and homes: their copies take over."""
    replay = powerlog.Replay(first_start.log, first_start.base, tmp_path / "disk")
    for gap in first_start.log.gaps:
        replay.advance(gap)
    table = judge.Table(replay.path)
    with open(replay.path, "r+b") as disk:
        for kind in (judge.INSTALLED, judge.HOME):
            disk.seek(table.find(kind)[0] + tamper.DATA_OFFSET + SUPERBLOCK)
            disk.write(bytes(powerlog.SECTOR))
    m = machine(image=replay.path, keep=first_start.machine_of(tmp_path))
    m.expect("The first superblock of the disk's file system was torn")
    m.expect("The first superblock of the homes was torn")
    m.login(starting.USER, starting.PASSWORD)
    assert m.boot_json()["homeMounted"]
    replay.close()


def test_every_state_of_a_changed_password(changed_password, tmp_path):
    """And what is on the disk when the command says that it is done."""
    replay, its_judge = changed_password.judged(tmp_path / "disk")
    counts = its_judge.run("passwd-in-a-machine", changed_password.log, replay, SEED)
    replay.close()
    assert counts["old"] and counts["both"] and counts["new"] and its_judge.mended
    replay, its_judge = changed_password.judged(tmp_path / "disk")
    for gap in changed_password.log.gaps[:changed_password.then]:
        replay.advance(gap)
    assert its_judge.verdict()[0] == "new" and its_judge.home == {changing.NEW}
    replay.close()


def first(changed_password, path, is_so):
    """The first state that its judge finds so, after a flush."""
    replay, its_judge = changed_password.judged(path)
    for gap in changed_password.log.gaps:
        replay.advance(gap)
        its_judge.mended = False
        its_judge.verdict()
        if is_so(its_judge):
            return replay, its_judge
    raise AssertionError("it is never so")


def test_home_without_a_key(changed_password, machine, tmp_path):
    """homed has taken the old password's slot away, and written no other: the start gives it back."""
    replay, its_judge = first(changed_password, tmp_path / "disk", lambda judge: judge.mended)
    assert its_judge.home == {changing.OLD}
    m = machine(image=replay.path, keep=changed_password.machine_of(tmp_path))
    m.login(changing.USER, changing.OLD)
    assert f"/home/{changing.USER}" in m.run(f"findmnt -no TARGET /home/{changing.USER}")
    assert "opens with the one from before" in m.run("journalctl -b -u atomos-homes --no-pager")
    replay.close()


def test_home_was_faster_than_its_account(changed_password, machine, tmp_path):
    """The home opens with the new password, and homed's record is the old one still: homed takes them together."""
    replay, _ = first(changed_password, tmp_path / "disk", lambda judge: judge.home == {changing.NEW})
    m = machine(image=replay.path, keep=changed_password.machine_of(tmp_path))
    m.expect("login: ")
    m.send(changing.USER)
    m.expect("Password: ", 60)
    m.listen(0.5 * vm.PATIENCE)
    m.send(changing.NEW)
    m.expect("Sorry, try again: ", 60)
    m.listen(0.5 * vm.PATIENCE)
    m.send(changing.OLD)
    m.expect(re.compile(rb"[$#] "), 60)
    m.shell()
    assert f"/home/{changing.USER}" in m.run(f"findmnt -no TARGET /home/{changing.USER}")
    replay.close()
