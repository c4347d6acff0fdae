# SPDX-License-Identifier: MIT
"""What a firmware update changes: keys that Secure Boot heeds, in the variables that a machine keeps."""

import secrets
import struct
import tempfile
import uuid

import vm
from tamper import output

SHA256 = uuid.UUID("c1c41626-504c-4092-aca9-41f936934328")
PKCS7 = uuid.UUID("4aafd29d-68df-49ee-8aa9-347d375665a7")


def variables(keep):
    """Those of the machine that has Secure Boot on."""
    return keep / "vars-on.fd"


def owner():
    return (vm.keys() / "owner-guid").read_text().strip()


def forbid_another(keep):
    """`dbx` lists a program that this machine has never seen, as an update of it does."""
    entry = uuid.UUID(owner()).bytes_le + secrets.token_bytes(32)
    content = SHA256.bytes_le + struct.pack("<III", 28 + len(entry), 0, len(entry)) + entry
    # The form of an update: a time, and a certificate that nobody looks at here.
    update = struct.pack("<HBBBBBxIhBx", 2024, 1, 1, 0, 0, 0, 0, 0, 0) + struct.pack("<IHH", 24, 0x200, 0xef1) + PKCS7.bytes_le + content
    with tempfile.NamedTemporaryFile() as file:
        file.write(update)
        file.flush()
        output("virt-fw-vars", "--inplace", variables(keep), "--set-dbx", file.name)


def trust_another(keep):
    """`db` has one more certificate."""
    output("virt-fw-vars", "--inplace", variables(keep), "--add-db", owner(), vm.keys() / "KEK.crt")
