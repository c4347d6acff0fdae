# SPDX-License-Identifier: MIT
"""A USB device written in Python, plugged into QEMU's usb-redir by the USB redirection protocol 0.7: a HID device of full
speed with one interface and reports of 64 bytes each way."""

import select
import socket
import struct
import threading
import time

REPORT = 64
IN, OUT = 0x81, 0x01
# Packets of the protocol.
HELLO, CONNECT, RESET, INTERFACES, ENDPOINTS, SET_CONFIGURATION, GET_CONFIGURATION, CONFIGURATION = 0, 1, 3, 4, 5, 6, 7, 8
SET_ALTERNATIVE, GET_ALTERNATIVE, ALTERNATIVE, START_RECEIVING, STOP_RECEIVING, RECEIVING = 9, 10, 11, 15, 16, 17
CONTROL, INTERRUPT = 100, 103
# The version of the device, sizes of endpoints, ids of 64 bits, long bulk packets: less isn't enough for an xHCI port.
CAPABILITIES = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6
# Before both have said what they can, and after.
FIRST_HEADER, HEADER = struct.Struct("<III"), struct.Struct("<IIQ")
SETUP = struct.Struct("<BBBBHHH")
SUCCESS, STALL = 0, 4
# USB and HID.
GET_STATUS, CLEAR_FEATURE, GET_DESCRIPTOR, SET_IDLE, HID = 0x00, 0x01, 0x06, 0x0A, 3
DEVICE, CONFIG, STRING, HID_DESCRIPTOR, REPORT_DESCRIPTOR = 1, 2, 3, 0x21, 0x22
VENDOR, PRODUCT, VERSION = 0x1209, 0x0001, 0x0100
FULL_SPEED, NO_CLASS, INTERRUPT_TYPE, NO_TYPE = 1, 0, 3, 255


def port(path):
    """Arguments for QEMU: a USB port at which a HidDevice can be plugged in, by this socket."""
    return ["-chardev", f"socket,id=redirected,path={path},server=on,wait=off", "-device", "qemu-xhci,id=redirected-usb",
            "-device", "usb-redir,chardev=redirected,bus=redirected-usb.0"]


def table(at, empty):
    """32 bytes with some of them set."""
    return bytes(at.get(i, empty) for i in range(32))


class HidDevice:
    """One such device; what it does is up to the class made of it, which runs in a thread while it's plugged in.

    name      what the device calls itself
    layout    its HID report descriptor
    """

    def __init__(self, name, layout):
        self.name, self.layout = name, layout
        self.socket = self.thread = self.failure = None
        self.known = threading.Event()

    # -- for the class made of it ----------------------------------------------------------

    def plugged(self):
        """Power has come on."""

    def received(self, report):
        """The machine has written a report."""

    def wait(self):
        """Seconds until turn() is to be called, or None."""
        return None

    def turn(self):
        """Called after these seconds, or earlier."""

    def send(self, report):
        """Gives the machine a report."""
        self._packet(INTERRUPT, struct.pack("<BBH", IN, SUCCESS, REPORT) + report.ljust(REPORT, b"\0"))

    # -- for the test ----------------------------------------------------------------------

    def plug(self, path):
        """Plugs it into the machine that has port(path), which sees it after wait_known()."""
        self.known.clear()
        self.failure, self.socket = None, socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + 30
        while self.socket.connect_ex(str(path)) != 0:
            assert time.monotonic() < deadline, f"there is no machine at {path}"
            time.sleep(0.05)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def wait_known(self, seconds):
        """Waits until the machine's kernel has found out what it is; a moment later its programs can use it."""
        assert self.known.wait(seconds), f"{self.name}: nobody asks what it is"

    def pull(self):
        """Pulls it out; it may be out already."""
        if self.thread:
            try:
                self.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.thread.join(30)
            self.socket.close()
            self.thread = None
        assert self.failure is None, f"{self.name}: {self.failure!r}"

    # -- the protocol ----------------------------------------------------------------------

    def _run(self):
        try:
            self._talk()
        except (ConnectionError, EOFError):
            pass  # pulled, or the machine has ended
        except Exception as failure:
            self.failure = failure
            self.socket.close()

    def _talk(self):
        self._greet()
        self._introduce()
        self.plugged()
        while True:
            ready, _, _ = select.select([self.socket], [], [], self.wait())
            if ready:
                kind, length, number = HEADER.unpack(self._read(HEADER.size))
                self._handle(kind, number, self._read(length))
            self.turn()

    def _read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _packet(self, kind, data=b"", number=0):
        self.socket.sendall(HEADER.pack(kind, len(data), number) + data)

    def _greet(self):
        hello = b"AtomOS tests".ljust(64, b"\0") + struct.pack("<I", CAPABILITIES)
        self.socket.sendall(FIRST_HEADER.pack(HELLO, len(hello), 0) + hello)
        kind, length, _ = FIRST_HEADER.unpack(self._read(FIRST_HEADER.size))
        assert kind == HELLO
        self._read(length)

    def _describe(self):
        self._packet(INTERFACES, struct.pack("<I", 1) + table({}, 0) + table({0: HID}, 0) + table({}, 0) + table({}, 0))
        ours = {EP >> 3 & 0x10 | EP & 0x0F: EP for EP in (IN, OUT)}
        kinds = table({0: 0, 16: 0, **{i: INTERRUPT_TYPE for i in ours}}, NO_TYPE)
        sizes = b"".join(struct.pack("<H", REPORT if i in ours or i in (0, 16) else 0) for i in range(32))
        self._packet(ENDPOINTS, kinds + table({i: 5 for i in ours}, 0) + table({}, 0) + sizes)

    def _introduce(self):
        self._describe()
        self._packet(CONNECT, struct.pack("<BBBBHHH", FULL_SPEED, NO_CLASS, 0, 0, VENDOR, PRODUCT, VERSION))

    def _handle(self, kind, number, data):
        if kind == SET_CONFIGURATION:
            self._describe()
            self._packet(CONFIGURATION, bytes([SUCCESS, data[0]]), number)
        elif kind == GET_CONFIGURATION:
            self._packet(CONFIGURATION, bytes([SUCCESS, 1]), number)
        elif kind in (SET_ALTERNATIVE, GET_ALTERNATIVE):
            self._packet(ALTERNATIVE, bytes([SUCCESS, data[0], 0]), number)
        elif kind in (START_RECEIVING, STOP_RECEIVING):
            self._packet(RECEIVING, bytes([SUCCESS, data[0]]), number)
        elif kind == CONTROL:
            self._control(number, *SETUP.unpack(data[:SETUP.size]))
        elif kind == INTERRUPT:
            self._packet(INTERRUPT, struct.pack("<BBH", OUT, SUCCESS, len(data) - 4), number)
            self.received(data[4:])

    def _control(self, number, endpoint, request, request_type, _, value, index, length):
        answer = self._answer(request, value)
        status = STALL if answer is None else SUCCESS
        answer = (answer or b"")[:length] if request_type & 0x80 else b""
        size = len(answer) if request_type & 0x80 else length
        self._packet(CONTROL, SETUP.pack(endpoint, request, request_type, status, value, index, size) + answer, number)

    def _answer(self, request, value):
        """What a control request gives; None: it is none of ours."""
        if request in (CLEAR_FEATURE, SET_IDLE):
            return b""
        if request == GET_STATUS:
            return b"\0\0"
        return self._descriptor(value >> 8, value & 0xFF) if request == GET_DESCRIPTOR else None

    def _descriptor(self, kind, number):
        def described(code, text):
            return bytes([len(text) + 2, code]) + text

        hid = described(HID_DESCRIPTOR, struct.pack("<HBBBH", 0x0111, 0, 1, REPORT_DESCRIPTOR, len(self.layout)))
        if kind == DEVICE:
            return described(DEVICE, struct.pack("<HBBBBHHHBBBB", 0x0200, 0, 0, 0, 64, VENDOR, PRODUCT, VERSION, 0, 1, 0, 1))
        if kind == CONFIG:
            parts = described(4, bytes([0, 0, 2, HID, 0, 0, 0])) + hid
            parts += b"".join(described(5, struct.pack("<BBHB", end, INTERRUPT_TYPE, REPORT, 5)) for end in (IN, OUT))
            return described(CONFIG, struct.pack("<HBBBBB", 9 + len(parts), 1, 1, 0, 0x80, 50)) + parts
        if kind == STRING and number in (0, 1):
            return described(STRING, self.name.encode("utf-16-le") if number else b"\x09\x04")
        if kind == REPORT_DESCRIPTOR:
            self.known.set()
        return {HID_DESCRIPTOR: hid, REPORT_DESCRIPTOR: self.layout}.get(kind)
