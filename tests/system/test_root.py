# SPDX-License-Identifier: MIT
"""The root that the builder makes: like Debian's own, the same in every store, and refused when a
package leaves in it what must not be there."""

import calendar
import json
import re
import shutil
import subprocess
import sys
import time
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
    nixbuild.atomos("build", "--configuration", DEMO)
    return DEMO


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    directory = tmp_path_factory.mktemp("server")
    (directory / "configuration.nix").write_text(SERVER)
    nixbuild.atomos("build", "--configuration", directory)
    return directory


@pytest.fixture(scope="module")
def root(demo):
    return build(f"{configuration(demo)}.root")


def verify(path, keys):
    command = [nixbuild.program("atomos"), "verify", "--json", "--keys", keys, path]
    said = subprocess.run(command, capture_output=True, text=True)
    result = json.loads(said.stdout)
    assert said.returncode == (0 if result["good"] else 1)
    return result


def test_verify_a_path(demo, tmp_path):
    """A system is good with the key that signed it and no other; what nobody signed is bad."""
    keys, other = TOP / "build/keys", tmp_path / "other"
    system = build(f"{configuration(demo)}.system")
    good = verify(system, keys)
    assert good["good"] and good["system"] == system and good["paths"] > 100
    assert good["key"] == (keys / "nix-public-key").read_text().split(":")[0]
    subprocess.run([nixbuild.program("atomos"), "-q", "keys", "new", other], check=True, stdout=subprocess.DEVNULL)
    assert "is not a trusted key" in verify(system, other)["error"]
    unsigned = build(f"{configuration(demo)}.inputs")
    assert verify(unsigned, keys)["error"] == f"{unsigned} has no signature"


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


def path_info(path, store):
    return json.loads(nixbuild.nix("path-info", "--json", "--store", store, path))[path]


def days(began, ended):
    """How programs write down the days of the build, and those since 1970 (shadow(5))."""
    forms = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d/%m/%Y", "%a %b %e", "%d %b %Y", "%e %b %Y", "%b %e %Y", "%B %d, %Y")
    for day in {time.gmtime(began)[:3], time.gmtime(ended)[:3]}:
        moment = calendar.timegm((*day, 12, 0, 0))
        yield from (time.strftime(form, time.gmtime(moment)).encode() for form in forms)
        yield b":%d:" % (moment // 86400)


def check_timeless(made, epoch, began, ended):
    """Another date gives the same bytes only if none of them tells this one: nothing in the root
    is younger than the lock or names the day of the build. What is finer than a day would
    differ from the root that was built before."""
    for line in (made / "manifest").read_text().splitlines():
        assert float(line.split(" ")[7]) <= epoch, line
    # What the lock's own date gives is no trace of today.
    patterns = set(days(began, ended)) - set(days(epoch, epoch))
    assert patterns, "the lock was made today: nothing can be told"
    for file in (p for p in (made / "delta").rglob("*") if p.is_file()):
        data = file.read_bytes()
        traces = [p for p in patterns if p in data]
        assert not traces, f"{file} knows the day of the build: {traces}"


def check_reproducible(directory, store):
    """Builds everything once more in a store that has nothing but the .debs."""
    nixbuild.nix("copy", "--no-check-sigs", "--to", store, *nixbuild.debs(directory))
    for attribute in ("root", "system", "boot"):
        ours = build(f"{configuration(directory)}.{attribute}")
        # In another second than ours was, which may have been made just now.
        while (began := int(time.time())) <= path_info(ours, "auto")["registrationTime"]:
            time.sleep(0.1)
        # Not the users of the clone's store, in which another test may be building at the time.
        theirs = build(f"{configuration(directory)}.{attribute}", "--store", store, "--option", "start-id", "2013265920")
        assert ours == theirs
        infos = [path_info(ours, where) for where in ("auto", store)]
        assert infos[0]["narHash"] == infos[1]["narHash"], f"{attribute} differs: {ours}"
        # Built anew.
        assert infos[0]["registrationTime"] < began <= infos[1]["registrationTime"]
        if attribute == "root":
            check_timeless(Path(f"{store}{ours}"), nixbuild.lock(directory)["date"], began, time.time())


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


def test_golden(root):
    """Another machine, at another date, with another compiler: the same bytes."""
    golden = (TOP / "tests/data/demo-root").read_text().split()[-1]
    made = nixbuild.digest(root)
    assert made == golden, (
        f"the demo's root has the digest {made}: write it into tests/data/demo-root only if the demo's "
        "lock, its answers for debconf or what the builder makes was changed on purpose")


# The store.


@pytest.mark.long
def test_kept_from_garbage_collection(demo, tmp_path):
    """A mirror that dropped a package doesn't stop a rebuild: its .deb is kept."""
    (tmp_path / "unused").write_text(str(tmp_path))
    unused = nixbuild.nix("store", "add-file", tmp_path / "unused")
    dead = set(subprocess.run(["nix-store", "--gc", "--print-dead"], capture_output=True, text=True, check=True).stdout.split())
    assert unused in dead
    debs = nixbuild.debs(demo)
    assert len(debs) == len(nixbuild.lock(demo)["packages"])
    assert not dead & set(debs)
    assert build(f"{configuration(demo)}.root") not in dead and build(f"{configuration(demo)}.system") not in dead


def paths_with(locked, directory):
    """Store paths of the demo's configuration with another lock; nothing is built."""
    directory.mkdir()
    shutil.copy(DEMO / "configuration.nix", directory)
    (directory / "atomos.lock").write_text(json.dumps(locked))
    paths = nixbuild.evaluate(directory, "root.outPath", "root.packages", "system.outPath", "boot.outPath", "inputs.outPath")
    return paths | {"root.packages": set(paths["root.packages"].split("\n"))}


def test_second_layer_leaves_the_first(tmp_path):
    locked = nixbuild.lock(DEMO)
    before = paths_with(locked, tmp_path / "before")
    package = dict(locked["packages"][0], name="test-package", layer="second", sha256="0" * 64)
    after = paths_with(dict(locked, packages=locked["packages"] + [package]), tmp_path / "after")
    assert {name for name in before if before[name] != after[name]} == {"system.outPath", "inputs.outPath"}


def test_changed_package_rebuilds_itself_and_what_lies_above(tmp_path):
    locked = nixbuild.lock(DEMO)
    before = paths_with(locked, tmp_path / "before")
    packages = [dict(p, sha256="0" * 64) if p["name"] == "bash" else p for p in locked["packages"]]
    after = paths_with(dict(locked, packages=packages), tmp_path / "after")
    assert all(before[name] != after[name] for name in before)
    gone, new = before["root.packages"] - after["root.packages"], after["root.packages"] - before["root.packages"]
    assert [p.split("-")[1] for p in gone] == [p.split("-")[1] for p in new] == ["bash"]
    assert len(before["root.packages"] & after["root.packages"]) == len(locked["packages"]) - 1


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
