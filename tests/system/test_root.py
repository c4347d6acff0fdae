# SPDX-License-Identifier: MIT
"""The root that the builder makes: like Debian's own, the same in every store, and refused when a
package leaves in it what must not be there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nixbuild
from nixbuild import DEMO, TOP, build, configuration

sys.path.insert(0, str(TOP / "tests/builder"))
import faithful  # noqa: E402

SERVER = """{ ... }:
{
  atomos.product = "server";
  environment.systemPackages = [ "nginx" "postgresql" "podman" "default-jre-headless" ];
}
"""


@pytest.fixture(scope="module")
def demo():
    """The demo, built: its directory."""
    subprocess.run([TOP / "atomos", "build", "--configuration", DEMO], check=True, capture_output=True)
    return DEMO


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    (directory / "configuration.nix").write_text(SERVER)
    subprocess.run([TOP / "atomos", "build", "--configuration", directory], check=True, capture_output=True)
    return directory


@pytest.fixture(scope="module")
def root(demo):
    return build(f"{configuration(demo)}.root")


def check_faithful(directory, exceptions, tmp_path):
    root = build(f"{configuration(directory)}.root")
    made = tmp_path / "made"
    faithful.bootstrap(made, nixbuild.debs(directory), nixbuild.lock(directory)["date"])
    differences = faithful.compare(faithful.Built(root, "/nix/store"), faithful.Made(made))
    lines = faithful.judge(differences, faithful.read_exceptions(exceptions))
    shutil.rmtree(made)
    assert not lines, "\n".join(lines)


def test_as_mmdebstrap(demo, tmp_path):
    check_faithful(demo, TOP / "tests/data/faithful-exceptions", tmp_path)


@pytest.mark.long
def test_server_as_mmdebstrap(server, tmp_path):
    check_faithful(server, TOP / "tests/data/faithful-exceptions-server", tmp_path)


def check_reproducible(directory, store):
    """Builds everything once more in a store that has nothing but the .debs."""
    nixbuild.nix("copy", "--no-check-sigs", "--to", store, *nixbuild.debs(directory))
    for attribute in ("root", "system", "boot"):
        ours = build(f"{configuration(directory)}.{attribute}")
        theirs = build(f"{configuration(directory)}.{attribute}", "--store", store)
        assert ours == theirs
        hashes = [
            json.loads(nixbuild.nix("path-info", "--json", "--store", where, ours))[ours]["narHash"]
            for where in ("auto", store)
        ]
        assert hashes[0] == hashes[1], f"{attribute} differs: {ours}"


def remove_store(store):
    # Store paths are read-only, to root too where a file system says so.
    subprocess.run(["chmod", "-R", "u+w", store], check=False)
    shutil.rmtree(store, ignore_errors=True)


def test_same_in_another_store(demo):
    store = Path("/var/tmp/atomos-test-store")
    remove_store(store)
    try:
        check_reproducible(demo, store)
    finally:
        remove_store(store)


@pytest.mark.long
def test_server_same_in_another_store(server):
    store = Path("/var/tmp/atomos-test-store-server")
    remove_store(store)
    try:
        check_reproducible(server, store)
    finally:
        remove_store(store)


def test_no_time_of_the_build(root):
    """Another date gives the same bytes only if none of them tells this one: nothing in the
    delta is younger than the lock, or mentions the day of the build."""
    epoch = nixbuild.lock(DEMO)["date"]
    for line in (Path(root) / "manifest").read_text().splitlines():
        assert float(line.split(" ")[7]) <= max(epoch, 2**31), line
    today = subprocess.run(["date", "+%Y-%m-%d|%Y%m%d|%a %b %e"], capture_output=True, text=True).stdout.strip()
    patterns = [p.encode() for p in today.split("|")]
    for file in (Path(root) / "delta").rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not any(p in data for p in patterns), f"{file} knows today's date"


# Packages that misbehave, as a second layer on the demo's root.

CONTROL = """Package: test-package
Version: 1
Architecture: all
Maintainer: Test <test@localhost>
Description: a package of the tests
"""


def make_deb(path, postinst="", files=(), control=CONTROL):
    members = [("./control", control)]
    if postinst:
        members.append(("./postinst", "#!/bin/sh\nset -e\n" + postinst))
    data = faithful.tar_bytes(members)
    if postinst:
        data = executable(members)
    path.write_bytes(
        b"!<arch>\n"
        + faithful.ar_member("debian-binary", b"2.0\n")
        + faithful.ar_member("control.tar", data)
        + faithful.ar_member("data.tar", faithful.tar_bytes(files))
    )
    return path


def executable(members):
    import tarfile
    from io import BytesIO

    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in members:
            info = tarfile.TarInfo(name)
            info.size = len(text)
            info.mode = 0o755 if name != "./control" else 0o644
            tar.addfile(info, BytesIO(text.encode()))
    return out.getvalue()


def second_layer(root, deb):
    locked = nixbuild.lock(DEMO)
    packages = TOP / "nix/packages"
    program = f'(builtins.path {{ path = {nixbuild.program("atomos-build")}; name = "atomos-build"; }})'
    return build(
        f"""import {packages}/root.nix {{
          base = builtins.storePath {root};
          packages = [ (import {packages}/unpack.nix {{
            deb = builtins.path {{ path = {deb}; name = "test.deb"; }};
            package = {{ name = "test-package"; version = "1"; }};
            atomosBuild = {program};
          }}) ];
          users = {{ }} // builtins.fromJSON ''{json.dumps(locked["users"])}'';
          groups = builtins.fromJSON ''{json.dumps(locked["groups"])}'';
          epoch = {locked["date"]};
          atomosBuild = {program};
        }}""",
        check=False,
    )


def refused(root, tmp_path, **package):
    result = second_layer(root, make_deb(tmp_path / "test.deb", **package))
    assert result.returncode != 0, "the package was accepted"
    return result.stderr


def test_good_package(root, tmp_path):
    deb = make_deb(
        tmp_path / "test.deb",
        postinst="echo interfaces: $(grep -c : /proc/net/dev) >/etc/test-interfaces; id -u >/etc/test-user; "
        "install -d -o man -m 2750 /var/lib/test",
        files=[("./usr/share/test/file", "content\n")],
    )
    result = second_layer(root, deb)
    assert result.returncode == 0, result.stderr[-3000:]
    layer = Path(result.stdout.strip())
    built = faithful.Built(layer, "/nix/store")
    # No network but the loopback, and root of a namespace.
    assert built.content("/etc/test-interfaces") == b"interfaces: 1\n"
    assert built.content("/etc/test-user") == b"0\n"
    assert built.describe("/var/lib/test")[:2] == ["drwxr-s---", "man"]
    assert built.content("/usr/share/test/file") == b"content\n"
    assert "-test-package-1/data/usr/share/test/file" in built.entries["/usr/share/test/file"][8]
    assert b"Package: test-package\nStatus: install ok installed" in built.content("/var/lib/dpkg/status")
    # Only what differs from the base is in the second delta.
    delta = sorted(str(p.relative_to(layer / "delta")) for p in (layer / "delta").rglob("*") if p.is_file())
    assert delta == ["etc/test-interfaces", "etc/test-user", "var/lib/dpkg/info/test-package.list",
                     "var/lib/dpkg/info/test-package.md5sums", "var/lib/dpkg/status"]


def test_private_key_refused(root, tmp_path):
    words = refused(root, tmp_path, postinst="sleep 0.1; openssl genpkey -quiet -algorithm ed25519 >/etc/test.key 2>/dev/null || "
                    "printf -- '-----BEGIN PRIVATE KEY-----\\nMII\\n' >/etc/test.key")
    assert re.search(r"/etc/test.key holds a private key, written while the package test-package", words)


def test_machine_id_refused(root, tmp_path):
    words = refused(root, tmp_path, postinst="mkdir -p /var/lib/test; sleep 0.1; echo 0123456789abcdef0123456789abcdef >/var/lib/test/machine-id")
    assert re.search(r"/var/lib/test/machine-id holds a machine identity, written while the package test-package", words)


def test_unknown_ids_are_named(root, tmp_path):
    words = refused(root, tmp_path, postinst="groupadd --system testers; useradd --system -g testers -d /var/lib/test -s /bin/false tester")
    assert re.search(r"atomos-lock-id: group testers \d+\n", words)
    assert re.search(r"atomos-lock-id: user tester \d+ \d+ /var/lib/test /bin/false\n", words)
    assert "2 system users and groups made by test-package aren't in the lock: run atomos lock" in words


def test_failing_script_is_named(root, tmp_path):
    words = refused(root, tmp_path, postinst="echo those were my last words; exit 7")
    assert "those were my last words" in words and "test-package" in words


def test_conflicting_file_is_named(root, tmp_path):
    words = refused(root, tmp_path, files=[("./usr/bin/bash", "x")])
    assert "/usr/bin/bash is in the package test-package and already in the root" in words


def test_foreign_owner_is_named(root, tmp_path):
    words = refused(root, tmp_path, postinst="sleep 0.1; touch /etc/test; chown 555 /etc/test")
    assert "/etc/test belongs to user 555, which doesn't exist, since the package test-package was configured" in words


def test_hostile_package_refused(root, tmp_path):
    words = refused(root, tmp_path, files=[("./../../evil", "x")])
    assert "../../evil" in words and "test.deb" in words
