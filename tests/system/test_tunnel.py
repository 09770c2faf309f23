#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PTP in a timing tunnel between two of our own: forms, refreshes, restarts, and attacks on packets."""
import hashlib
import os
import subprocess
import sys
import time

from harness import DAEMON, Process, check, config_text, ip, main, wait_for
from ptp import measuring, ptp, receiver, served, transmitter

INNER = {4: {"a": "10.9.0.1", "b": "10.9.0.2"}, 6: {"a": "fd09::1", "b": "fd09::2"}}
SECRET = hashlib.sha256(b"a test").hexdigest()


def ends(w, net, version=4, **options):
    """The options of the section of either end."""
    outer = net.address if version == 4 else net.address6
    found = {}
    for me, other in (("a", "b"), ("b", "a")):
        found[me] = {
            "local": outer[me], "peer": outer[other], "role": "initiator" if me == "b" else "responder",
            "inner-local": INNER[version][me], "inner-peer": INNER[version][other],
            "key-file": w.write(f"key-{me}", SECRET + "\n", mode=0o600), **options}
        found[me] = {k: v for k, v in found[me].items() if v is not None}
    return found


def tunnelled(w, net, version=4, start=True, **options):
    """A transmitter in "a" and a receiver in "b" that have nothing but a tunnel between them."""
    both = ends(w, net, version, **options)
    over = {"interface": None, "tunnel": "timing",
            "network_transport": "UDPv4" if version == 4 else "UDPv6"}
    t = transmitter(w, net, multicast=False, top={"tunnel": [("timing", both["a"])]}, start=start, **over)
    inside = {**over, "transmitter": INNER[version]["a"], "logSyncInterval": -3, "logAnnounceInterval": -2,
              "logMinDelayReqInterval": -3}
    del inside["interface"]
    r = receiver(w, net, top={"tunnel": [("timing", both["b"])]}, start=start, sources=[("gm", inside)])
    return t, r


def tunnel(d):
    return d.status()["tunnels"][0]


def works(r, seconds=20):
    r.wait_state("ok", seconds)
    return measuring(r, seconds)


def check_exact(t, r, least=20):
    """Every event message has the stamp of its encrypted packet, on both sides."""
    for d in (t, r):
        s = wait_for(lambda d=d: (s := tunnel(d))["events_sent_stamped"] >= least and s, 20,
                     f"{d.name}: stamps")
        check(s["mode"] == "exact" and s["up"], s)
        check(s["events_sent"] - s["events_sent_stamped"] <= 2, s)
        # The kernel begins to stamp arrivals a moment after it was asked to.
        check(s["received"] - s["received_stamped"] <= 3, s)
        check(s["send_failures"] == 0 and s["refused"] == 0, s)
    port = ptp(r)["port"]
    check(port["stamps"] in ("kernel", "untested") and port["tunnel"] == "timing", port)


def form(w, version=4, **options):
    net = w.net()
    t, r = tunnelled(w, net, version, **options)
    works(r)
    check_exact(t, r)
    s = tunnel(r)
    check(set(s["verdicts"]) <= {"accepted", "cover", "unknown-spi"}, s["verdicts"])
    return t, r


def test_esp(w):
    t, r = form(w)
    # What is learned of the edges: encryption takes time, decryption too.
    edges = tunnel(r)["edges"]
    check({e["side"] for e in edges} == {"out", "in"}, edges)
    # Per kind: its median lies between two microseconds and what a busy machine takes.
    for e in (e for e in edges if e["n"] > 10):
        check(1e-6 < e["median_s"] < 20e-3 and e["p01_s"] <= e["median_s"] <= e["p99_s"], e)
        check(sum(row["n"] for row in e["histogram"]) == e["n"], e)
    check("departures are stamped by the kernel" in t.log(), t.log())
    # What comes out of a tunnel is authentic.
    check(r.status()["sources"][0]["authenticated"], r.status()["sources"][0])
    text = w.tool("status", "--socket", r.socket, status=0).stdout
    check("in a tunnel" in text and "NOT AUTHENTICATED" not in text and "unauthenticated" not in text, text)


def test_ah_around_esp(w):
    form(w, ah=True, encryption="aes256gcm16")


def test_ipv6(w):
    form(w, version=6)


def test_ah_around_esp_over_ipv6(w):
    form(w, version=6, ah=True)


def test_inside_udp_without_extended_numbers(w):
    form(w, encapsulation="udp", esn=False)


def sizes_on_the_wire(w, net, end, seconds):
    """Lengths of the ESP packets that leave an end, by a packet socket of its namespace."""
    code = ("import socket, sys, time\n"
            "s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))\n"
            "s.bind(('veth0', 0)); s.settimeout(0.2)\n"
            f"end = time.monotonic() + {seconds}\n"
            "while time.monotonic() < end:\n"
            "    try:\n"
            "        p, a = s.recvfrom(4096)\n"
            "    except OSError:\n"
            "        continue\n"
            "    if a[2] == 4 and len(p) > 20 and p[9] in (50, 51):\n"
            "        print(len(p))\n")
    done = subprocess.run(net.end(end).wrap([sys.executable, "-c", code]), capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    return [int(x) for x in done.stdout.split()]


def test_cells_have_one_size(w):
    net = w.net()
    t, r = tunnelled(w, net, padding="cell 160", cover="50ms")
    works(r)
    sizes = sizes_on_the_wire(w, net, "a", 3)
    # Sync, Follow_Up, Announce, Delay_Resp, Signaling and cover packets.
    check(len(sizes) > 30 and len(set(sizes)) == 1, sorted(set(sizes)))
    check(tunnel(t)["cover_packets"] > 0 and tunnel(r)["verdicts"].get("cover", 0) > 0, tunnel(r))


def accounts(t, r):
    """Datagrams that were sent, and how many of them were accepted: both ways."""
    a, b = tunnel(t), tunnel(r)
    return [(s["datagrams_sent"], o["verdicts"].get("accepted", 0)) for s, o in ((a, b), (b, a))]


def check_nothing_lost(w, before, t, r, what):
    """Since an account. Counters of one moment are of different moments on a busy machine, which
    passes; what was lost stays missing."""
    def few_missing():
        after = accounts(t, r)
        return all(abs((s1 - s0) - (g1 - g0)) <= 2 for (s0, g0), (s1, g1) in zip(before, after)) and after

    after = wait_for(few_missing, 5, f"{what}: all that was sent is accepted")
    for (sent0, got0), (sent1, got1), way in zip(before, after, ("there", "back")):
        w.note(f"{what}, {way}: {sent1 - sent0} sent, {got1 - got0} accepted")
        check(sent1 - sent0 > 20, before, after)


def test_a_hundred_refreshes_lose_nothing(w):
    """Each after 16 packets, of either end, while the clock is steered by what goes through."""
    net = w.net()
    t, r = tunnelled(w, net, **{"packets": 16, "grace": "1s"})
    works(r)
    before, verdicts = accounts(t, r), [tunnel(d)["verdicts"] for d in (t, r)]
    first = tunnel(r)["out"]["epoch"]
    wait_for(lambda: tunnel(r)["out"]["epoch"] >= first + 100, 150, "a hundred refreshes")
    check_nothing_lost(w, before, t, r, "100 refreshes")
    for d, old in zip((t, r), verdicts):
        s = tunnel(d)
        lost = {k: v - old.get(k, 0) for k, v in s["verdicts"].items() if k not in ("accepted", "cover")}
        check(not any(lost.values()), lost)
        # Each epoch was on disk before it was used.
        check(os.path.exists(os.path.join(d.state_dir, "timing.tunnel")), os.listdir(d.state_dir))
    r.wait_state("ok", 10)
    p = ptp(r)
    check(p["state"] == "SLAVE", p)


def test_refreshes_go_on_without_root(w):
    """The user that the daemon becomes reserves epochs in the file that root has begun."""
    net = w.net()
    t, r = tunnelled(w, net, start=False, **{"packets": 16, "grace": "1s"})
    for d in (t, r):
        d.conf["user"] = "nobody"
        d.start()
    works(r)
    wait_for(lambda: tunnel(r)["out"]["epoch"] > 40 and tunnel(t)["out"]["epoch"] > 40, 60, "refreshes")
    for d in (t, r):
        check("not refreshed" not in d.log(), d.log())


class Flood(Process):
    """ESP packets with SPIs of nobody, as fast as one process sends them."""

    CODE = r"""
import os, signal, socket, sys
tx = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ESP)
tx.connect(('192.0.2.2', 0))
packets = [os.urandom(120) for _ in range(256)]
sent = 0
def end(*_):
    print('sent', sent, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print('ready', flush=True)
while True:
    for p in packets:
        try:
            tx.send(p)
            sent += 1
        except OSError:
            pass
"""

    def __init__(self, w, ns):
        super().__init__(w, "flood", [sys.executable, "-c", self.CODE], ns=ns)
        self.expected = {0, -15}


def test_flood_of_other_spis(w):
    net = w.net()
    t, r = tunnelled(w, net)
    works(r)
    before = accounts(t, r)
    flood = Flood(w, net.end("a")).start()
    began = time.monotonic()
    time.sleep(6)
    seconds = time.monotonic() - began
    flood.stop()
    sent = int(flood.log().split()[-1])
    w.note(f"flood: {sent / seconds:.0f} packets a second")
    check_nothing_lost(w, before, t, r, "flood")
    # The kernel's filter has dropped them: the daemon saw none.
    check(tunnel(r)["verdicts"].get("unknown-spi", 0) == 0, tunnel(r)["verdicts"])
    r.wait_state("ok", 10)


def test_restarts_of_either_end(w):
    net = w.net()
    t, r = tunnelled(w, net)
    works(r)
    for d in (r, t, r):
        epoch = tunnel(d)["out"]["epoch"]
        if d is t:
            d.kill()
        else:
            d.watcher.stop()
            d.stop()
        d.start()
        check(tunnel(d)["out"]["epoch"] > epoch, "an epoch was used twice", epoch, tunnel(d))
        wait_for(lambda: tunnel(r)["up"] and tunnel(t)["up"], 40, "both ends are up")
        before = ptp(r)["samples"]
        wait_for(lambda: ptp(r)["samples"] > before + 5, 40, "exchanges go on")
        works(r, 40)


class Injector(Process):
    """Sends recorded packets of an end again: as they are, changed, and with other SPIs."""

    CODE = r"""
import random, socket
rx = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
rx.bind(('veth0', 0)); rx.settimeout(0.2)
tx = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
random.seed(1)
seen = set()  # what was sent here is heard here too
print('ready', flush=True)

def send(p, to):
    seen.add(p[20:])
    tx.sendto(p, to)

while True:
    try:
        p, a = rx.recvfrom(4096)
    except OSError:
        continue
    if a[2] != 4 or p[9] != 50 or p[20:] in seen:
        continue
    to = (socket.inet_ntoa(p[16:20]), 0)
    send(p, to)
    bad = bytearray(p); bad[random.randrange(28, len(p))] ^= 1 << random.randrange(8)
    bad[24:28] = (int.from_bytes(p[24:28], "big") + 1000).to_bytes(4, "big")  # far ahead of the window
    send(bytes(bad), to)
    other = bytearray(p); other[20:24] = random.randbytes(4)
    send(bytes(other), to)
    send(p[:random.randrange(24, len(p))], to)
"""

    def __init__(self, w, ns):
        super().__init__(w, "injector", [sys.executable, "-c", self.CODE], ns=ns)
        self.expected = {0, -15}


def test_packets_that_were_tampered_with(w):
    net = w.net()
    t, r = tunnelled(w, net)
    works(r)
    attack = Injector(w, net.end("a")).start()
    wait_for(lambda: "ready" in attack.log(), 5, "the injector is there")
    s = wait_for(lambda: (s := tunnel(r))["verdicts"].get("replay", 0) > 10
                 and s["verdicts"].get("bad-auth", 0) > 10 and s, 20, "they arrive")
    before = s["verdicts"]["accepted"]
    time.sleep(3)
    s = tunnel(r)
    check(s["verdicts"]["accepted"] > before and s["up"], s)
    # The filter in the kernel has dropped the other SPIs before the daemon saw them.
    check(s["verdicts"].get("unknown-spi", 0) < 10, s["verdicts"])
    check(r.state() == "ok", r.status())
    check(r.log().count("\n") < 60, "packets cause log lines", r.log()[-2000:])
    attack.stop()


def test_another_key_and_nothing_in_the_clear(w):
    net = w.net()
    t, r = tunnelled(w, net, start=False)
    w.write("key-a", hashlib.sha256(b"another").hexdigest() + "\n", mode=0o600)
    t.start()
    r.start()
    time.sleep(4)
    check(r.state() == "unsynchronised" and not tunnel(r)["up"], r.status())
    check(tunnel(r)["verdicts"].get("accepted", 0) == 0, tunnel(r))
    # And nobody listens on the ports of PTP outside of the tunnel.
    with open(f"/proc/{r.popen.pid}/net/udp") as f:
        check(":013F " not in f.read(), "port 319 is open")


def test_ntp_beside_ptp_in_one_tunnel(w):
    """Authentic without NTS, and nobody answers NTP outside of it."""
    net = w.net()
    both = ends(w, net, port=[319, 320, 123])
    t = transmitter(w, net, multicast=False, interface=None, tunnel="timing", network_transport="UDPv4", top={
        "tunnel": [("timing", both["a"])], "server": {"tunnel": ["timing"], "local-stratum": 1, "local-bound": "2us"}})
    inside = {"tunnel": "timing", "network_transport": "UDPv4", "transmitter": INNER[4]["a"], "logSyncInterval": -3,
              "logAnnounceInterval": -2, "logMinDelayReqInterval": -3}
    r = receiver(w, net, top={"tunnel": [("timing", both["b"])],
                              "source": [(INNER[4]["a"], {"tunnel": "timing", "minpoll": -3, "maxpoll": -2})]},
                 sources=[("gm", inside)])
    r.wait_state("ok", 20)
    measuring(r, index=1)
    s = wait_for(lambda: (s := r.status()["sources"][0])["accepted"] > 30 and s, 30, "NTP answers")
    check(s["authenticated"] and s["nts"] is None and s["tx_stamp"] == s["rx_stamp"] == "kernel", s)
    check(s["rtt_s"] < 500e-6 and s["verdict"] == "selected", s)
    check(tunnel(r)["verdicts"].get("selector", 0) == 0, tunnel(r))
    with open(f"/proc/{t.popen.pid}/net/udp") as f:
        check(":007B " not in f.read(), "port 123 is open")


class Driver(Process):
    """Of a PHY: remembers what it was told, and when."""
    CODE = """
import os, signal, socket, sys
def end(*_):
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("ready", flush=True)
while True:
    print(s.recv(65536).decode().replace("\\n", ";"), flush=True)
"""

    def __init__(self, w, path):
        super().__init__(w, "driver", [sys.executable, "-c", self.CODE, path])


def test_spis_are_told_to_a_driver(w):
    net = w.net()
    path = w.path("phy.sock")
    driver = Driver(w, path).start()
    wait_for(lambda: os.path.exists(path), 10, "the driver listens")
    t, r = tunnelled(w, net, packets=16, ah=True, start=False)
    t.conf["tunnel"][0][1]["spi-socket"] = path
    t.start()
    r.start()
    works(r)
    first = tunnel(t)["out"]["epoch"]
    wait_for(lambda: tunnel(t)["out"]["epoch"] > first + 5, 30, "refreshes")
    told = [dict(x.split(" ", 1) for x in line.split(";") if x.startswith("out")) for line in driver.log().splitlines()
            if line.startswith("tunnel timing;")]
    check(len({x["out"] for x in told}) > 5 and all(x["out-ah"] != x["out"] for x in told), told[-3:])
    # It is told before the first packet, and writes its log a moment later.
    wait_for(lambda: f"out {tunnel(t)['out']['spi']};" in driver.log(), 10, "the driver knows the SPI in use")
    driver.stop()
    wait_for(lambda: "does not know the SPIs" in t.log(), 20, "it is said that nobody listens")
    check(t.log().count("does not know the SPIs") == 1, t.log())
    check(r.state() == "ok", r.status())


def test_clear_errors(w):
    net = w.net()
    for options, what in (({"key-file": w.path("no-such-file")}, "no-such-file"),
                          ({"key-file": w.write("open-key", SECRET + "\n", mode=0o644)}, "open-key"),
                          ({"key-file": w.write("bad-key", "xyz\n", mode=0o600)}, "bad-key")):
        both = ends(w, net, **options)
        d = transmitter(w, net, name="bad", interface=None, tunnel="timing", multicast=False,
                        top={"tunnel": [("timing", both["a"])]}, start=False)
        d.expected = {1}
        d.start(ready=False)
        wait_for(lambda: not d.alive(), 10, "it refuses to start")
        check(what in d.log() and "tunnel timing" in d.log(), d.log())
    # Two files with one secret: its keys would meet their numbers twice.
    both = ends(w, net)
    d = transmitter(w, net, name="twice", interface=None, tunnel="timing", multicast=False, top={"tunnel": [
        ("timing", both["a"]), ("other", {**both["a"], "peer": "192.0.2.9", "key-file": w.write(
            "key-copy", SECRET + "\n", mode=0o600)})]}, start=False)
    d.expected = {1}
    d.start(ready=False)
    wait_for(lambda: not d.alive(), 10, "it refuses to start")
    check("has the secret of tunnel timing" in d.log(), d.log())


def test_starts_that_fail_use_no_epochs(w):
    """The other end looks only so far ahead: an address that is not there yet must not use them up."""
    net = w.net()
    t, r = tunnelled(w, net)
    works(r)
    r.watcher.stop()
    r.stop()
    with open(os.path.join(r.state_dir, "timing.tunnel")) as f:
        before = f.read()
    section = r.conf["tunnel"][0][1]
    local, section["local"] = section["local"], "192.0.2.77"
    r.expected = {0, 1}
    for _ in range(3):
        r.start(ready=False)
        wait_for(lambda: not r.alive(), 10, "it refuses to start")
        check("local address" in r.log(), r.log())
    with open(os.path.join(r.state_dir, "timing.tunnel")) as f:
        check(f.read() == before, "epochs were reserved")
    section["local"] = local
    r.start()
    works(r)


def test_an_end_that_never_hears_the_other_says_so(w):
    net = w.net()
    t, r = tunnelled(w, net, start=False, **{"dead-after": "1s"})
    t.conf["tunnel"][0][1]["encryption"] = "aes256gcm16"
    for d in (t, r):
        d.start()
    for d in (t, r):
        wait_for(lambda d=d: "nothing authentic from the other end since the start" in d.log(), 10,
                 f"{d.name} says so")
    time.sleep(3)
    for d in (t, r):
        check(d.log().count("since the start") == 1, d.log())


def kernel(w, net, end="a", **options):
    """A daemon with a tunnel by the kernel, or one that would have it."""
    both = ends(w, net, **{"backend": "kernel", **options})
    ip("-n", net.name(end), "addr", "add", INNER[4][end] + "/24", "dev", "veth0")
    d = transmitter(w, net, name="kernel", end=end, interface=None, tunnel="timing", multicast=False,
                    top={"tunnel": [("timing", both[end])]}, start=False)
    d.expected = {0, 1}
    return d


def in_kernel(net, end, what):
    done = subprocess.run(net.end(end).wrap(["ip", "xfrm", what]), capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if line.startswith("src")]


def test_what_a_kernel_lacks_is_said(w):
    net = w.net()
    d = kernel(w, net, ah=True)
    d.start(ready=False)
    wait_for(lambda: not d.alive() or "started" in d.log(), 10, "it starts, or refuses to")
    if d.alive():
        # This kernel has it all: tests/interop/test_kernel_tunnel.py looks at the rest.
        check(len(in_kernel(net, "a", "policy")) == 8, in_kernel(net, "a", "policy"))
        d.stop()
    else:
        check("tunnel timing: this kernel has no" in d.log() and 'backend = "user"' in d.log(), d.log())
    # Neither leaves anything behind.
    check(not in_kernel(net, "a", "policy") and not in_kernel(net, "a", "state"), d.log())


def test_what_a_kernel_cannot_do_is_refused(w):
    net = w.net()
    for options, what in (({"encapsulation": "udp"}, "encapsulation"), ({"cover": "100ms"}, "cover"),
                          ({"padding": "random 0-100"}, "padding"), ({"padding": "constant 9"}, "padding"),
                          ({"profile": "seed"}, "padding"), ({"warm-up": True}, "warm-up"),
                          ({"correction": "statistical"}, "correction")):
        both = ends(w, net, backend="kernel", **options)
        text = config_text({"clock": {"type": "system-read-only"}, "tunnel": [("timing", both["a"])]})
        done = subprocess.run([DAEMON, "--check", w.write("refused.conf", text)], capture_output=True, text=True)
        check(done.returncode == 1 and what in done.stderr and "kernel" in done.stderr, options, done.stderr)
        both["a"]["backend"] = "user"
        text = config_text({"clock": {"type": "system-read-only"}, "tunnel": [("timing", both["a"])]})
        done = subprocess.run([DAEMON, "--check", w.write("good.conf", text)], capture_output=True, text=True)
        check(done.returncode == 0, options, done.stderr)


def test_a_tunnel_of_others_protects_nothing(w):
    net = w.net()
    section = {"backend": "observe", "peer": net.address["b"], "inner-local": INNER[4]["a"],
               "inner-peer": INNER[4]["b"]}
    inside = {"tunnel": "site", "transmitter": INNER[4]["b"]}
    for more, status in (({}, 1), ({"allow-unauthenticated": True}, 0)):
        text = config_text({"clock": {"type": "system-read-only"}, "tunnel": [("site", section)],
                            "ptp-receiver": [("gm", {**inside, **more})]})
        done = subprocess.run([DAEMON, "--check", w.write("observe.conf", text)], capture_output=True, text=True)
        check(done.returncode == status, more, done.stderr)


if __name__ == "__main__":
    sys.exit(main(globals()))
