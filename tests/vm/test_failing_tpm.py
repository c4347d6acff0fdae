# SPDX-License-Identifier: MIT
"""An owner's machine whose TPM doesn't open the disk, or takes its time: a sentence, and the password. That it was cleared,
or knows another disk, is in test_installed.py and test_install.py."""

import pytest

import starting

pytestmark = [pytest.mark.xdist_group("power"), pytest.mark.long]
# The kernel gives up on some commands before we do.
SENTENCES = {
    False: ["The TPM can't be used in this start."],
    "enter-initrd": ["The TPM can't be used in this start."],
    "enter-initrd:after": ["The TPM gives no answer.", "The TPM can't be asked about this disk."],
}


@pytest.mark.parametrize("tpm", SENTENCES, ids=["absent", "mute", "mute-later"])
def test_leads_to_the_prompt(first_start, machine, tmp_path, tpm):
    m = machine(image=first_start.disk_of(tmp_path), keep=first_start.machine_of(tmp_path), tpm=tpm)
    m.expect(SENTENCES[tpm])
    m.expect("Password for this AtomOS disk")
    m.send(starting.PASSWORD)
    m.expect("Verifying and copying")
    assert "can't be told" not in m.said() and "Telling the TPM" not in m.said()


def test_late_answer(first_start, machine, tmp_path):
    """The prompt doesn't wait for a slow TPM, which opens the disk all the same: nothing is typed."""
    m = machine(image=first_start.disk_of(tmp_path), keep=first_start.machine_of(tmp_path), tpm="enter-initrd:slow")
    assert m.expect(["Password for this AtomOS disk", "Verifying and copying"]) == 0
    m.expect("Verifying and copying")
