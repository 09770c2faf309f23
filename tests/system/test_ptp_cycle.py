#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two paths to one transmitter: a delay on one way of one of them is found, and named."""
import os
import sys
import time

import harness
from harness import Process, check, main, wait_for
from ptp import measuring, receiver, sa_file, secured, transmitter

PATHS = {"north": "192.0.2.3", "south": "192.0.2.4"}
CALM = "clear,delay=500us"
RATE = -5  # 32 exchanges a second


def relay(w, net, name):
    harness.ip("-n", net.name("a"), "addr", "add", PATHS[name] + "/24", "dev", "veth0")
    control = w.path(name + ".sock")
    r = Process(w, name, [harness.TOOL, "relay", "--control", control, "--ptp",
                          f"{PATHS[name]}={net.address['a']},{net.address['b']}", "--seed", "1",
                          "--forward", CALM, "--reverse", CALM], ns=net.end("a")).start()
    wait_for(lambda: os.path.exists(control), 5, "the relay " + name)
    return r


def impair(w, name, **ways):
    args = [x for way, spec in ways.items() for x in ("--" + way, spec)]
    w.tool("relay", "--control", w.path(name + ".sock"), "--set", *args, status=0)


def two_paths(w, limit):
    net = w.net()
    keys = sa_file(w)
    transmitter(w, net, interface="", address=net.address["a"], multicast=False, **{"log-grant-min": -7},
                **secured(keys))
    for name in PATHS:
        relay(w, net, name)
    sections = [(name, {"transmitter": address, "logSyncInterval": RATE, "logMinDelayReqInterval": RATE,
                        "logAnnounceInterval": -2, **secured(keys)}) for name, address in PATHS.items()]
    sections[0][1].update({"cycle-with": "south", "cycle-limit": limit})
    r = receiver(w, net, sources=sections)
    for i in range(2):
        measuring(r, 40, i)
    wait_for(lambda: r.source(0)["cycle"]["learned"], 40, "the baseline")
    return r


def test_a_delay_is_found_and_named(w):
    r = two_paths(w, "40us")
    check(r.source(1)["cycle"] is None, "the pair is told once")
    # 1 ms more, or on a machine that was busy while the baseline was learned, what can be told from that.
    more = max(1000, round(4e6 * r.source(0)["cycle"]["limit_s"]))
    half = more * 0.5e-6
    for path, way, leg, sign in (("north", "reverse", "sync", -1), ("south", "forward", "request", -1),
                                 ("north", "forward", "request", 1)):
        impair(w, path, **{way: f"delay={500 + more}us"})
        c = wait_for(lambda p=path, g=leg: (c := r.source(0)["cycle"])["alarm"] and c["path"] == p
                     and c["leg"] == g and abs(c["asymmetry_s"]) > 0.8 * half and c, 40, f"{path}, {leg}")
        w.note(f"{path}, {leg}: asymmetry {c['asymmetry_s'] * 1e6:.0f} us, round trips "
               f"{c['rtt_change_s'] * 1e6:.0f} and {c['other_rtt_change_s'] * 1e6:.0f} us, limit "
               f"{c['limit_s'] * 1e6:.0f} us")
        check(0.8 * half < sign * c["asymmetry_s"] < 1.2 * half, c)
        check("asymmetry" in r.status()["findings"], r.status()["findings"])
        text = w.tool("ptp", "status", "--socket", r.socket).stdout
        check(f"the path of {path}, {leg}" in text and "ALARM" in text, text)
        impair(w, path, **{way: "delay=500us"})
        wait_for(lambda: "asymmetry" not in r.status()["findings"], 40, "it is over")
    events = [e for e in r.status()["events"] if e.get("finding") == "asymmetry"]
    check(any(e["source"] == "south" for e in events) and any(e["source"] == "north" for e in events), events)
    check("finding asymmetry" in r.log(), r.log()[-500:])
    # On both ways of one path alike it is no asymmetry.
    impair(w, "south", forward=f"delay={500 + more}us", reverse=f"delay={500 + more}us")
    wait_for(lambda: r.source(0)["cycle"]["other_rtt_change_s"] > 3 * half, 40, "the round trip grows")
    time.sleep(2)
    check(abs(r.source(0)["cycle"]["asymmetry_s"]) < 0.4 * half, r.source(0)["cycle"])


def test_the_least_that_can_be_seen(w):
    """The limit is what the spread of the pairs allows: a little more than twice of it is found."""
    r = two_paths(w, "1us")
    limit = r.source(0)["cycle"]["limit_s"]
    delay = max(100, round(4 * limit * 1e6))  # half of a delay is asymmetry
    impair(w, "north", forward=f"delay={500 + delay}us")
    c = wait_for(lambda: (c := r.source(0)["cycle"])["alarm"] and c, 40, f"{delay} us, limit {limit * 1e6:.0f} us")
    w.note(f"{delay} us: asymmetry {c['asymmetry_s'] * 1e6:.0f} us, limit {limit * 1e6:.0f} us")
    check(c["asymmetry_s"] > limit, c)


def test_the_other_section_has_to_be_there(w):
    keys = sa_file(w)
    net = w.net()
    d = receiver(w, net, start=False, sources=[("north", {"interface": "veth0", "cycle-with": "south",
                                                          **secured(keys)})])
    d.expected = {1}
    d.start(ready=False)
    wait_for(lambda: not d.alive(), 10, "it refuses to start")
    check("cycle-with" in d.log() and "another section ptp-receiver" in d.log(), d.log())


if __name__ == "__main__":
    sys.exit(main(globals()))
