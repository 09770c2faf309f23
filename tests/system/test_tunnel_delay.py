#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Delay attacks on a timing tunnel, by a relay that sees encrypted packets only.

The receiver is watched in all of them: one reading with the truth outside fails the test. What the
relay adds of its own, some ten microseconds that vary, is on both ways alike.
"""
import statistics
import sys
import time

import baselines
import harness
from harness import check, main, wait_for
from ptp import receiver, transmitter
from test_tunnel import INNER, ends, works

BETWEEN = "192.0.2.3"
CALM = "clear,delay=300us"
# In UDP, bytes of ESP around a Sync, a Follow_Up or a Delay_Req of 44 bytes, and a Delay_Resp of 54.
SYNC, DELAY_RESP = 108, 116


def delayed(w, start=True, source=None, top=None, **options):
    """Both ends in UDP with a relay between them; its ways are "forward", to the transmitter, and "reverse"."""
    net = w.net()
    harness.ip("-n", net.name("a"), "addr", "add", BETWEEN + "/24", "dev", "veth0")
    both = ends(w, net, encapsulation="udp", **options)
    both["b"]["peer"] = BETWEEN
    over = {"interface": None, "tunnel": "timing"}
    t = transmitter(w, net, multicast=False, top={"tunnel": [("timing", both["a"])]}, **over, **{"log-grant-min": -7})
    relay = harness.Relay(w, "relay", udp=[(f"{BETWEEN}:4500", f"{net.address['a']}:4500")], forward=CALM,
                          reverse=CALM, ns=net.end("a")).start()
    inside = {"tunnel": "timing", "transmitter": INNER[4]["a"], "logSyncInterval": -4, "logAnnounceInterval": -2,
              "logMinDelayReqInterval": -4, **(source or {})}
    r = receiver(w, net, top={"tunnel": [("timing", both["b"])], **(top or {})}, start=start, sources=[("gm", inside)])
    return t, relay, r


def exchanges(r, seconds=4):
    """Round trip and median error of the clock, s, over a while. The round trip is one that nine of ten exceed: a busy
    machine makes them longer, and never shorter."""
    rtts, errors, seen = [], [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        s = r.status()
        x = s["sources"][0]
        if x.get("samples", 0) != seen and x.get("rtt_s") is not None:
            seen = x.get("samples", 0)
            rtts.append(x["rtt_s"])
            errors.append(s.get("true_error_s", 0.0))
        time.sleep(0.02)
    check(len(rtts) > 10, "too few exchanges", len(rtts))
    return statistics.quantiles(rtts, n=10)[0], statistics.median(errors)


def test_a_delayed_way_widens_the_bound(w):
    """From the start of the receiver on, so that nothing better was ever measured."""
    t, relay, r = delayed(w)
    works(r)
    calm, _ = exchanges(r)
    for delay in (10e-6, 50e-6, 500e-6):
        r.watcher.stop()
        r.stop()
        relay.set(reverse=f"{CALM},delay={300 + round(delay * 1e6)}us")
        r.start()
        r.watcher = r.watch()
        works(r, 40)
        rtt, error = exchanges(r)
        bound = r.status()["bound_s"]
        w.note(f"{delay * 1e6:.0f} us on Sync: round trip {(rtt - calm) * 1e6:+.0f} us, error {error * 1e6:.0f} us, "
               f"bound {bound * 1e6:.0f} us")
        # The delay is in the round trip, as far as the noise of the relay lets it be seen ...
        if delay > 100e-6:
            check(0.6 * delay < rtt - calm < 1.6 * delay, rtt, calm)
            check(0.3 * delay < abs(error) < 0.8 * delay, error)
        # ... and the bound has room for half of it and more.
        check(abs(error) <= bound and bound > delay / 2, error, bound)


def test_a_delay_later_on_is_inside_of_the_bound(w):
    """The clock was good: what it knows of before still holds, and the bound with it."""
    t, relay, r = delayed(w)
    works(r)
    exchanges(r, 2)
    for delay in (10, 50, 500):
        relay.set(reverse=f"{CALM},delay={300 + delay}us")
        exchanges(r, 3)
        relay.set(reverse=CALM, forward=f"{CALM},delay={300 + delay}us")
        exchanges(r, 3)
        relay.set(forward=CALM)
    r.wait_state("ok", 20)


def shifts(w, r, relay, name, spec):
    """By how much a selective delay of 3 ms on packets to the receiver lengthens round trips, s."""
    before, _ = exchanges(r, 3)
    relay.set(reverse=f"{CALM},{spec}")
    time.sleep(1)
    after, _ = exchanges(r, 3)
    relay.set(reverse=CALM)
    time.sleep(1)
    w.note(f"{name}: {spec}: {(after - before) * 1e6:+.0f} us")
    return after - before


SHORT, LONG = f"short-bytes={SYNC},short-delay=3ms", f"long-bytes={SYNC},long-delay=3ms"


def test_sizes_tell_a_sync_from_the_rest(w):
    """Without padding the attacker picks: Sync alone, or all but Sync, which moves no time."""
    _, relay, r = delayed(w)
    works(r)
    check(2.5e-3 < shifts(w, r, relay, "no padding", SHORT) < 4e-3, "Sync is not delayed")
    check(abs(shifts(w, r, relay, "no padding", LONG)) < 0.5e-3, "Sync is delayed")


def test_cells_have_no_size_to_pick_by(w):
    """No number of bytes stands between a Sync and the rest: all are delayed, or none."""
    _, relay, r = delayed(w, padding="cell 160")
    works(r)
    check(abs(shifts(w, r, relay, "cells", SHORT)) < 0.5e-3, "a short packet is there")
    check(2.5e-3 < shifts(w, r, relay, "cells", LONG) < 4e-3, "a short packet is there")
    # One length each way: above it nothing is delayed, at it everything.
    cell = SYNC - 76 + 160 + 4  # ESP aligns its trailer to four bytes
    for bytes_, least, most in ((cell - 16, 2.5e-3, 4e-3), (cell + 16, -0.5e-3, 0.5e-3)):
        got = shifts(w, r, relay, "cells", f"long-bytes={bytes_},long-delay=3ms")
        check(least < got < most, bytes_, got)


def test_the_guard_alarms(w):
    """A law of round trips that dwarfs what this machine does, and a delay of its shift and more."""
    calm = "clear,delay=500us,uniform=6ms"
    key, pub = baselines.keys(w)
    law = baselines.write(w, "baseline.txt", key, interval=0.0625, least=1.05e6, spread=7e6)
    t, relay, r = delayed(w, top={"guard-key": pub, "alert-limit": "100ms"}, start=False, source={
        "baseline": law, "guard-shift": "20ms", "path-id": "localhost", "logSyncInterval": -3,
        "logMinDelayReqInterval": -3})
    relay.set(forward=calm, reverse=calm)
    r.start()
    r.watcher = r.watch()
    works(r, 40)
    r.wait_state("ok", 60)
    relay.set(reverse=calm + ",delay=25ms")
    began = time.monotonic()
    r.wait_state("alarm", 30)
    w.note(f"alarm after {time.monotonic() - began:.1f} s")
    wait_for(lambda: "delayed" in r.status()["findings"], 10, "the finding")
    relay.set(reverse=calm)
    r.wait_state("ok", 60)


if __name__ == "__main__":
    sys.exit(main(globals()))
