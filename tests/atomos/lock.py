#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""atomos lock against small mirrors of its own: what it pins, keeps, moves and refuses.

Runs in a mount namespace in which the mirrors' key lies where Debian's archive keys are."""

import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
import unittest.mock

from mirror import Keys, Repository, run

ATOMOS, SOURCE = sys.argv[1:3]
DATE = 1757160000
NEWS = DATE + 90000


def enter_namespace():
    if "ATOMOS_TEST_TOP" in os.environ:
        return
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o755)  # Nix fetches as another user
        keys = Keys(top)
        env = dict(os.environ, ATOMOS_TEST_TOP=top)
        keyring = os.path.realpath("/usr/share/keyrings/debian-archive-keyring.pgp")
        script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
        status = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, "sh", keys.public, keyring,
             sys.executable, *sys.argv], env=env, check=False).returncode
    sys.exit(status)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class SignedWithTopKey(Keys):
    def __init__(self, directory):
        self.home, self.public = f"{directory}/gnupg", f"{directory}/public.pgp"


class Lock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = os.environ["ATOMOS_TEST_TOP"]
        cls.keys = SignedWithTopKey(cls.top)
        expression = f"(import {SOURCE}/nix/default.nix {{ configuration = [ ]; }}).decisions.packages.base"
        cls.base = json.loads(run("nix", "--extra-experimental-features", "nix-command", "eval",
                                  "--json", "--impure", "--store", "dummy://", "--read-only",
                                  "--expr", expression))

    def setUp(self):
        directory = tempfile.TemporaryDirectory(dir=self.top)
        self.addCleanup(directory.cleanup)
        self.dir = directory.name
        os.chmod(self.dir, 0o755)
        self.main = Repository(f"{self.dir}/debian", "trixie", self.keys)
        self.security = Repository(f"{self.dir}/security", "trixie-security", self.keys,
                                   hashes=("SHA256",))
        self.uri = self.main.uri
        for name in self.base:
            self.main.add(name, Priority="optional")
        self.main.add("base-files", Essential="yes", Priority="required")
        self.main.add("libbase", "2:1.0+b1")
        self.main.add("tool", Depends="libtool1 (>= 1)")
        self.main.add("libtool1", "1~rc1")
        self.main.add("libtool1", "1")
        self.main.add("editor", Depends="libbase", Recommends="games")
        self.main.add("games")
        self.main.add("g++")
        self.publish()
        self.prepare_build()

    def publish(self, date=DATE):
        self.main.publish(date)
        self.security.publish(date)

    def configure(self, *packages, extra=""):
        os.makedirs(f"{self.dir}/c", exist_ok=True)
        names = " ".join(p if p.startswith("./") else f'"{p}"' for p in packages)
        with open(f"{self.dir}/c/configuration.nix", "w", encoding="utf-8") as file:
            file.write(f"""{{ ... }}: {{
  debian.mirror = "{self.uri}";
  debian.securityMirror = "{self.security.uri}";
  environment.systemPackages = [ {names} ];
  {extra}
}}""")

    def lock(self, *arguments, status=0):
        return self.atomos("lock", *arguments, status=status)

    def atomos(self, verb, *arguments, status=0, which=None):
        env = dict(os.environ, ATOMOS_SHARE=SOURCE, ATOMOS_CACHE=f"{self.dir}/cache",
                   ATOMOS_LIB=f"{self.dir}/lib", ATOMOS_KEYS=f"{self.dir}/keys",
                   LC_ALL="C.UTF-8")
        result = subprocess.run([ATOMOS, verb, *(which or ("-c", f"{self.dir}/c")), *arguments], env=env,
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, status, result.stderr)
        return result

    def read(self):
        with open(f"{self.dir}/c/atomos.lock", encoding="utf-8") as file:
            text = file.read()
        value = json.loads(text)
        for package in value["packages"]:
            self.assertEqual(sum(f'"name":"{package["name"]}"' in line
                                 for line in text.splitlines()), 1)
        return value

    def packages(self):
        return {p["name"]: p for p in self.read()["packages"]}

    def layers(self, layer):
        return {n for n, p in self.packages().items() if p["layer"] == layer}

    def test_first(self):
        self.configure("tool")
        result = self.lock("--json")
        packages = self.packages()
        answer = json.loads(result.stdout)
        self.assertEqual(answer["packages"], len(packages))
        self.assertTrue(answer["changed"])
        self.assertEqual(set(packages), {*self.base, "base-files", "tool", "libtool1"})
        self.assertEqual(packages["tool"]["path"], "pool/main/t/tool/tool_1_all.deb")
        self.assertEqual(self.layers("second"), set())
        lock = self.read()
        self.assertEqual(lock["date"], DATE)
        self.assertEqual(lock["requested"]["packages"], ["tool"])
        self.assertNotIn(self.main.uri, json.dumps(lock))

    def test_unchanged(self):
        self.configure("tool")
        self.lock()
        before = os.stat(f"{self.dir}/c/atomos.lock").st_mtime_ns
        self.main.add("tool", "2")
        self.publish(NEWS)
        self.assertIn("up to date", self.lock().stdout)
        self.assertEqual(os.stat(f"{self.dir}/c/atomos.lock").st_mtime_ns, before)

    def test_security_without_hash(self):
        """Security's lines of print-uris have an empty hash field: none may get lost."""
        self.security.add("tool", "1+deb13u1", Depends="libtool1 (>= 1)")
        self.publish()
        self.configure("tool")
        self.lock()
        tool = self.packages()["tool"]
        self.assertEqual((tool["version"], tool["repository"]), ("1+deb13u1", "security"))
        self.assertRegex(tool["sha256"], "^[0-9a-f]{64}$")

    def test_no_recommends(self):
        self.configure("editor")
        self.lock()
        self.assertNotIn("games", self.packages())

    def test_added_goes_second(self):
        self.configure("tool")
        self.lock()
        self.main.add("tool", "2", Depends="libtool1")
        self.publish(NEWS)
        self.configure("tool", "editor")
        self.assertRegex(self.lock().stderr,
                         r"renewed, 2 packages changed: editor 1 added, libbase 2:1.0\+b1 added\.")
        self.assertEqual(self.layers("second"), {"editor", "libbase"})
        self.assertEqual(self.packages()["tool"]["version"], "1")
        self.assertEqual(self.read()["date"], DATE)
        self.configure("tool", "editor", "games")
        self.lock()
        self.assertEqual(self.layers("second"), {"editor", "libbase", "games"})

    def test_removed_from_second(self):
        self.configure("tool")
        self.lock()
        self.configure("tool", "editor", "games")
        self.lock()
        self.configure("tool", "games")
        self.lock()
        self.assertEqual(self.layers("second"), {"games"})
        self.assertIn("tool", self.layers("base"))

    def test_removed_from_base(self):
        self.configure("tool", "editor")
        self.lock()
        self.main.add("editor", "2", Depends="libbase")
        self.publish(NEWS)
        self.configure("editor")
        self.assertIn("libtool1 removed, tool removed", self.lock().stderr)
        self.assertEqual(self.layers("second"), set())
        # What stays keeps its version.
        self.assertEqual(self.packages()["editor"]["version"], "1")

    def test_base_must_change(self):
        self.configure("tool")
        self.lock()
        self.main.add("libtool1", "2")
        self.main.add("new-tool", Depends="libtool1 (>= 2)")
        self.publish(NEWS)
        self.configure("tool", "new-tool")
        self.lock()
        self.assertEqual(self.packages()["libtool1"]["version"], "2")
        self.assertEqual(self.layers("second"), set())

    def test_rebase(self):
        self.configure("tool")
        self.lock()
        self.main.add("tool", "2", Depends="libtool1")
        self.publish(NEWS)
        self.configure("tool", "editor")
        self.lock()
        self.assertIn("tool 1 → 2", self.lock("--rebase").stderr)
        self.assertEqual(self.layers("second"), set())
        self.assertEqual(self.read()["date"], NEWS)

    def test_gone_from_mirror(self):
        """A version that the mirror dropped is replaced when a name is added."""
        self.configure("tool")
        self.lock()
        self.main.remove("tool")
        self.main.add("tool", "2", Depends="libtool1")
        self.publish(NEWS)
        self.configure("tool", "games")
        self.lock()
        self.assertEqual(self.packages()["tool"]["version"], "2")

    def add_with_file(self, repository, version):
        """A package tool that the Nix store has too."""
        self.make_deb(version=version)
        shutil.move(f"{self.dir}/c/tool.deb", f"{self.dir}/tool_{version}_all.deb")
        with open(f"{self.dir}/tool_{version}_all.deb", "rb") as file:
            data = file.read()
        repository.add("tool", version, Depends="libbase", Size=str(len(data)),
                       SHA256=hashlib.sha256(data).hexdigest())
        run("nix-store", "--add-fixed", "sha256", f"{self.dir}/tool_{version}_all.deb")

    def test_kept_by_hash(self):
        """What the mirror dropped but the store has stays as it is."""
        self.main.remove("tool")
        self.add_with_file(self.main, "1.0")
        self.publish()
        self.configure("tool")
        self.lock()
        self.main.remove("tool", "1.0")
        self.main.add("tool", "2")
        self.publish(NEWS)
        self.configure("tool", "games")
        self.lock()
        self.assertEqual(self.packages()["tool"]["version"], "1.0")
        self.assertEqual(self.layers("second"), {"games"})

    def prepare_build(self):
        """Programs that do nothing: no build of this mirror gets further than its files."""
        os.makedirs(f"{self.dir}/lib", exist_ok=True)
        for program in ("atomos", "atomos-build", "atomos-init", "atomos-welcome"):
            shutil.copy("/bin/true", f"{self.dir}/lib/{program}")

    def serve(self):
        """The main mirror by HTTP."""
        handler = functools.partial(QuietHandler, directory=self.main.directory)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.handle_error = lambda *_: None  # Nix hangs up once it knows enough
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.uri = f"http://127.0.0.1:{server.server_port}"

    def write_files(self, text):
        for package in self.packages().values():
            path = f"{self.main.directory}/{package['path']}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

    def check_renewal(self, failure):
        """A build whose packages the mirror dropped goes on with those that it has, and says so."""
        self.configure("tool")
        self.lock()
        self.main.remove("tool")
        self.main.add("tool", "2", Depends="libtool1")
        self.publish(NEWS)
        frozen = self.atomos("build", "--frozen", status=1).stderr
        self.assertRegex(frozen, failure)
        self.assertEqual(self.packages()["tool"]["version"], "1")
        # No package of this mirror has a file: the second failure is final.
        words = self.atomos("build", status=1).stderr
        self.assertRegex(words, r"\.deb can't be had any more")
        self.assertRegex(words, r"renewed, 1 package changed: tool 1 → 2\.")
        self.assertRegex(words, failure + r"[^\n]*\n$")
        self.assertEqual(self.packages()["tool"]["version"], "2")

    def test_build_renews(self):
        self.serve()
        self.check_renewal(r"\natomos: Building \S+\.deb failed: unable to download .* error 404")

    def test_build_renews_from_disk(self):
        self.check_renewal(r"\natomos: \S+\.deb can't be had any more: No such file")

    def test_altered_package(self):
        """A file that isn't the locked one is refused."""
        for served in (False, True):
            if served:
                self.serve()
            self.configure("tool")
            self.lock()
            self.write_files("something else")
            self.assertRegex(
                self.atomos("build", status=1).stderr,
                r"\natomos: The mirror's \S+\.deb isn't the file that atomos\.lock names")

    def keys_asked_for(self, *arguments):
        """Names of the Nix keys that an image built now would trust."""
        log = f"{self.dir}/asked"
        os.makedirs(f"{self.dir}/bin", exist_ok=True)
        with open(f"{self.dir}/bin/nix", "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{log}\nexec {shutil.which("nix")} "$@"\n')
        os.chmod(f"{self.dir}/bin/nix", 0o755)
        with unittest.mock.patch.dict(os.environ, PATH=f"{self.dir}/bin:{os.environ['PATH']}"):
            self.atomos("image", "-o", f"{self.dir}/x.img", *arguments, status=1)  # the packages have no files
        with open(log, encoding="utf-8") as file:
            text = file.read()
        os.unlink(log)
        self.assertIn("vendorKeys = [ ", text)
        return set(re.findall(r'vendorKeys = \[ "?([^:" ]*)', text))

    def test_whose_key_an_image_trusts(self):
        """--keys, then keys beside the configuration, then the environment's; never two."""
        self.configure("tool")
        for directory, name in (("keys", "everyones"), ("c/keys", "beside"), ("given", "given")):
            subprocess.run([ATOMOS, "-q", "keys", "new", f"{self.dir}/{directory}", "--name", name], check=True,
                           stdout=subprocess.DEVNULL)
        self.assertEqual(self.keys_asked_for(), {"beside"})
        self.assertEqual(self.keys_asked_for("--keys", f"{self.dir}/given"), {"given"})
        shutil.rmtree(f"{self.dir}/c/keys")
        self.assertEqual(self.keys_asked_for(), {"everyones"})
        self.assertEqual(self.keys_asked_for("--keys", f"{self.dir}/given"), {"given"})

    def test_ids_stay(self):
        self.configure("tool")
        self.lock()
        lock = self.read()
        lock["groups"]["sshd"] = 998
        lock["users"]["sshd"] = {"id": 998, "group": 65534, "home": "/run/sshd", "shell": "/bin/false"}
        with open(f"{self.dir}/c/atomos.lock", "w", encoding="utf-8") as file:
            json.dump(lock, file)
        self.configure("games")
        self.lock()
        self.lock("--rebase")
        self.assertEqual(self.read()["groups"], {"sshd": 998})
        self.assertEqual(self.read()["users"]["sshd"]["id"], 998)

    def test_frozen(self):
        self.configure("tool")
        self.assertIn("isn't there", self.lock("--frozen", status=1).stderr)
        self.lock()
        self.lock("--frozen")
        self.configure("games")
        before = self.read()
        self.assertIn("--frozen forbids", self.lock("--frozen", status=1).stderr)
        self.assertEqual(self.read(), before)

    def test_unknown_names(self):
        self.configure("tol", "zzzzzzzzzzzz")
        words = self.lock(status=1).stderr
        self.assertRegex(words, r"There is no package 'tol' \(near to it: .*tool.*\), 'zzzzzzzzzzzz'")
        self.assertFalse(os.path.exists(f"{self.dir}/c/atomos.lock"))

    def test_names_that_apt_would_misread(self):
        for name in ("tool-", "tool+"):
            self.configure(name)
            self.assertIn(f"There is no package '{name}'", self.lock(status=1).stderr)
        self.configure("g++")
        self.lock()
        self.assertIn("g++", self.packages())

    def test_conflict(self):
        self.main.add("rival", Conflicts="tool")
        self.publish()
        self.configure("tool", "rival")
        self.assertRegex(self.lock(status=1).stderr, r"apt can't put these packages together: .*"
                                                     r"rival : Conflicts: tool")

    def test_version(self):
        self.main.add("tool", "2", Depends="libtool1")
        self.publish()
        self.configure("tool=1")
        self.lock()
        self.assertEqual(self.packages()["tool"]["version"], "1")
        self.configure("tool=3")
        self.assertIn("Version '3' for 'tool' was not found", self.lock(status=1).stderr)

    def make_deb(self, content="1", version="1.0"):
        tree = f"{self.dir}/tree"
        os.makedirs(f"{tree}/DEBIAN", exist_ok=True)
        os.makedirs(f"{tree}/usr/share/mine", exist_ok=True)
        with open(f"{tree}/usr/share/mine/file", "w", encoding="utf-8") as file:
            file.write(content)
        with open(f"{tree}/DEBIAN/control", "w", encoding="utf-8") as file:
            file.write(f"Package: tool\nVersion: {version}\nArchitecture: all\n"
                       "Maintainer: Me <me@example.org>\nDepends: libbase\nDescription: mine\n")
        os.makedirs(f"{self.dir}/c", exist_ok=True)
        run("dpkg-deb", "-b", tree, f"{self.dir}/c/tool.deb")

    def test_local_file(self):
        self.make_deb(version="1")
        self.configure("./tool.deb")
        self.lock()
        tool = self.packages()["tool"]
        self.assertEqual((tool["repository"], tool["path"]), ("local", "./tool.deb"))
        self.assertIn("libbase", self.packages())
        self.assertEqual(self.read()["requested"]["packages"], ["./tool.deb"])
        self.lock("--frozen")
        self.make_deb("2", version="1")
        self.assertIn("forbids", self.lock("--frozen", status=1).stderr)
        self.assertIn("tool has another content", self.lock().stderr)
        self.configure("./tool.deb", "games")
        self.lock()
        self.assertEqual(self.layers("second"), {"games"})

    def test_no_package_file(self):
        os.makedirs(f"{self.dir}/c")
        with open(f"{self.dir}/c/x.deb", "w", encoding="utf-8") as file:
            file.write("nothing")
        self.configure("./x.deb")
        self.assertRegex(self.lock(status=1).stderr, r"x\.deb")

    def test_extra_repository(self):
        os.makedirs(f"{self.dir}/other")
        keys = Keys(f"{self.dir}/other")
        extra = Repository(f"{self.dir}/extra", "stable", keys)
        extra.add("special", Depends="libbase")
        extra.publish(DATE)
        entry = (f'debian.extraRepositories.acme = {{ uri = "{extra.uri}/"; suite = "stable"; '
                 f'key = "{keys.public}"; }};')
        self.configure("special", extra=entry)
        self.lock()
        self.assertEqual(self.packages()["special"]["repository"], "acme")
        # Signed by somebody else's key, Debian's here: refused.
        extra.publish(NEWS, sign=self.keys)
        self.assertRegex(self.lock("--rebase", status=1).stderr, "aren't signed")

    def test_repository_taken_away(self):
        """What came from a repository that isn't configured any more doesn't stay in the lock."""
        os.makedirs(f"{self.dir}/other")
        keys = Keys(f"{self.dir}/other")
        extra = Repository(f"{self.dir}/extra", "stable", keys)
        self.add_with_file(extra, "5")
        extra.publish(DATE)
        entry = (f'debian.extraRepositories.acme = {{ uri = "{extra.uri}/"; suite = "stable"; '
                 f'key = "{keys.public}"; }};')
        self.configure("tool", extra=entry)
        self.lock()
        self.assertEqual(self.packages()["tool"]["repository"], "acme")
        self.assertEqual(self.read()["requested"]["sources"], ["acme stable main", "main main"])
        self.assertIn("up to date", self.lock().stdout)
        self.configure("tool")
        self.assertIn("--frozen forbids", self.lock("--frozen", status=1).stderr)
        self.assertIn("tool 5 → 1", self.lock().stderr)
        self.assertEqual(self.packages()["tool"]["repository"], "main")
        self.assertEqual(self.read()["requested"]["sources"], ["main main"])

    def test_repository_added(self):
        """The lock knows of it, and of nothing else."""
        self.configure("tool")
        self.lock()
        before = self.read()
        self.main.add("tool", "2", Depends="libtool1")
        self.main.publish(NEWS, empty=("contrib",))
        self.security.publish(NEWS, empty=("contrib",))
        self.configure("tool", extra='debian.components = [ "main" "contrib" ];')
        self.assertIn("the packages are the same", self.lock().stderr)
        before["requested"]["sources"] = ["main contrib", "main main"]
        self.assertEqual(self.read(), before)
        self.lock("--frozen")

    def test_unsigned(self):
        with tempfile.TemporaryDirectory(dir=self.dir) as other:
            self.main.publish(NEWS, sign=Keys(other))
        self.configure("tool")
        self.assertRegex(self.lock(status=1).stderr, "aren't signed by Debian's keys")
        self.assertFalse(os.path.exists(f"{self.dir}/c/atomos.lock"))

    def test_altered_list(self):
        with open(f"{self.main.directory}/dists/trixie/main/binary-amd64/Packages", "a",
                  encoding="utf-8") as file:
            file.write("\nPackage: evil\nVersion: 1\n")
        self.configure("tool")
        self.assertRegex(self.lock(status=1).stderr, "package lists can't be had")

    def test_flake(self):
        """A remix as a flake: its modules by name, its lock beside flake.nix."""
        os.makedirs(f"{self.dir}/atomos")
        shutil.copy(f"{SOURCE}/flake.nix", f"{self.dir}/atomos")
        shutil.copytree(f"{SOURCE}/nix", f"{self.dir}/atomos/nix")
        self.make_deb(version="1")
        self.configure("games", "./tool.deb")
        with open(f"{self.dir}/c/flake.nix", "w", encoding="utf-8") as file:
            file.write(f'''{{ inputs.atomos.url = "path:{self.dir}/atomos"; outputs = {{ atomos, ... }}: {{
  atomosConfigurations.desk = atomos.lib.system {{ modules = [ ./configuration.nix ]; }};
}}; }}''')
        self.atomos("lock", which=("--flake", f"{self.dir}/c#desk"))
        self.assertEqual(self.read()["requested"]["packages"], ["./tool.deb", "games"])
        self.assertEqual(self.packages()["tool"]["path"], "./tool.deb")
        self.assertIn("up to date", self.atomos("lock", which=("--flake", f"{self.dir}/c#desk")).stdout)
        words = self.atomos("lock", which=("--flake", f"{self.dir}/c#desx"), status=1).stderr
        self.assertEqual(words, "atomos: The flake has no atomosConfigurations.desx; it has desk.\n")

    def test_kernel_needs_no_initramfs_tools(self):
        self.main.add("kernel", Depends="linux-initramfs-tool | initramfs-tools")
        self.main.add("initramfs-tools", Provides="linux-initramfs-tool")
        self.publish()
        self.configure("kernel")
        self.lock()
        self.assertNotIn("initramfs-tools", self.packages())

    def test_damaged_lock(self):
        self.configure("tool")
        self.lock()
        with open(f"{self.dir}/c/atomos.lock", "w", encoding="utf-8") as file:
            file.write("<<<<<<< HEAD\n")
        self.assertRegex(self.lock(status=1).stderr, r"atomos\.lock isn't valid JSON \(line 1")
        self.lock("--rebase")
        self.assertIn("tool", self.packages())

    def test_mistake_in_configuration(self):
        self.configure("tool", extra="networking.hostname = 5;")
        words = self.lock(status=1).stderr
        self.assertRegex(words, r"networking\.host[nN]ame")
        self.assertNotRegex(words, re.escape("while evaluating"))


if __name__ == "__main__":
    enter_namespace()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)
