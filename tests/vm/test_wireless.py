# SPDX-License-Identifier: MIT
"""A medium that is tried, and the first start of a disk, in a machine that has no network but a wireless one. The radios are
the kernel's own simulated ones (mac80211_hwsim); the access point, what it encrypts with and NetworkManager are real."""

import re

import pytest

import first_boot
import installed
import vm
from disks import make_medium
from screens import ENTER, TAB, Serial
from tamper import Copy

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("wireless")]
SHOWN, TRIED = vm.LOGS / "wireless-screens.txt", vm.LOGS / "wireless-try-screens.txt"
NETWORK, PASSPHRASE = "Lamplight", "twelve quiet rivers"
SYSTEM = f"""\
  environment.systemPackages = [ "hostapd" "dnsmasq-base" "iw" "iproute2" ];
  environment.etc."access-point.conf".text = ''
    interface=wlan1
    driver=nl80211
    ssid={NETWORK}
    hw_mode=g
    channel=1
    wpa=2
    wpa_key_mgmt=WPA-PSK
    rsn_pairwise=CCMP
    wpa_passphrase={PASSPHRASE}
  '';
  # Out of the machine's sight: the second radio is in a network namespace of its own.
  environment.etc."access-point".text = ''
    set -eu
    modprobe mac80211_hwsim radios=2
    udevadm settle
    ip netns add air
    iw phy "$(cat /sys/class/net/wlan1/phy80211/name)" set netns name air
    ip -n air address add 10.9.0.1/24 dev wlan1
    ip -n air link set wlan1 up
    ip netns exec air dnsmasq --conf-file=/dev/null --port=0 --dhcp-range=10.9.0.10,10.9.0.90 --dhcp-leasefile=/run/leases
    ip netns exec air hostapd -B /etc/access-point.conf
  '';
  systemd.services.access-point = {{
    description = "An access point in the air around this machine";
    wantedBy = [ "NetworkManager.service" ];
    before = [ "NetworkManager.service" ];
    serviceConfig = {{
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "/bin/sh /etc/access-point";
    }};
  }};
"""


@pytest.fixture(scope="module")
def air(tmp_path_factory):
    """A medium that has the access point with it."""
    return make_medium(tmp_path_factory.mktemp("air"), SYSTEM, "medium")


@pytest.fixture(scope="module")
def disk(air, tmp_path_factory):
    """Installed, without an owner, and what its machine keeps."""
    directory = tmp_path_factory.mktemp("wireless")
    with Copy(air, "wireless") as copy:
        installed.ownerless(copy)
        installed.add_room(copy.path, first_boot.HOMES)
        yield copy.path, directory


def connect(serial):
    """From the question about the network through NetworkManager's own screens."""
    serial.choose("Make a connection")
    serial.see(NETWORK, 60)
    serial.press(ENTER)
    serial.see("Password", 60)
    serial.press(PASSPHRASE + TAB + TAB + ENTER)
    serial.see("* " + NETWORK, 90)
    serial.press("\x1b")


def test_asked_for_when_it_is_tried(air):
    """Between the menu and the log-in."""
    with vm.boot("wireless-try", air, network=False) as m:
        serial = Serial(m, TRIED)
        serial.see("Try it")
        serial.choose("Try it")
        serial.see("no connection to a network")
        connect(serial)
        m.login()
        assert m.run("nmcli -g STATE general; cat /sys/class/net/wlan0/operstate").split() == ["connected", "up"]


def test_asked_for_at_the_first_start_and_there_from_then_on(disk):
    path, keep = disk
    with vm.boot("wireless", path, keep=keep, network=False) as m:
        serial = Serial(m, SHOWN)
        asked = serial.see("A few questions make")
        while "no connection to a network" not in asked:
            assert "Your name" not in asked, asked
            asked = serial.go_on()
        connect(serial)
        serial.see("Your name")
        serial.press(first_boot.CTRL_P)
        first_boot.answer_all(m, first_boot.USER, first_boot.OWNER_PASSWORD)
        m.expect("login: ")
        m.qmp("system_powerdown")
        m.wait_off(180)
    with vm.boot("wireless-again", path, keep=keep, network=False) as m:
        m.login(first_boot.USER, first_boot.OWNER_PASSWORD)
        said = m.run("nm-online -q -t 90; nmcli -g STATE general; cat /sys/class/net/wlan0/operstate", 120)
        assert re.search(r"^connected", said, re.M) and said.endswith("up"), said
        assert m.run("stat -c %a:%U /etc/NetworkManager/system-connections/*").split() == ["600:root"]
