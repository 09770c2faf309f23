#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A tunnel that a site's IKE daemon manages: strongSwan with ESP of its own behind a TUN device, which
needs nothing of the kernel. Ours only observes it, and measures what encryption takes."""
import os
import subprocess
import sys
import time

import peers  # noqa: F401  (finds the harness)
from harness import PATIENCE, Process, Skip, check, ip, main, wait_for
from ptp import OPEN, measuring, ptp, receiver, served, transmitter

CHARON = "/usr/lib/ipsec/charon"
INNER = {"a": "10.99.0.1", "b": "10.99.0.2"}
REKEY = 6  # seconds

DAEMON_CONF = """
charon {{
  load_modular = no
  load = random nonce openssl aes gcm sha1 sha2 hmac kdf drbg curve25519 gmp pem pkcs1 x509 pubkey constraints kernel-libipsec kernel-netlink socket-default vici updown
  install_routes = yes
  filelog {{ log {{ path = {dir}/charon.log
     default = 1
     flush_line = yes }} }}
  plugins {{ vici {{ socket = unix://{dir}/vici }}
            kernel-libipsec {{ allow_peer_ts = no }} }}
}}
swanctl {{ load = random nonce openssl pem pkcs1 x509 pubkey vici }}
"""

# The traffic that is protected must not be between the ends of IKE themselves.
CONNECTION = """
connections {{ ptp {{
  version = 2
  local_addrs = {local}
  remote_addrs = {peer}
  proposals = aes128gcm16-prfsha256-curve25519
  local {{ auth = psk
    id = {id} }}
  remote {{ auth = psk
    id = {peer_id} }}
  children {{ timing {{ local_ts = {inner}/32
    remote_ts = {peer_inner}/32
    esp_proposals = aes128gcm16
    rekey_time = {rekey}s
    rand_time = 0s
    life_time = 60s
    start_action = none }} }}
}} }}
secrets {{ ike-1 {{ id = {peer_id}
  secret = "a test secret" }} }}
"""


class Charon(Process):
    """With a /run of its own, where it keeps its pid."""

    def __init__(self, w, net, end):
        if not os.access(CHARON, os.X_OK) or not os.path.exists("/usr/sbin/swanctl"):
            raise Skip("strongswan-charon and strongswan-swanctl are not installed")
        other = "b" if end == "a" else "a"
        self.dir, self.net, self.end = w.path("charon-" + end), net, end
        os.makedirs(self.dir)
        self.conf = w.write(f"charon-{end}/strongswan.conf", DAEMON_CONF.format(dir=self.dir))
        self.connection = w.write(f"charon-{end}/swanctl.conf", CONNECTION.format(
            local=net.address[end], peer=net.address[other], id=end, peer_id=other, inner=INNER[end],
            peer_inner=INNER[other], rekey=REKEY))
        super().__init__(w, "charon-" + end,
                         ["unshare", "-m", "sh", "-c", f"mount -t tmpfs t /run; exec {CHARON}"],
                         env={"STRONGSWAN_CONF": self.conf}, ns=net.end(end))
        self.expected = {0, -15}

    def swanctl(self, *args):
        argv = self.net.end(self.end).wrap(["swanctl", *args, "--uri", f"unix://{self.dir}/vici"])
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30 * PATIENCE,
                              env={**os.environ, "STRONGSWAN_CONF": self.conf})
        check(done.returncode == 0, argv, done.stdout, done.stderr, self.log()[-500:])
        return done.stdout

    def ready(self):
        wait_for(lambda: os.path.exists(self.dir + "/vici") or not self.alive(), 15, "charon is up")
        if not self.alive():
            self.expected = {self.popen.returncode}
            raise Skip("charon does not run here: " + self.log()[-300:])
        self.swanctl("--load-all", "--file", self.connection)
        ip("-n", self.net.name(self.end), "addr", "add", INNER[self.end] + "/32", "dev", "ipsec0")


def tunnelled(w, net):
    daemons = [Charon(w, net, end).start() for end in "ab"]
    for d in daemons:
        d.ready()
    check("established" in (said := daemons[0].swanctl("--initiate", "--child", "timing")), said)
    return daemons


def observing(net, end):
    other = "b" if end == "a" else "a"
    return {"tunnel": [("site", {"backend": "observe", "local": net.address[end], "peer": net.address[other],
                                 "inner-local": INNER[end], "inner-peer": INNER[other]})]}


def ends(w, net):
    t = transmitter(w, net, interface=None, tunnel="site", multicast=False, unicast_listen=True,
                    top=observing(net, "a"))
    inside = {"tunnel": "site", "transmitter": INNER["a"], "logSyncInterval": -3, "logAnnounceInterval": -2,
              "logMinDelayReqInterval": -3, **OPEN}
    r = receiver(w, net, top={**observing(net, "b"), "alert-limit": "50ms"}, sources=[("gm", inside)])
    return t, r


def tunnel(d):
    return d.status()["tunnels"][0]


def test_a_tunnel_of_strongswans_is_measured(w):
    net = w.net()
    tunnelled(w, net)
    t, r = ends(w, net)
    r.wait_state("ok", 30)
    measuring(r)
    # What is unprotected as far as we know is said to be.
    check(not r.source()["authenticated"] and not ptp(r)["in_tunnel"], r.source())
    for d in (t, r):
        s = wait_for(lambda d=d: (s := tunnel(d))["up"] and all(
            sum(e["n"] for e in s["edges"] if e["side"] == side) > 60 for side in ("out", "in")) and s, 60,
            f"{d.name} measures: {tunnel(d)}")
        check(s["stamps"] == "before encryption" and s["inner_device"] == "ipsec0", s)
        check(s["device"] == "veth0" and s["backend"] == "observe" and s["mode"] == "observed", s)
        check("stamps are taken before encryption" in d.log(), d.log())
        for way in ("out", "in"):
            check(s[way]["exclusive"] and s[way]["matched"] > 20, s[way])
        for e in (e for e in s["edges"] if e["n"] > 10):
            check(2e-6 < e["median_s"] < 50e-3, e)
        sides = {side: [e["median_s"] for e in s["edges"] if e["side"] == side and e["n"] > 10]
                 for side in ("out", "in")}
        check(sides["out"] and sides["in"], s["edges"])
        w.note(d.name, "median of t' - t:", *(f"{x * 1e6:.0f}" for x in sides["out"]), "us; of t2 - t2':",
               *(f"{x * 1e6:.0f}" for x in sides["in"]), "us")
        text = w.tool("tunnel", "status", "--socket", d.socket, status=0).stdout
        check("stamps before encryption" in text and "t' - t: median" in text and "#" in text, text)
    check(ptp(r)["port"]["stamps"] == "before-device", ptp(r)["port"])
    check(served(t)["unicast_receivers"] == 1, served(t))
    w.note("round trip", r.source()["rtt_s"], "bound", r.status()["bound_s"])


def test_a_refresh_by_strongswan_and_others_in_its_tunnel(w):
    net = w.net()
    tunnelled(w, net)
    t, r = ends(w, net)
    r.wait_state("ok", 30)
    s = wait_for(lambda: (s := tunnel(r))["out"]["spi_changes"] >= 2 and s, 60, "refreshes")
    check(s["out"]["exclusive"] or s["in"]["exclusive"], s)
    # A program that shares the association is seen inside as well, so that all still adds up.
    code = ("import socket, time\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "for i in range(20):\n"
            f"    s.sendto(b'hello', ('{INNER['a']}', 5000)); time.sleep(0.05)\n")
    done = subprocess.run(net.end("b").wrap([sys.executable, "-c", code]), capture_output=True, text=True)
    check(done.returncode == 0, done.stdout, done.stderr)
    s = wait_for(lambda: (s := tunnel(r))["out"]["others_inside"] >= 20 and s, 10, "they are counted")
    matched = s["out"]["matched"]
    wait_for(lambda: (s := tunnel(r))["out"]["exclusive"] and s["out"]["matched"] > matched + 10, 20,
             f"all is matched: {tunnel(r)}")


class Stranger(Process):
    """Sends what looks like packets of the tunnel, which no program has sent into it."""

    CODE = r"""
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ESP)
while True:
    s.sendto(os.urandom(100), ('192.0.2.1', 0))
    time.sleep(0.7)
"""

    def __init__(self, w, ns):
        super().__init__(w, "stranger", [sys.executable, "-c", self.CODE], ns=ns)
        self.expected = {0, -15}


def test_what_does_not_add_up_is_not_believed(w):
    net = w.net()
    tunnelled(w, net)
    t, r = ends(w, net)
    r.wait_state("ok", 30)
    wait_for(lambda: tunnel(r)["out"]["exclusive"] and tunnel(t)["in"]["exclusive"], 30, "all is matched")
    stranger = Stranger(w, net.end("b")).start()
    for d, way in ((r, "out"), (t, "in")):
        wait_for(lambda d=d, way=way: not tunnel(d)[way]["exclusive"], 10, f"{d.name} doubts: {tunnel(d)}")
    before = [sum(e["n"] for e in tunnel(d)["edges"] if e["side"] == side) for d, side in ((r, "out"), (t, "in"))]
    time.sleep(3)
    after = [sum(e["n"] for e in tunnel(d)["edges"] if e["side"] == side) for d, side in ((r, "out"), (t, "in"))]
    check(after == before, "measured while in doubt:", before, after)
    check("not exclusive" in w.tool("tunnel", "status", "--socket", r.socket, status=0).stdout, "it is not said")
    stranger.stop()
    wait_for(lambda: tunnel(r)["out"]["exclusive"] and tunnel(t)["in"]["exclusive"], 30, "trust comes back")


def test_a_tunnel_that_is_not_there(w):
    net = w.net()
    d = transmitter(w, net, interface=None, tunnel="site", multicast=False, unicast_listen=True,
                    top=observing(net, "a"), start=False)
    d.expected = {1}
    d.start(ready=False)
    wait_for(lambda: not d.alive(), 10, "it refuses to start")
    check("tunnel site: inner-local has to be an address of this host" in d.log(), d.log())


if __name__ == "__main__":
    sys.exit(main(globals()))
