#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What other tests stand on: namespaces of a test, systemd, a guest with a clock of its own."""
import os
import subprocess
import sys
import time

import isolation
from guest import Guest
from harness import DAEMON, SOURCE, TOOL, check, main, wait_for
from nested import Systemd


def test_each_test_has_namespaces_of_its_own(w):
    check(isolation.is_inside(), "not in namespaces")
    check(subprocess.run(["ip", "-br", "link"], capture_output=True, text=True).stdout.split()[0]
          == "lo", "a network that is not its own")
    check(os.listdir("/run/netns") == [], "names of network namespaces of others")
    check(len([p for p in os.listdir("/proc") if p.isdigit()]) <= 3, "processes of others")
    orphan = subprocess.run(["sh", "-c", "sleep 0.1 & echo $!"], capture_output=True, text=True)
    wait_for(lambda: not os.path.exists("/proc/" + orphan.stdout.strip()), 5,
             "an orphan is collected")


LEAVES_A_PROCESS = """
import os, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
import isolation
isolation.furnish()
isolation.be_init()
subprocess.Popen(["sh", "-c", "while :; do echo >>$0; sleep 0.05; done", sys.argv[2]],
                 start_new_session=True)
while not os.path.exists(sys.argv[2]):
    time.sleep(0.05)
sys.exit(3)
"""


def test_what_a_test_leaves_running_ends_with_it(w):
    left = w.path("left")
    inner = w.write("inner.py", LEAVES_A_PROCESS)
    done = subprocess.run([*isolation.prefix(), sys.executable, inner,
                           os.path.dirname(isolation.__file__), left])
    check(done.returncode == 3, "status of the test", done.returncode)
    size = os.path.getsize(left)
    check(size > 0, "it never ran")
    time.sleep(0.3)
    check(os.path.getsize(left) == size, "it goes on")


SHOW = """[Service]
Type=oneshot
RemainAfterExit=yes
User=daemon
StateDirectory=shown
PrivateTmp=yes
ProtectSystem=strict
ExecStart=/bin/sh -c 'id -un >/var/lib/shown/who; touch /usr/no 2>/var/lib/shown/refused; true'
"""


def test_systemd_runs_units(w):
    began = time.monotonic()
    s = Systemd(w, {"shown.service": SHOW}).start()
    w.note(f"systemd up after {time.monotonic() - began:.2f} s")
    check(s.run("cat", "/proc/1/comm").stdout == "systemd\n", "process 1")
    s.run("systemctl", "start", "shown.service")
    check(s.run("cat", "/var/lib/shown/who").stdout == "daemon\n", "User=")
    check("Read-only" in s.run("cat", "/var/lib/shown/refused").stdout, "ProtectSystem=")
    check(s.show("shown.service", "ActiveState") == {"ActiveState": "active"}, "state")
    check(not os.path.exists("/var/lib/shown"), "the root of the machine was written")
    check(s.ask("systemctl", "start", "none.service").returncode == 5, "a unit that is not there")
    s.stop()
    check(not os.path.exists(s.cgroup), "a cgroup was left")


def test_systemd_runs_our_unit(w):
    with open(os.path.join(SOURCE, "dist", "noonmarkd.service")) as f:
        unit = f.read()
    conf = ('user = "root"\nclock { type = "virtual" }\n'
            'server { listen = {"127.0.0.1:123"} local-stratum = 1 }\n')
    # The search for leaks needs ptrace, which the unit forbids.
    here = "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"
    s = Systemd(w, {"noonmarkd.service": unit, "noonmarkd.service.d/here.conf": here},
                {"/usr/bin/noonmarkd": ("copy", DAEMON), "/usr/bin/noonmark": ("copy", TOOL),
                 "/etc/noonmark/noonmarkd.conf": conf}).start()
    s.run("systemctl", "start", "noonmarkd.service")
    shown = s.show("noonmarkd.service", "ActiveState", "StatusText", "MainPID")
    check(shown["ActiveState"] == "active", shown)
    # Its network is the test's.
    w.tool("query", "ntp://127.0.0.1", status=0)
    s.run("systemctl", "stop", "noonmarkd.service")
    check(s.show("noonmarkd.service", "Result") == {"Result": "success"}, "how it ended")


CLOCK = """
cat /sys/class/pps/pps0/assert | sed 's/^/pps /'
ip link add v0 type veth peer name v1
ip link add link v0 name v0.5 type vlan id 5
ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1001 mode tunnel \\
	aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f01020304 128
ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto ah spi 0x2001 mode transport \\
	auth-trunc 'hmac(sha256)' 0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f 128
ip xfrm state | grep -c proto | sed 's/^/xfrm /'
ip -br link show v0.5 | cut -d ' ' -f 1 | sed 's/^/vlan /'
date -u -s '2001-02-03 04:05:06' >/dev/null
date -u +'date %Y-%m-%d %H:%M'
"""


def test_a_guest_has_a_clock_of_its_own(w):
    before = time.time() - time.monotonic()
    began = time.monotonic()
    g = Guest(w, CLOCK, ["pps-ktimer", "veth", "8021q", "xfrm_user", "esp4", "ah4", "gcm", "ctr",
                         "ghash-generic", "crypto_null", "seqiv", "hmac", "sha256_generic", "sha512_generic",
                         "authenc", "drbg", "jitterentropy_rng"]).start()
    said = dict(line.split(" ", 1) for line in g.finish() if " " in line)
    w.note(f"guest from start to halt {time.monotonic() - began:.2f} s")
    check(said.get("date") == "2001-02-03 04:05", said)
    check("#" in said.get("pps", ""), "pulses", said)
    check(said.get("xfrm") == "2", "ESP and AH", said)
    check(said.get("vlan", "").startswith("v0.5"), "VLAN", said)
    check(abs(time.time() - time.monotonic() - before) < 1, "the machine's own clock moved")


def test_a_guest_that_fails_is_noticed(w):
    g = Guest(w, "echo begun\nfalse\necho never\n").start()
    g.wait(30)
    check("begun" in g.said() and "never" not in g.said(), g.said()[-5:])
    check("guest: status 1" in g.said(), g.said()[-5:])
    g.popen = None


if __name__ == "__main__":
    sys.exit(main(globals()))
