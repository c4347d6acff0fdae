# SPDX-License-Identifier: MIT
"""A FIDO2 security key for a virtual machine: its HID side (CTAPHID), and the finger that touches it."""

import os
import struct
import time

import authenticator
import usb_redir

# One input and one output report of 64 bytes, on the usage page of FIDO.
LAYOUT = bytes.fromhex("06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0")
BROADCAST = 0xFFFFFFFF
PING, INIT, CBOR, CANCEL, KEEPALIVE, ERROR = 0x01, 0x06, 0x10, 0x11, 0x3B, 0x3F
INVALID_COMMAND, INVALID_SEQUENCE, BUSY, INVALID_CHANNEL = 0x01, 0x04, 0x06, 0x0B
FIRST, NEXT = 57, 59
ONLY_CBOR = 0x04 | 0x08
WAITS_FOR_TOUCH = 2
KEEPALIVE_SECONDS = 0.1
# How long a key waits for somebody, and what it says then, or when it is told to stop.
GIVES_UP, TIMED_OUT, CANCELLED = 30, 0x2F, 0x2D


class SecurityKey(usb_redir.HidDevice):
    """One key, the same wherever it is plugged in.

    touch     seconds after which it is touched; None: never
    touches   how often it was
    inside    what it knows: see authenticator.py
    """

    def __init__(self, pin=None, touch=1.0):
        super().__init__("Security key of the tests", LAYOUT)
        self.inside, self.touch, self.touches = authenticator.Authenticator(pin), touch, 0
        self._forget()

    def _forget(self):
        self.channel, self.message, self.size, self.sequence = None, b"", 0, 0
        self.command = self.answer = self.asked = None
        self.last_keepalive = 0.0

    def plugged(self):
        self._forget()
        self.inside.power_on()

    # -- the finger ------------------------------------------------------------------------

    def wait(self):
        return KEEPALIVE_SECONDS if self.asked else None

    def turn(self):
        if self.asked is None:
            return
        now = time.monotonic()
        if self.touch is not None and now - self.asked >= self.touch:
            self.touches += 1
            self._finish(self.answer)
        elif now - self.asked >= GIVES_UP:
            self._finish(bytes([TIMED_OUT]))
        elif now - self.last_keepalive >= KEEPALIVE_SECONDS:
            self.last_keepalive = now
            self._say(self.channel, KEEPALIVE, bytes([WAITS_FOR_TOUCH]))

    def _finish(self, answer):
        self.asked = self.answer = None
        self._say(self.channel, CBOR, answer)

    # -- messages --------------------------------------------------------------------------

    def received(self, report):
        channel, kind = struct.unpack(">IB", report[:5])
        if not kind & 0x80:
            self._continue(channel, kind, report[5:])
        elif kind & 0x7F == INIT:
            self._open_channel(channel, report[7:15])
        elif kind & 0x7F == CANCEL:
            if channel == self.channel and self.asked is not None:
                self._finish(bytes([CANCELLED]))
        elif self.asked is not None:
            self._say(channel, ERROR, bytes([BUSY]))
        else:
            self.command, self.sequence, self.size = kind & 0x7F, 0, struct.unpack(">H", report[5:7])[0]
            self.channel, self.message = channel, b""
            self._add(report[7:])

    def _open_channel(self, channel, nonce):
        # On its own channel a program starts anew; others don't disturb it.
        if channel == self.channel:
            self.asked = self.command = None
        new = os.urandom(4) if channel == BROADCAST else struct.pack(">I", channel)
        self._say(channel, INIT, nonce + new + bytes([2, 1, 0, 0, ONLY_CBOR]))

    def _continue(self, channel, sequence, data):
        if channel != self.channel or self.command is None:
            return
        if sequence != self.sequence:
            self.command = None
            self._say(channel, ERROR, bytes([INVALID_SEQUENCE]))
            return
        self.sequence += 1
        self._add(data)

    def _add(self, data):
        self.message += data
        if len(self.message) >= self.size:
            command, self.command = self.command, None
            self._message(command, self.message[:self.size])

    def _message(self, command, data):
        if self.channel in (0, BROADCAST):
            self._say(self.channel, ERROR, bytes([INVALID_CHANNEL]))
        elif command == PING:
            self._say(self.channel, PING, data)
        elif command == CBOR:
            self.answer, touch = self.inside.run(data)
            self.asked = time.monotonic()
            if not touch:
                self._finish(self.answer)
        else:
            self._say(self.channel, ERROR, bytes([INVALID_COMMAND]))

    def _say(self, channel, command, data):
        self.send(struct.pack(">IBH", channel, command | 0x80, len(data)) + data[:FIRST])
        for sequence, at in enumerate(range(FIRST, len(data), NEXT)):
            self.send(struct.pack(">IB", channel, sequence) + data[at:at + NEXT])
