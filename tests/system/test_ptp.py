#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PTP between two of our own: both mechanisms, both transports, keys, and attacks through the relay."""
import json
import os
import signal
import sys
import time

import harness
from harness import Failed, Process, Skip, check, main, wait_for
from ptp import (AES, KEY, OPEN, OTHER, measuring, ptp, receiver, sa_file, secured, served,
                 transmitter)


def ok(d, seconds=20):
    return d.wait_state("ok", seconds)


def refused(d, verdict, at_least=5, seconds=15):
    wait_for(lambda: d.verdicts().get(verdict, 0) >= at_least, seconds, f"verdict {verdict}")


def test_multicast_and_unicast_together(w):
    net = w.net()
    keys = sa_file(w)
    t = transmitter(w, net, **secured(keys))
    both = receiver(w, net, sources=[
        ("multi", {"interface": "veth0", "logSyncInterval": -3, "logAnnounceInterval": -2,
                   "logMinDelayReqInterval": -3, **secured(keys)}),
        ("uni", {"interface": "veth0", "transmitter": net.address["a"], "logSyncInterval": -4,
                 "logAnnounceInterval": -2, "logMinDelayReqInterval": -4, **secured(keys)})])
    ok(both)
    for i in range(2):
        p = measuring(both, index=i)
        check(p["port"]["stamps"] in ("kernel", "untested"), p)
        check(p["clock_class"] == 6 and p["accuracy_s"] == 2.5e-6, p)
    time.sleep(3)
    for i in range(2):
        check("replay" not in both.verdicts(i), both.verdicts(i))
        check("bad-auth" not in both.verdicts(i), both.verdicts(i))
    s = served(t)
    check(s["state"] == "MASTER" and s["unicast_receivers"] == 1, s)
    check("replay" not in s["verdicts"], s["verdicts"])
    check(ptp(both)["port"]["stamps"] == "kernel", ptp(both)["port"])
    grants = ptp(both, 1)["grants"]
    check(len(grants) == 3 and all(g["granted"] for g in grants), grants)
    # A receiver that ends gives its grants back.
    both.stop()
    wait_for(lambda: served(t)["unicast_receivers"] == 0, 5, "the grants were given back")
    check("departures are stamped by the kernel" in t.log(), t.log())


def test_ipv6(w):
    net = w.net()
    keys = sa_file(w, keys=((7, "AES128", AES),))
    over = {"network_transport": "UDPv6"}
    t = transmitter(w, net, **over, **secured(keys))
    r = receiver(w, net, sources=[
        ("multi", {"interface": "veth0", "logSyncInterval": -3, "logMinDelayReqInterval": -3,
                   **over, **secured(keys)}),
        ("uni", {"interface": "veth0", "transmitter": net.address6["a"], "logSyncInterval": -3,
                 "logMinDelayReqInterval": -3, **over, **secured(keys)})])
    ok(r)
    for i in range(2):
        measuring(r, index=i)
    check(served(t)["unicast_receivers"] == 1, served(t))


def test_ethernet(w):
    net = w.net()
    keys = sa_file(w)
    over = {"network_transport": "L2"}
    t = transmitter(w, net, **over, **secured(keys))
    r = receiver(w, net, **over, **secured(keys))
    ok(r)
    p = measuring(r)
    check(p["port"]["events_sent_stamped"] > 5 and "no-stamp" not in r.verdicts(), p)
    check(served(t)["unstamped_syncs"] == 0 and served(t)["syncs"] > 5, served(t))


def test_telecom_profile(w):
    net = w.net()
    keys = sa_file(w)
    over = {"profile": "G.8265.1"}
    t = transmitter(w, net, multicast=False, **over, **secured(keys))
    r = receiver(w, net, transmitter=net.address["a"], **over, **secured(keys))
    ok(r)
    p = measuring(r)
    check(p["domain"] == 4 and p["mode"] == "unicast", p)
    check(served(t)["domain"] == 4 and served(t)["announces"] > 0, served(t))


class Tun(Process):
    """A program that reads a TUN device, as IPsec in user space does."""

    CODE = ("import fcntl, os, struct\n"
            "f = os.open('/dev/net/tun', os.O_RDWR)\n"
            "fcntl.ioctl(f, 0x400454ca, struct.pack('16sH', b'tun7', 0x1001))\n"
            "print('attached', flush=True)\n"
            "while True:\n"
            "    os.read(f, 2000)\n")

    def __init__(self, w, ns):
        super().__init__(w, "tun", [sys.executable, "-c", self.CODE], ns=ns)
        self.expected = {0, -15}


def test_stamps_are_tested_at_the_start(w):
    net = w.net()
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no TUN here")
    ns = net.end("a")
    tun = Tun(w, ns).start()
    wait_for(lambda: "attached" in tun.log() or not tun.alive(), 5, "a TUN device")
    if not tun.alive():
        tun.expected = {tun.popen.returncode}
        raise Skip("no TUN here: " + tun.log()[-100:])
    for command in (["addr", "add", "198.51.100.1/24", "dev", "tun7"], ["link", "set", "tun7", "up"]):
        harness.ip("-n", net.name("a"), *command)
    t = transmitter(w, net, interface="tun7")
    wait_for(lambda: "it is a TUN device" in t.log(), 3, "the self-test speaks")
    check(served(t)["port"]["stamps"] == "before-device", served(t)["port"])
    t.stop()
    # Nobody reads it any more: what is sent is dropped before it could be stamped.
    tun.stop()
    harness.ip("netns", "exec", net.name("a"), "ip", "tuntap", "add", "tun8", "mode", "tun")
    for command in (["addr", "add", "198.51.100.9/24", "dev", "tun8"], ["link", "set", "tun8", "up"]):
        harness.ip("-n", net.name("a"), *command)
    t = transmitter(w, net, "deaf", interface="tun8")
    wait_for(lambda: "departures are not stamped" in t.log(), 4, "the self-test speaks")
    check("ethtool -T tun8" in t.log(), t.log())
    check(served(t)["port"]["stamps"] == "missing", served(t)["port"])


def test_one_step(w):
    net = w.net()
    keys = sa_file(w, keys=((1, "SHA256", KEY),))
    t = transmitter(w, net, twoStepFlag=False, **secured(keys))
    r = receiver(w, net, **secured(keys))
    ok(r)
    measuring(r)
    check(served(t)["unstamped_syncs"] == 0, served(t))


def test_keys_change_without_a_gap(w):
    net = w.net()
    keys = sa_file(w)
    t = transmitter(w, net, **secured(keys))
    r = receiver(w, net, **secured(keys))
    ok(r)
    measuring(r)
    # The new key goes everywhere first, to be known; then the transmitter seals with it.
    with open(keys, "a") as f:
        f.write(f"2 AES128 HEX:{AES}\n")
    r.signal(signal.SIGHUP)
    wait_for(lambda: "keys loaded" in r.log(), 5, "the receiver has the new key")
    # It seals with the new one already, which the transmitter learns now.
    done = w.tool("ptp", "reload-keys", "--socket", t.socket, status=0)
    check(done.stdout == "", done.stdout)
    before = ptp(r)["samples"]
    wait_for(lambda: ptp(r)["samples"] > before + 16, 10, "samples with the new key")
    check("bad-auth" not in r.verdicts(), r.verdicts())
    check("key-id" not in r.verdicts(), r.verdicts())
    # A file that is broken leaves what there is.
    with open(keys, "a") as f:
        f.write("3 AES128 HEX:12\n")
    w.tool("ptp", "reload-keys", "--socket", t.socket, status=1)
    check("sa_file" in t.log() and "keys in force stay" in t.log(), t.log()[-400:])
    # One that has not what a section seals with is as bad.
    sa_file(w, keys=((1, "SHA256-128", KEY),), spp=2)
    w.tool("ptp", "reload-keys", "--socket", t.socket, status=1)
    check("has no spp 1" in t.log(), t.log()[-400:])
    before = ptp(r)["samples"]
    wait_for(lambda: ptp(r)["samples"] > before + 16, 10, "samples with the old keys")
    check(r.source()["conditions"]["list"][0]["met"] == "met", r.source()["conditions"])


def test_bad_keys_are_refused(w):
    net = w.net()
    good = sa_file(w)
    t = transmitter(w, net, **secured(good))
    wrong = receiver(w, net, watch=False,
                     **secured(sa_file(w, "wrong", keys=((1, "SHA256-128", OTHER),))))
    refused(wrong, "bad-auth")
    check(ptp(wrong)["state"] == "LISTENING", ptp(wrong))
    wrong.stop()
    # Who authenticates nothing hears it, but its requests are refused.
    none = receiver(w, net, "none", watch=False, **OPEN)
    wait_for(lambda: served(t)["verdicts"].get("unauthenticated", 0) > 3, 15,
             "its requests are refused")
    check(ptp(none)["state"] == "UNCALIBRATED" and ptp(none)["samples"] == 0, ptp(none))
    none.stop()
    for text, what in [("", "[security_association]"),
                       ("[security_association]\nspp 1\n1 SHA256 HEX:zz\n", ":3: expected"),
                       ("[security_association]\nspp 2\n1 SHA256-128 HEX:" + KEY + "\n",
                        "has no spp 1")]:
        bad = receiver(w, net, "bad" + str(len(text)), start=False, watch=False,
                       **secured(w.write("bad", text, mode=0o600)))
        bad.expected = {1}
        bad.start(ready=False)
        bad.wait(10)
        check(what in bad.log(), "expected", what, "in", bad.log())
    os.chmod(good, 0o644)
    open_to_all = receiver(w, net, "open", start=False, watch=False, **secured(good))
    open_to_all.expected = {1}
    open_to_all.start(ready=False)
    open_to_all.wait(10)
    check("mode 0644" in open_to_all.log(), open_to_all.log())


def test_bad_configurations_are_refused(w):
    net = w.net()
    for options, what in [
            ({"interface": "veth0"}, "allow-unauthenticated = true is needed"),
            ({"interface": "", **OPEN}, "interface: needed for multicast"),
            ({"interface": "nosuch0", **OPEN}, "no such interface"),
            ({"logSyncInterval": 9, **OPEN}, 'logSyncInterval = "9": expected a whole number from -7 to 6'),
            ({"clockIdentity": "12", **OPEN}, "16 hexadecimal digits"),
            ({"network_transport": "L3", **OPEN}, "expected UDPv4, UDPv6 or L2"),
            ({"profile": "G.8265.1", **OPEN}, "unicast only"),
            ({"profile": "G.8265.1", "transmitter": "192.0.2.1", "domainNumber": 3, **OPEN},
             "expected 4 to 23"),
            ({"network_transport": "L2", "transmitter": "192.0.2.1", **OPEN},
             "unicast needs UDPv4 or UDPv6")]:
        r = receiver(w, net, "r" + str(len(w.processes)), start=False, **options)
        r.expected = {1}
        r.start(ready=False)
        r.wait(10)
        check(what in r.log(), "expected", what, "in", r.log())


def relayed(w, net, keys, **more):
    """The transmitter in "a" at its address, the relay beside it at another one."""
    harness.ip("-n", net.name("a"), "addr", "add", "192.0.2.3/24", "dev", "veth0")
    t = transmitter(w, net, interface="", address=net.address["a"], multicast=False,
                    **secured(keys))
    relay = Process(w, "relay", [harness.TOOL, "relay", "--control", w.path("relay.sock"), "--ptp",
                                 f"192.0.2.3={net.address['a']},{net.address['b']}", "--seed", "1"],
                    ns=net.end("a")).start()
    wait_for(lambda: os.path.exists(w.path("relay.sock")), 5, "the relay")
    r = receiver(w, net, transmitter="192.0.2.3", interface="", unicast_req_duration=60,
                 **secured(keys), **more)
    return t, r, relay


def impair(w, **ways):
    args = [x for way, spec in ways.items() for x in ("--" + way, spec)]
    w.tool("relay", "--control", w.path("relay.sock"), "--set", *args, status=0)


def test_delays_and_damage_on_the_path(w):
    net = w.net()
    t, r, _ = relayed(w, net, sa_file(w))
    ok(r)
    measuring(r)
    for delay in ("10us", "50us", "500us"):
        for way in ("forward", "reverse"):
            impair(w, **{way: f"clear,delay={delay}"})
            time.sleep(1.5)
            impair(w, **{way: "clear"})
    # More than the alert limit: the state says so before the error passes it.
    impair(w, reverse="clear,delay=10ms")
    wait_for(lambda: r.state() in ("holdover", "alarm", "ok"), 10, "a state")
    time.sleep(2)
    impair(w, reverse="clear", forward="clear")
    before = ptp(r)["samples"]
    impair(w, forward="replay=0.3,duplicate=0.2,reorder=0.1,loss=0.05",
           reverse="replay=0.3,duplicate=0.2,reorder=0.1,loss=0.05")
    time.sleep(4)
    impair(w, forward="clear", reverse="clear,flip=0.5,truncate=0.2")
    time.sleep(3)
    impair(w, reverse="clear")
    wait_for(lambda: ptp(r)["samples"] > before + 8, 10, "samples")
    v = r.verdicts()
    check(v.get("replay", 0) > 5, v)
    check(v.get("bad-auth", 0) + v.get("short", 0) + v.get("ext-format", 0) > 5, v)
    try:
        ok(r)
    except Failed as e:
        raise Failed(str(e), json.dumps(r.source()), json.dumps(served(t))) from None
    w.note("verdicts", json.dumps(v), json.dumps(served(t)["verdicts"]))


def test_silence_is_holdover_and_ends(w):
    net = w.net()
    _, r, _ = relayed(w, net, sa_file(w))
    ok(r)
    measuring(r)
    impair(w, forward="loss=1", reverse="loss=1")
    r.wait_state("holdover", 20)
    wait_for(lambda: ptp(r)["state"] == "LISTENING", 20, "the transmitter is gone")
    impair(w, forward="clear", reverse="clear")
    ok(r, 60)


def test_liar_among_three(w):
    """Three grandmasters in three domains; one lies by 5 ms: it is found, and the rest agree."""
    net = w.net()
    keys = sa_file(w)
    lie = {"type": "virtual", "offset": "5ms"}
    for domain in range(3):
        transmitter(w, net, f"gm{domain}", domainNumber=domain,
                    clock=lie if domain == 2 else None, clockIdentity=f"{domain + 1:016x}",
                    **secured(keys))
    conf = [(f"gm{d}", {"interface": "veth0", "domainNumber": d, "logSyncInterval": -3,
                        "logAnnounceInterval": -2, "logMinDelayReqInterval": -3, **secured(keys)})
            for d in range(3)]
    r = receiver(w, net, sources=conf)
    for i in range(3):
        measuring(r, index=i)
    ok(r)
    wait_for(lambda: r.source(2)["verdict"] == "falseticker", 15, "the liar is a falseticker")
    check(r.status()["state"] == "ok", r.status()["state"])


def test_announces_the_live_bound(w):
    """A daemon that follows NTS serves PTP: class and accuracy are those of this moment, and it falls
    silent when its clock is no longer fit."""
    net = w.net()
    ns = net.end("a")
    keys = sa_file(w)
    server = w.server(ns=ns)
    host, inside = w.nts_source(server)
    t = transmitter(w, net, clock={"type": "virtual", "offset": "70ms", "frequency-error": "10ppm"},
                    top={"source": [(host, inside)], "alert-limit": "1ms", "serve-limit": "4ms",
                         "wander": "50ppm", "max-age": "30s"}, **{"local-clockClass": None, "local-bound": None},
                    **secured(keys))
    t.watch()
    ok(t)
    wait_for(lambda: served(t)["clock_class"] == 6, 5, "it says that it is locked")
    r = receiver(w, net, **secured(keys))
    ok(r)
    p = measuring(r)
    check(p["accuracy_s"] >= t.status()["bound_s"] / 2 > 0, p["accuracy_s"], t.status()["bound_s"])
    check(r.source()["lower_s"] <= 0.1, r.source())
    server.stop()
    wait_for(lambda: ptp(r).get("clock_class") == 7, 30, "it says that it is in holdover")
    wait_for(lambda: ptp(r).get("clock_class") == 52, 60, "it says that it is above its limit")
    check(t.state() == "alarm", t.state())
    wait_for(lambda: served(t)["state"] == "UNSYNCHRONISED", 90, "it says that it is not fit")
    before = served(t)["syncs"]
    time.sleep(1)
    check(served(t)["syncs"] == before, "it goes on sending")
    r.wait_state(("holdover", "alarm"), 20)


def test_status_as_text(w):
    net = w.net()
    keys = sa_file(w)
    t = transmitter(w, net, **secured(keys))
    r = receiver(w, net, transmitter=net.address["a"], **secured(keys))
    ok(r)
    measuring(r)
    text = w.tool("ptp", "status", "--socket", r.socket, status=0).stdout
    for what in ("SLAVE", "unicast", "authentication yes", "condition 1", "grant", "stamped"):
        check(what in text, what, "is not in", text)
    text = w.tool("ptp", "status", "--socket", t.socket, status=0).stdout
    check("MASTER" in text and "clockAccuracy 0x24" in text, text)
    text = w.tool("status", "--socket", r.socket, status=0).stdout
    check("PTP SLAVE, unicast, domain 0, AUTHENTICATION TLV" in text, text)
    check("NOT AUTHENTICATED" not in text, text)
    text = w.tool("status", "--socket", t.socket, status=1).stdout
    check("PTP         gm: MASTER" in text, text)
    both = json.loads(w.tool("ptp", "status", "--json", "--socket", r.socket, status=0).stdout)
    check(len(both["receivers"]) == 1 and both["transmitters"] == [], both)
    w.tool("ptp", status=2)
    w.tool("ptp", "wrong", status=2)
    check("no sa_file" not in w.tool("ptp", "reload-keys", "--socket", r.socket, status=0).stderr, "")


if __name__ == "__main__":
    sys.exit(main(globals()))
