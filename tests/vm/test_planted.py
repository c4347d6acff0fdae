# SPDX-License-Identifier: MIT
"""Whoever was root on an owned machine left code wherever it would be run by itself: after a restart none of it runs.

Each place is planted in one start and, where the demo has the program that runs it, seen to work there. The next
start meets the same provocation and must not run it."""

import shlex

import pytest

import installed
from disks import open_image

pytestmark = pytest.mark.long
PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def image(image):
    """These disks have no owner's account to log in with: the medium's stays."""
    return open_image(image)


class Place:
    """files by path; `provoke` makes it run (None: the demo lacks the program); `seen` succeeds once it has."""

    def __init__(self, files, provoke=None, seen=None, links=None):
        self.files, self.provoke, self.seen, self.links = files, provoke, seen, links or {}


def mark(name):
    """A command that works by itself, in every start."""
    return f"/bin/mkdir -p /run/planted-{name}"


def unit(name, user=False):
    where = "/tmp" if user else "/run"
    return f"[Service]\nType=oneshot\nExecStart=/bin/mkdir -p {where}/planted-{name}\n"


def soon(path):
    """A user's manager is there before all that it starts is."""
    return f"timeout 15 sh -c 'until test -e {path}; do sleep 1; done'"


def script(name):
    return f"#!/bin/sh\n{mark(name)}\n"


RELEASE = "ID=_any\n"
PLACES = {
    "unit": Place({"/etc/systemd/system/planted.service": unit("unit")}, "systemctl start planted",
                  links={"/etc/systemd/system/multi-user.target.wants/planted.service": "../planted.service"}),
    "drop-in": Place({"/etc/systemd/system/atomos-notice.service.d/p.conf": f"[Service]\nExecStartPost={mark('drop-in')}\n"},
                     "systemctl restart atomos-notice"),
    "portable": Place({"/etc/systemd/system.attached/planted-portable.service": unit("portable"),
                       "/var/lib/portables/planted/usr/lib/os-release": RELEASE}, "systemctl start planted-portable"),
    "generator": Place({"/etc/systemd/system-generators/planted": '#!/bin/sh\n: >"$1/planted-generator"\n'},
                       "systemctl daemon-reload", "test -e /run/systemd/generator/planted-generator"),
    "user-unit": Place({"/etc/systemd/user/planted-user.service": unit("user-unit", user=True)},
                       "systemctl restart user@1000", soon("/tmp/planted-user-unit"),
                       links={"/etc/systemd/user/default.target.wants/planted-user.service": "../planted-user.service"}),
    "linger": Place({"/var/lib/systemd/linger/root": "", "/root/.config/systemd/user/planted-linger.service": unit("linger")},
                    "test ! -e /var/lib/systemd/linger/root || { loginctl enable-linger root; systemctl start user@0; }",
                    soon("/run/planted-linger"),
                    links={"/root/.config/systemd/user/default.target.wants/planted-linger.service": "../planted-linger.service"}),
    "cron": Place({"/var/spool/cron/crontabs/root": f"* * * * * {mark('cron')}\n"}),
    "cron.d": Place({"/etc/cron.d/planted": f"* * * * * root {mark('cron.d')}\n"}),
    "at": Place({"/var/spool/cron/atjobs/a0000101": script("at")}),
    "dispatcher": Place({"/etc/NetworkManager/dispatcher.d/planted": script("dispatcher")}),
    "container": Place({"/etc/containers/systemd/planted.container": "[Container]\nImage=planted\n"}),
    "udev": Place({"/etc/udev/rules.d/99-planted.rules": f'KERNEL=="null", RUN+="{mark("udev")}"\n'},
                  "udevadm control --reload; udevadm trigger --action=change --sysname-match=null; udevadm settle"),
    "tmpfiles": Place({"/etc/tmpfiles.d/planted.conf": "d /run/planted-tmpfiles\n"}, "systemd-tmpfiles --create"),
    "modprobe": Place({"/etc/modprobe.d/planted.conf": f"install planted {mark('modprobe')}\n"}, "modprobe planted"),
    "profile": Place({"/etc/profile.d/planted.sh": mark("profile") + "\n"}, "bash -l -c true"),
    "sudo": Place({"/etc/sudoers.d/planted": "atom ALL=(ALL) NOPASSWD: ALL\n"}, "true", "su atom -c 'sudo -kn true'"),
    "program": Place({"/usr/local/bin/uptime": script("program")}, "hash -r; uptime"),
    "ssh": Place({"/root/.ssh/authorized_keys": "ssh-ed25519 AAAAplanted\n"}),
    "sysext": Place({"/var/lib/extensions/planted/usr/lib/extension-release.d/extension-release.planted": RELEASE,
                     "/var/lib/extensions/planted/usr/share/planted": ""},
                    "systemd-sysext refresh", "test -e /usr/share/planted && systemd-sysext unmerge"),
    "confext": Place({"/var/lib/confexts/planted/etc/extension-release.d/extension-release.planted": RELEASE,
                      "/var/lib/confexts/planted/etc/planted": ""},
                     "systemd-confext refresh", "test -e /etc/planted && systemd-confext unmerge"),
    "pam": Place({"/etc/pam.d/su-l": f"session optional pam_exec.so {mark('pam')}\nauth sufficient pam_rootok.so\n"
                                     "account required pam_permit.so\nsession required pam_permit.so\n"}, "su - atom -c true"),
    "preload": Place({"/etc/ld.so.preload": "/var/lib/atomos/planted.so\n"}, "true", "/bin/true 2>&1 | grep planted.so"),
}


def plant(m, place):
    for path, content in place.files.items():
        directory = path.rsplit("/", 1)[0]
        m.run(f"mkdir -p {directory} && printf %s {shlex.quote(content)} >{path} && chmod 755 {path}")
    for path, target in place.links.items():
        m.run(f"mkdir -p {path.rsplit('/', 1)[0]} && ln -sf {target} {path}")


def runs(m, name, place):
    m.run(place.provoke, 120, check=False)
    return "it-ran" in m.run(f"{{ {place.seen or f'test -e /run/planted-{name}'}; }} && echo it-r''an", check=False)


def start(machine, path, keep):
    m = machine(image=path, keep=keep)
    m.expect("Password for this AtomOS disk")
    m.send(PASSWORD)
    m.login()
    m.run("timeout 200 systemctl is-system-running --wait || true", 240)
    return m


def kept_directories(m):
    """What the state is mounted over."""
    found = m.run("findmnt -rno TARGET,FSROOT").split("\n")
    return [line.split()[0] for line in found if line.split()[-1].startswith("/state/root/")]


def executes(m, path):
    """Whether a program of our own runs there."""
    return "Permission denied" not in m.run(path, check=False)


def test_planted_code_does_not_run_after_a_restart(machine, copy, tmp_path):
    path = installed.owned(copy, PASSWORD.encode())
    m = start(machine, path, tmp_path)
    kept = [d for d in kept_directories(m) if m.run(f"test -d {d}; echo $?") == "0"]
    assert {"/var/lib/systemd/home", "/var/lib/NetworkManager", "/etc/cups", "/var/lib/atomos"} <= set(kept)
    for directory in kept:
        plant(m, Place({f"{directory}/planted": script("kept")}))
        assert not executes(m, f"{directory}/planted"), directory
    # With the mask off it would run.
    m.run("mount -o remount,bind,exec /var/lib/NetworkManager")
    assert executes(m, "/var/lib/NetworkManager/planted")
    m.run("test -e /run/planted-kept")
    for place in PLACES.values():
        plant(m, place)
    m.run("systemctl daemon-reload")
    idle = [name for name, place in PLACES.items() if place.provoke and not runs(m, name, place)]
    assert not idle, f"planted wrongly: {idle}"
    assert sum(place.provoke is not None for place in PLACES.values()) >= 15
    m.send("systemctl poweroff")
    m.wait_off(180)

    m = start(machine, path, tmp_path)
    assert m.run("ls -d /run/planted-* /tmp/planted-*; true").count("No such file") == 2
    ran = [name for name, place in PLACES.items() if place.provoke and runs(m, name, place)]
    assert not ran, f"ran after a restart: {ran}"
    there = {p for place in PLACES.values() for p in place.files if m.run(f"test -e {p}; echo $?") == "0"}
    assert there == {"/etc/pam.d/su-l"}, "that one file is Debian's, and is Debian's again"
    for directory in kept:
        m.run(f"test -f {directory}/planted")
        assert not executes(m, f"{directory}/planted"), directory
