#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keys of PTP's AUTHENTICATION TLV from key exchanges: one for each receiver, replaced without a gap."""
import signal
import subprocess
import sys
import time

from harness import TOOL, check, main, run_quiet, wait_for
from ptp import measuring, ptp, receiver, served, transmitter

NAMES = ("gm.example", "one.example", "two.example")


def identities(w):
    """The transmitter and two receivers: {name: base of files}, and a file with the receivers' certificates."""
    found = {}
    for name in NAMES:
        found[name] = w.path(name)
        run_quiet([TOOL, "tunnel", "certificate", found[name]])
    with open(w.path("receivers.crt"), "w") as out:
        for name in NAMES[1:]:
            with open(found[name] + ".crt") as f:
                out.write(f.read())
    return found


def giver(w, net, base, start=True, **options):
    return transmitter(w, net, multicast=False, interface=None, start=start, **{
        "address": net.address["a"], "certificate": base["gm.example"] + ".crt",
        "certificate-key": base["gm.example"] + ".key", "peer-certificates": w.path("receivers.crt"), "spp": 7,
        "rekey": "1h", **options})


def taker(w, net, base, who="one.example", start=True, watch=True, name="receiver", **options):
    inside = {"transmitter": net.address["a"], "logSyncInterval": -3, "logAnnounceInterval": -2,
              "logMinDelayReqInterval": -3, "certificate": base[who] + ".crt", "certificate-key": base[who] + ".key",
              "peer-certificates": base["gm.example"] + ".crt", "peer-name": "gm.example", **options}
    return receiver(w, net, name=name, start=start, watch=watch, sources=[("gm", inside)])


def ends(w, gives=None, **takes):
    """A net, the identities, and a transmitter and a receiver with further options: (net, base, t, r)."""
    net = w.net()
    base = identities(w)
    return net, base, giver(w, net, base, **(gives or {})), taker(w, net, base, **takes)


def exchange(d):
    return ptp(d)["exchange"]


def test_a_receiver_gets_a_key_of_its_own(w):
    _, _, t, r = ends(w)
    r.wait_state("ok", 20)
    measuring(r)
    check(ptp(r)["authentication"] and served(t)["authentication"], ptp(r))
    check(exchange(r)["done"] == 1 and exchange(r)["peer_name"] == "gm.example", exchange(r))
    check(served(t)["exchange"]["pairs"] == 1, served(t)["exchange"])
    check(r.status()["sources"][0]["authenticated"], r.status()["sources"][0])
    text = w.tool("ptp", "status", "--socket", r.socket).stdout + w.tool("ptp", "status", "--socket", t.socket).stdout
    check("1 exchanged with gm.example" in text and "1 receiver has a key" in text, text)
    r.watcher.stop()


def test_keys_are_replaced_without_a_gap(w):
    _, _, t, r = ends(w, rekey="1s")
    r.wait_state("ok", 20)
    measuring(r)
    before = {d.name: dict(v) for d, v in ((t, served(t)["verdicts"]), (r, r.status()["sources"][0]["verdicts"]))}
    first, samples = exchange(r)["done"], ptp(r)["samples"]
    wait_for(lambda: exchange(r)["done"] >= first + 20, 60, "twenty exchanges")
    after = {d.name: v for d, v in ((t, served(t)["verdicts"]), (r, r.status()["sources"][0]["verdicts"]))}
    for name, words in after.items():
        lost = {k: v - before[name].get(k, 0) for k, v in words.items() if k not in ("accepted", "mode")}
        check(not any(lost.values()), name, lost)
    check(ptp(r)["samples"] > samples + 50 and r.state() == "ok", ptp(r))
    check(served(t)["exchange"]["pairs"] <= 2, served(t)["exchange"])
    r.watcher.stop()


def test_either_side_restarts(w):
    _, _, t, r = ends(w)
    r.wait_state("ok", 20)
    for d, how in ((t, "kill"), (r, "kill"), (t, "stop")):
        if d is r:
            r.watcher.stop()
        getattr(d, how)()
        d.start()
        if d is r:
            r.watcher = r.watch()
        n = ptp(r)["samples"]
        wait_for(lambda n=n: ptp(r)["state"] == "SLAVE" and ptp(r)["samples"] > n + 8, 60,
                 f"measures again after {how} of {d.name}")
    check(r.state() == "ok", r.status())
    r.watcher.stop()


def test_one_receiver_cannot_speak_for_another(w):
    """Its certificate gets no key for the other's clockIdentity."""
    net, base, t, one = ends(w, clockIdentity="aabbcc.fffe.000001")
    one.wait_state("ok", 20)
    two = taker(w, net, base, who="two.example", name="second", watch=False, clockIdentity="aabbcc.fffe.000001")
    wait_for(lambda: "another certificate" in exchange(two)["failure"], 20, "it is refused")
    check(ptp(two)["samples"] == 0 and served(t)["exchange"]["pairs"] == 1, ptp(two))
    # One host has the port of PTP once.
    two.stop()
    n = ptp(one)["samples"]
    wait_for(lambda: ptp(one)["samples"] > n + 4, 20, "the first one goes on")
    one.watcher.stop()
    one.stop()
    two.conf["ptp-receiver"][0][1]["clockIdentity"] = "aabbcc.fffe.000002"
    two.start()
    two.wait_state("ok", 20)
    check(served(t)["exchange"]["pairs"] == 2, served(t)["exchange"])


def test_strangers_get_nothing(w):
    net = w.net()
    base = identities(w)
    mallory = w.path("mallory")
    run_quiet([TOOL, "tunnel", "certificate", mallory, "--name", "one.example"])
    t = giver(w, net, base)
    r = taker(w, net, {**base, "one.example": mallory}, watch=False)
    wait_for(lambda: exchange(r)["failed"] >= 2, 20, "it is refused")
    check(ptp(r)["samples"] == 0 and served(t)["exchange"]["pairs"] == 0, served(t))
    r.stop()
    # A domain that the transmitter has not.
    r.conf["ptp-receiver"][0][1].update({"domainNumber": 5, "certificate": base["one.example"] + ".crt",
                                         "certificate-key": base["one.example"] + ".key"})
    r.start()
    wait_for(lambda: "PTP domain" in exchange(r)["failure"], 20, "the domain is named")


CROWD = """
import socket, sys
to, own, other = sys.argv[1:]
mine = socket.create_connection((to, 4461), timeout=5, source_address=(own, 0))
crowd = [socket.create_connection((to, 4461), timeout=5, source_address=(other, 0)) for _ in range(60)]
crowd[0].settimeout(5)
print("crowd", "closed" if crowd[0].recv(1) == b"" else "open")
mine.settimeout(1)
try:
    print("mine", "closed" if mine.recv(1) == b"" else "open")
except TimeoutError:
    print("mine open")
"""


def test_one_host_does_not_take_all_connections(w):
    net = w.net()
    giver(w, net, identities(w))
    run_quiet(net.end("b").wrap(["ip", "addr", "add", "192.0.2.77/24", "dev", "veth0"]))
    done = subprocess.run(net.end("b").wrap([sys.executable, "-c", CROWD, net.address["a"], net.address["b"], "192.0.2.77"]),
                          capture_output=True, text=True, timeout=30, check=False)
    check(done.stdout.split("\n")[:2] == ["crowd closed", "mine open"], done)


def test_the_transmitter_may_name_its_receiver(w):
    _, base, t, r = ends(w, gives={"peer-name": "two.example"}, watch=False)
    wait_for(lambda: "gives nothing to this one" in exchange(r)["failure"], 20, "it is refused")
    check(served(t)["exchange"]["pairs"] == 0, served(t))
    r.stop()
    r.conf["ptp-receiver"][0][1].update({"certificate": base["two.example"] + ".crt",
                                         "certificate-key": base["two.example"] + ".key"})
    r.start()
    r.wait_state("ok", 20)


def test_a_certificate_is_renewed(w):
    """With another key, for the same name: its identity stays its own."""
    _, base, t, r = ends(w, rekey="2s")
    r.wait_state("ok", 20)
    fresh = w.path("fresh")
    run_quiet([TOOL, "tunnel", "certificate", fresh, "--name", "one.example"])
    with open(w.path("receivers.crt"), "w") as out, open(fresh + ".crt") as f:
        out.write(f.read())
    for suffix in (".crt", ".key"):
        with open(fresh + suffix) as f, open(base["one.example"] + suffix, "w") as out:
            out.write(f.read())
    for d in (t, r):
        d.signal(signal.SIGHUP)
    time.sleep(1)
    n = exchange(r)["done"]
    wait_for(lambda: exchange(r)["done"] >= n + 3, 30, "exchanges go on")
    check(r.state() == "ok", r.status())
    r.watcher.stop()


def refuses(d, section, change, what):
    """Its section with the change is not taken, and the message says what."""
    options = d.conf[section][0][1]
    options.update(change)
    for k in [k for k, v in options.items() if v is None]:
        del options[k]
    d.expected = {1, 2}
    d.start(ready=False)
    wait_for(lambda: not d.alive(), 10, "it refuses to start")
    check(what in d.log(), what, d.log())


def test_configurations_that_make_no_sense(w):
    net = w.net()
    base = identities(w)
    for change, what in (({"sa_file": w.path("x")}, "either it or sa_file"), ({"multicast": True}, "multicast"),
                         ({"certificate-key": None}, "certificate-key"), ({"certificate": None}, "certificate"),
                         ({"active_key_id": 5}, "active_key_id"),
                         ({"network_transport": "L2", "address": None, "interface": "veth0"}, "UDPv4 or UDPv6")):
        refuses(giver(w, net, base, start=False), "ptp-transmitter", change, what)
    for change, what in (({"spp": 7}, "spp"), ({"active_key_id": 5}, "active_key_id"), ({"transmitter": None}, "transmitter")):
        refuses(taker(w, net, base, "one.example", start=False), "ptp-receiver", change, what)


if __name__ == "__main__":
    sys.exit(main(globals()))
