#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A TPM that falls silent: sits between QEMU and swtpm and passes everything on, until a command
extends a PCR with the SHA-256 of WORD. That command and all later ones are taken and never answered;
with WORD:after that one is answered still, with WORD:never all are. With WORD:slow all are, too, but
from then on each unsealing takes SLOW seconds. The file LISTEN.heard is made when the command comes.

Usage: mute_tpm.py LISTEN SWTPM WORD[:after|:never|:slow]   (LISTEN: socket for QEMU's chardev; SWTPM: swtpm's --ctrl socket)

Stopping swtpm itself won't do: QEMU talks to it over a control channel too, and would hang with it.
"""
import hashlib
import os
import select
import socket
import sys
import threading

CHUNK = 65536
UNSEAL = bytes.fromhex("0000015e")  # behind tag and size of a command
# Longer than the boot waits with its prompt, shorter than the kernel waits for the TPM (two minutes).
SLOW = 30


def connect(path):
    """Connects to swtpm's control socket."""
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s


class Proxy:
    def __init__(self, qemu, swtpm, words, heard):
        word, _, self.mode = words.partition(":")
        self.control = {qemu: swtpm, swtpm: qemu}
        self.digest, self.heard_file, self.heard = hashlib.sha256(word.encode()).digest(), heard, False
        self.data = {}
        self.guest = None  # QEMU's end of the data channel
        self.mute = False

    def take_data_channel(self, fd):
        """QEMU sends swtpm a descriptor to talk TPM commands over: hold it, give swtpm another."""
        self.guest = socket.socket(fileno=fd)
        ours, theirs = socket.socketpair()
        self.data = {self.guest: ours, ours: self.guest}
        return theirs

    def relay_control(self, source):
        data, fds, _, _ = socket.recv_fds(source, CHUNK, 4)
        if not data:
            return False
        if fds:
            with self.take_data_channel(fds[0]) as theirs:
                socket.send_fds(self.control[source], [data], [theirs.fileno()])
        else:
            self.control[source].sendall(data)
        return True

    def relay_data(self, source):
        data = source.recv(CHUNK)
        if not data:
            return False
        if source is self.guest:
            self.listen(data)
        if self.is_slow(data):
            self.later(self.data[source].sendall, data)
        elif not self.mute:
            self.data[source].sendall(data)
        return True

    def is_slow(self, command):
        """Whether this one takes its time; no answer looks like it."""
        return self.heard and self.mode == "slow" and command[6:10] == UNSEAL

    @staticmethod
    def later(send, data):
        """Sends after SLOW seconds; QEMU's control channel goes on meanwhile."""
        timer = threading.Timer(SLOW, send, [data])
        timer.daemon = True
        timer.start()

    def listen(self, command):
        """Falls silent where this command says so."""
        now = not self.heard and self.digest in command
        if now:
            self.heard = True
            open(self.heard_file, "w").close()
        self.mute = self.mute or self.heard and self.mode == ("" if now else "after")

    def run(self):
        while True:
            ready, _, _ = select.select([*self.control, *self.data], [], [])
            for source in ready:
                relay = self.relay_control if source in self.control else self.relay_data
                if not relay(source):
                    return


def main():
    listen, swtpm, word = sys.argv[1:]
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(listen)
        server.listen(1)
        qemu, _ = server.accept()
    os.unlink(listen)
    Proxy(qemu, connect(swtpm), word, f"{listen}.heard").run()


if __name__ == "__main__":
    main()
