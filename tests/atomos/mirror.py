# SPDX-License-Identifier: MIT
"""A signed Debian mirror of packages that exist as index entries only, for tests of the lock."""

import hashlib
import os
import subprocess
import time


def run(*command, **keywords):
    return subprocess.run(command, check=True, capture_output=True, **keywords).stdout


class Keys:
    """An OpenPGP key that signs, and its public half in a file."""

    def __init__(self, directory):
        self.home = f"{directory}/gnupg"
        self.public = f"{directory}/public.pgp"
        os.makedirs(self.home, mode=0o700)
        self.gpg("--quick-gen-key", "mirror@example.org", "ed25519", "sign", "never")
        with open(self.public, "wb") as file:
            file.write(self.gpg("--export"))

    def gpg(self, *arguments, **keywords):
        return run("gpg", "--homedir", self.home, "--batch", "--quiet", "--passphrase", "",
                   "--pinentry-mode", "loopback", *arguments, **keywords)

    def sign(self, text):
        return self.gpg("--clearsign", input=text.encode())


class Repository:
    def __init__(self, directory, suite, keys, hashes=("MD5sum", "SHA256")):
        self.directory, self.suite, self.keys, self.hashes = directory, suite, keys, hashes
        self.packages = {}

    @property
    def uri(self):
        return f"file://{self.directory}"

    def add(self, name, version="1", **fields):
        self.packages[name, version] = fields

    def remove(self, name, version="1"):
        del self.packages[name, version]

    def stanza(self, name, version, fields):
        content = f"{name} {version} {sorted(fields.items())}".encode()
        file_version = version.split(":")[-1]
        lines = {
            "Package": name,
            "Version": version,
            "Architecture": "all",
            "Maintainer": "Test <test@example.org>",
            "Filename": f"pool/main/{name[0]}/{name}/{name}_{file_version}_all.deb",
            "Size": str(1000 + len(content)),
            "Description": "a package of the tests",
        }
        if "MD5sum" in self.hashes:
            lines["MD5sum"] = hashlib.md5(content).hexdigest()
        lines["SHA256"] = hashlib.sha256(content).hexdigest()
        lines |= {key.replace("_", "-"): value for key, value in fields.items()}
        return "".join(f"{key}: {value}\n" for key, value in lines.items())

    def publish(self, date, sign=None, empty=()):
        """All packages in main; further components may be there, without any."""
        everything = "\n".join(self.stanza(n, v, f) for (n, v), f in sorted(self.packages.items()))
        folder = f"{self.directory}/dists/{self.suite}"
        sums = ""
        for component, index in {"main": everything, **dict.fromkeys(empty, "")}.items():
            name = f"{component}/binary-amd64/Packages"
            os.makedirs(os.path.dirname(f"{folder}/{name}"), exist_ok=True)
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(index)
            sums += f" {hashlib.sha256(index.encode()).hexdigest()} {len(index.encode())} {name}\n"
        stamp = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(date))
        release = (
            f"Origin: Test\nSuite: {self.suite}\nCodename: {self.suite}\nDate: {stamp}\n"
            f"Architectures: all amd64\nComponents: {' '.join(['main', *empty])}\nSHA256:\n{sums}"
        )
        with open(f"{folder}/InRelease", "wb") as file:
            file.write((sign or self.keys).sign(release))
        # apt asks for what is newer, in whole seconds.
        os.utime(f"{folder}/InRelease", (date, date))
