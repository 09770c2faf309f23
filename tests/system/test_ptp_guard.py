#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The guard on both sides of a PTP path: a campaign over PTP, and a delay that both find."""
import json
import os
import sys

import baselines
import harness
from harness import Process, Skip, check, main, wait_for
from ptp import measuring, ptp, receiver, sa_file, secured, served, transmitter

# The relay dwarfs what this machine does to a packet: the law is the relay's.
CALM = "clear,delay=500us,uniform=6ms"
SHIFT = "20ms"
RECEIVER_ID = "0200000000000002"
GUARD = {"guard-shift": SHIFT, "path-id": "localhost"}
LIMIT = {"alert-limit": "100ms"}


def relay(w, net, **ways):
    harness.ip("-n", net.name("a"), "addr", "add", "192.0.2.3/24", "dev", "veth0")
    r = Process(w, "relay", [harness.TOOL, "relay", "--control", w.path("relay.sock"), "--ptp",
                             f"192.0.2.3={net.address['a']},{net.address['b']}", "--seed", "1",
                             "--forward", CALM, "--reverse", CALM], ns=net.end("a")).start()
    wait_for(lambda: os.path.exists(w.path("relay.sock")), 5, "the relay")
    return r


def impair(w, **ways):
    args = [x for way, spec in ways.items() for x in ("--" + way, spec)]
    w.tool("relay", "--control", w.path("relay.sock"), "--set", *args, status=0)


def lead(w, net, keys, **more):
    return transmitter(w, net, interface="", address=net.address["a"], multicast=False,
                       **{"log-grant-min": -7}, **secured(keys), **more)


def test_delay_is_found_on_both_sides(w):
    net = w.net()
    key, pub = baselines.keys(w)
    keys = sa_file(w)
    # With room above for what a busy machine adds.
    law = baselines.write(w, "baseline.txt", key, interval=0.125, least=1.05e6, spread=7e6)
    top = {"guard-key": pub, **LIMIT}
    t = lead(w, net, keys, watch=[(RECEIVER_ID, {"baseline": law, **GUARD})],
             top={"guard-key": pub})
    relay(w, net)
    r = receiver(w, net, transmitter="192.0.2.3", interface="", clockIdentity=RECEIVER_ID,
                 baseline=law, top=top, **GUARD, **secured(keys))
    r.wait_state("ok", 30)
    measuring(r)
    # A stall of the machine is an alarm too; it passes.
    p = wait_for(lambda: (p := ptp(r))["transmitter_guard"] == "watching" and p, 60,
                 "the transmitter tells what its guard says")
    check(p["takes_layover"], p)
    watched = wait_for(
        lambda: (x := served(t)["watched"][0])["samples"] > 20 and x["guard"] == "watching" and x,
        60, "the transmitter measures round trips and has nothing against them")
    check(watched["unmatched"] <= 2, watched)
    wait_for(lambda: [c["met"] for c in r.source()["conditions"]["list"]] ==
             ["met", "not-relied-upon", "met"], 60, "the conditions")
    wait_for(lambda: "here watching, at the transmitter watching" in
             w.tool("ptp", "status", "--socket", r.socket).stdout, 60, "both guards, as text")
    r.wait_state("ok", 60)

    impair(w, reverse=CALM + ",delay=25ms")
    r.wait_state("alarm", 30)
    wait_for(lambda: "delayed" in r.status()["findings"], 10, "the finding")
    wait_for(lambda: served(t)["watched"][0]["guard"] == "alarm", 15, "an alarm on the other side")
    wait_for(lambda: served(t)["watched"][0]["receiver_guard"] == "alarm", 10,
             "the receiver's alarm is told to the transmitter")
    events = [e for e in t.status()["events"] if e.get("finding") == "delayed"]
    check(events and events[-1]["source"] == RECEIVER_ID, t.status()["events"])
    check("finding delayed" in t.log(), t.log()[-500:])
    wait_for(lambda: ptp(r)["transmitter_guard"] == "alarm", 10, "and it is told back")

    impair(w, reverse=CALM)
    r.wait_state("ok", 60)
    wait_for(lambda: served(t)["watched"][0]["guard"] == "watching", 60, "all is well again")


def calibrate(w, net, keys, key, out, seconds):
    return w.tool("guard", "calibrate", "ptp://192.0.2.3", "--sa-file", keys, "--spp", "1", "--for",
                  f"{seconds}s", "--interval", "8ms", "--shift", SHIFT, "--key", key, "--output",
                  out, "--path-id", "localhost", "--json", ns=net.end("b"), timeout=seconds + 30)


def test_campaign_over_ptp(w):
    net = w.net()
    key, pub = baselines.keys(w)
    keys = sa_file(w)
    lead(w, net, keys)
    relay(w, net)
    out = w.path("baseline.txt")
    short = calibrate(w, net, keys, key, out, 3)
    check(short.returncode == 1 and ("are missing" in short.stderr or
                                     "moved during the campaign" in short.stderr), short.stderr)
    # A busy machine disturbs a campaign: the next one is longer.
    for seconds in (14, 24, 40):
        done = calibrate(w, net, keys, key, out, seconds)
        if done.returncode == 0:
            break
        w.note(done.stderr.strip()[-160:])
    else:
        raise Skip("this machine is too busy for a campaign: three were disturbed")
    seen = json.loads(done.stdout)
    check(5e-3 < seen["rtt_mean_s"] < 20e-3 and seen["count"] > 1000, seen)
    w.tool("guard", "show", out, "--key", pub, "--shift", SHIFT, status=0)
    # A campaign that can be forged is none.
    w.tool("guard", "calibrate", "ptp://192.0.2.3", "--for", "3s", "--key", key, "--output", out,
           status=2)


def test_query(w):
    net = w.net()
    keys = sa_file(w)
    transmitter(w, net, **secured(keys))
    args = ("--sa-file", keys, "--spp", "1")
    one = json.loads(w.tool("query", f"ptp://{net.address['a']}", *args, "-i", "0.25", "-n", "3",
                            "--json", ns=net.end("b"), status=0).stdout)
    check(one["answered"] == 3 and one["authenticated"] is True, one)
    check(one["fused_lower_s"] - 1e-4 < 0 < one["fused_upper_s"] + 1e-4, one)
    six = w.tool("query", f"ptp://[{net.address6['a']}]", *args, ns=net.end("b"), status=1)
    check("no Announce" in six.stderr, six.stderr)
    none = w.tool("query", f"ptp://{net.address['a']}", ns=net.end("b"), status=1)
    check("no usable answer" in none.stderr, none.stderr)
    w.tool("query", "ptp://a:319", status=2)
    w.tool("query", "ptp://a", "--domain", "300", status=2)
    bad = w.tool("query", f"ptp://{net.address['a']}", "--sa-file", keys, ns=net.end("b"), status=3)
    check("has no spp 0" in bad.stderr, bad.stderr)


if __name__ == "__main__":
    sys.exit(main(globals()))
