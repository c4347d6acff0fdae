# SPDX-License-Identifier: MIT
"""The key of a machine that signs its own systems, sealed with a password: docs/formats.md."""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def seal(secret, password):
    """With the least work."""
    head = b"AtomSeal" + bytes([10]) + bytes(16) + bytes(12)
    return head + AESGCM(key_of(head, password)).encrypt(head[-12:], secret, head)


def key_of(head, password):
    return hashlib.scrypt(password.encode(), salt=head[9:25], n=1 << head[8], r=8, p=1, dklen=32, maxmem=1 << 28)


def sealed_with(data, password):
    try:
        AESGCM(key_of(data, password)).decrypt(data[25:37], data[37:], data[:37])
    except InvalidTag:
        return False
    return True
