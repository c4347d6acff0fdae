# SPDX-License-Identifier: MIT
"""What a FIDO2 security key does with CTAP2's commands: credentials with hmac-secret, and a PIN by protocol 1. It waits for
nobody: whether a command wants a touch is told to who calls it."""

import hashlib
import hmac
import os
import struct

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MAKE_CREDENTIAL, GET_ASSERTION, GET_INFO, CLIENT_PIN = 0x01, 0x02, 0x04, 0x06
GET_RETRIES, GET_KEY_AGREEMENT, GET_PIN_TOKEN = 1, 2, 5
INVALID_COMMAND, MISSING_PARAMETER, CREDENTIAL_EXCLUDED, UNSUPPORTED_ALGORITHM = 0x01, 0x14, 0x19, 0x26
UNSUPPORTED_OPTION, NO_CREDENTIALS, PIN_INVALID, PIN_BLOCKED = 0x2B, 0x2E, 0x31, 0x32
PIN_AUTH_INVALID, PIN_AUTH_BLOCKED, PIN_NOT_SET, PIN_REQUIRED = 0x33, 0x34, 0x35, 0x36
RETRIES, WRONG_IN_A_ROW = 8, 3
PRESENT, VERIFIED, ATTESTED, EXTENDED = 0x01, 0x04, 0x40, 0x80
ES256 = -7


class Refused(Exception):
    """A command that ends with this status."""

    def __init__(self, status):
        super().__init__(f"status {status:#x}")
        self.status = status


def cose(key, algorithm):
    """A public key as COSE has it."""
    numbers = key.public_key().public_numbers()
    return {1: 2, 3: algorithm, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}


def mac(key, data):
    return hmac.digest(key, data, "sha256")


def aes(key):
    return Cipher(algorithms.AES(key), modes.CBC(bytes(16)))


def decrypted(key, data):
    return aes(key).decryptor().update(data)


def encrypted(key, data):
    return aes(key).encryptor().update(data)


class Credential:
    """A key pair for one relying party, and the secrets of hmac-secret: without and with PIN."""

    def __init__(self, party):
        self.party, self.id, self.key = party, os.urandom(32), ec.generate_private_key(ec.SECP256R1())
        self.secrets = {False: os.urandom(32), True: os.urandom(32)}


class Authenticator:
    """What is in the key. `pin`: None for none; `retries`: how many wrong ones it still takes."""

    def __init__(self, pin=None):
        self.pin, self.retries, self.credentials, self.counter = pin, RETRIES, [], 0
        self.power_on()

    def power_on(self):
        """Plugged in anew: what lasts only so long."""
        self.agreement, self.token, self.wrong = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), 0

    def run(self, message):
        """(answer, wants_touch): the answer counts only after a touch if one is wanted."""
        try:
            command, request = message[0], cbor2.loads(message[1:]) if len(message) > 1 else {}
            commands = {MAKE_CREDENTIAL: self._make, GET_ASSERTION: self._assert, GET_INFO: self._info, CLIENT_PIN: self._pin}
            if command not in commands:
                raise Refused(INVALID_COMMAND)
            answer, touch = commands[command](request)
            return b"\0" + cbor2.dumps(answer, canonical=True), touch
        except Refused as refused:
            return bytes([refused.status]), False
        except KeyError:
            return bytes([MISSING_PARAMETER]), False

    def _info(self, _):
        options = {"rk": True, "up": True, "plat": False, "clientPin": self.pin is not None}
        return {1: ["FIDO_2_0"], 2: ["hmac-secret"], 3: bytes(16), 4: options, 5: 1200, 6: [1]}, False

    def _verified(self, authentication, digest):
        """Whether the PIN was given; a wrong token is refused."""
        if authentication is None:
            return False
        if self.pin is None:
            raise Refused(PIN_NOT_SET)
        if not hmac.compare_digest(mac(self.token, digest)[:16], authentication):
            raise Refused(PIN_AUTH_INVALID)
        return True

    def _data(self, party, flags, attested=b"", extensions=None):
        self.counter += 1
        flags |= ATTESTED if attested else 0
        flags |= EXTENDED if extensions else 0
        return (hashlib.sha256(party.encode()).digest() + struct.pack(">BI", flags, self.counter) + attested
                + (cbor2.dumps(extensions, canonical=True) if extensions else b""))

    def _make(self, request):
        party = request[2]["id"]
        if ES256 not in [p["alg"] for p in request[4]]:
            raise Refused(UNSUPPORTED_ALGORITHM)
        verified = self._verified(request.get(8), request[1])
        if self.pin is not None and not verified:
            raise Refused(PIN_REQUIRED)
        if self._known(party, request.get(5, [])):
            raise Refused(CREDENTIAL_EXCLUDED)
        new = Credential(party)
        self.credentials.append(new)
        attested = bytes(16) + struct.pack(">H", len(new.id)) + new.id + cbor2.dumps(cose(new.key, ES256), canonical=True)
        extensions = {"hmac-secret": True} if request.get(6, {}).get("hmac-secret") else None
        data = self._data(party, PRESENT | (VERIFIED if verified else 0), attested, extensions)
        return {1: "none", 2: data, 3: {}}, True

    def _known(self, party, allowed):
        ids = [a["id"] for a in allowed]
        return [c for c in self.credentials if c.party == party and c.id in ids]

    def _assert(self, request):
        touch = request.get(5, {}).get("up", True)
        found = self._known(request[1], request.get(3, []))
        verified = self._verified(request.get(6), request[2])
        if not found:
            raise Refused(NO_CREDENTIALS)
        extensions, wanted = None, request.get(4, {}).get("hmac-secret")
        if wanted and not touch:
            raise Refused(UNSUPPORTED_OPTION)
        if wanted:
            extensions = {"hmac-secret": self._hmac_secret(found[0], wanted, verified)}
        data = self._data(request[1], (PRESENT if touch else 0) | (VERIFIED if verified else 0), extensions=extensions)
        signature = found[0].key.sign(data + request[2], ec.ECDSA(hashes.SHA256()))
        return {1: {"id": found[0].id, "type": "public-key"}, 2: data, 3: signature}, touch

    def _shared(self, theirs):
        point = ec.EllipticCurvePublicNumbers(*(int.from_bytes(theirs[i], "big") for i in (-2, -3)), ec.SECP256R1())
        return hashlib.sha256(self.agreement.exchange(ec.ECDH(), point.public_key())).digest()

    def _hmac_secret(self, credential, wanted, verified):
        shared, salts = self._shared(wanted[1]), wanted[2]
        if not hmac.compare_digest(mac(shared, salts)[:16], wanted[3]):
            raise Refused(PIN_AUTH_INVALID)
        salts = decrypted(shared, salts)
        secret = credential.secrets[verified]
        return encrypted(shared, b"".join(mac(secret, salts[i:i + 32]) for i in range(0, len(salts), 32)))

    def _pin(self, request):
        if request[2] == GET_RETRIES:
            return {3: self.retries}, False
        if request[2] == GET_KEY_AGREEMENT:
            return {1: cose(self.agreement, -25)}, False
        if request[2] != GET_PIN_TOKEN:
            raise Refused(INVALID_COMMAND)
        self._check_pin(decrypted(self._shared(request[3]), request[6]))
        return {2: encrypted(self._shared(request[3]), self.token)}, False

    def _check_pin(self, given):
        if self.pin is None:
            raise Refused(PIN_NOT_SET)
        if self.retries == 0:
            raise Refused(PIN_BLOCKED)
        if self.wrong == WRONG_IN_A_ROW:
            raise Refused(PIN_AUTH_BLOCKED)
        if hmac.compare_digest(given, hashlib.sha256(self.pin.encode()).digest()[:16]):
            self.retries, self.wrong = RETRIES, 0
            return
        self.retries, self.wrong = self.retries - 1, self.wrong + 1
        self.agreement = ec.generate_private_key(ec.SECP256R1())
        if self.retries == 0:
            raise Refused(PIN_BLOCKED)
        raise Refused(PIN_AUTH_BLOCKED if self.wrong == WRONG_IN_A_ROW else PIN_INVALID)
