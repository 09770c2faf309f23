#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Departures before encryption: estimated, uncorrected, or stamped where stamps come; the bound holds in each.

The receiver is watched in all of them: one reading with the truth outside fails the test.
"""
import os
import sys
import time

from harness import HERE, check, main, run_quiet, wait_for
from ptp import ptp, served
from test_tunnel import tunnel, tunnelled, works

# Two namespaces, no path but the machine itself: what is left is what encryption and its noise do.
ERROR_S = 150e-6


def corrected(w, correction, two_step=True, seconds=6, **options):
    """Both ends in a mode; what the receiver says after a while."""
    t, r = tunnelled(w, w.net(), start=False, correction=correction, **options)
    t.conf["ptp-transmitter"][0][1]["twoStepFlag"] = two_step
    for d in (t, r):
        d.start()
    r.watcher = r.watch()
    works(r)
    time.sleep(seconds)
    r.wait_state("ok", 10)
    check(r.watcher.worst_error < ERROR_S, r.watcher.worst_error)
    return t, r


def check_learned(d):
    """The correction in force, and what is said of it."""
    s = wait_for(lambda: (s := tunnel(d))["egress"] and s, 20, f"{d.name}: an estimate")
    e = s["egress"]
    # Some microseconds at least, and no more than a busy machine takes.
    check(1e-6 < e["correction_s"] < 5e-4 and e["residual_s"] > 0, e)
    return s


def test_statistical_two_step(w):
    t, r = corrected(w, "statistical")
    for d in (t, r):
        check(check_learned(d)["mode"] == "statistical", tunnel(d))
    # The stamps come, and are for the estimate alone.
    check(tunnel(r)["events_sent_stamped"] > 20, tunnel(r))
    check(r.verdicts().get("stamp", 0) == 0, r.verdicts())
    check(served(t)["unstamped_syncs"] == 0, served(t))
    text = w.tool("tunnel", "status", "--socket", r.socket, status=0).stdout
    check("mode statistical" in text and "correction    statistical: departures" in text, text)


def test_statistical_one_step(w):
    t, r = corrected(w, "statistical", two_step=False)
    check(check_learned(t)["mode"] == "statistical", tunnel(t))
    check(r.source()["tx_stamp"] == "user", r.source())


def test_one_step_is_corrected_by_itself(w):
    """Nothing is configured: a Sync that cannot have its stamp bears the estimate, a Delay_Req needs none."""
    t, r = corrected(w, None, two_step=False)
    check_learned(t)
    check(tunnel(t)["correction"] == "auto" and tunnel(r)["mode"] == "exact", tunnel(r))


def test_profile_of_the_seed(w):
    """The correction of Delay_Req in its correctionField, AH around ESP and random padding."""
    t, r = corrected(w, "statistical", two_step=False, profile="seed")
    check(check_learned(r)["transport"] == "ah-esp", tunnel(r))


def test_uncorrected(w):
    t, r = corrected(w, "none")
    for d in (t, r):
        s = tunnel(d)
        check(s["mode"] == "none" and s["egress"] is None, s)


def test_warm_up(w):
    """A cover packet ahead of each event message: it finds the caches cold, and the message does not."""
    t, r = corrected(w, "statistical", **{"warm-up": True})
    for d in (t, r):
        s = check_learned(d)
        check(s["cover_packets"] >= s["events_sent"] > 20, s)
        # Gaps are short now, whatever the rate of messages is, unless the machine paused between the
        # two packets.
        out = [e for e in s["edges"] if e["side"] == "out" and e["message"] < 2]
        paused = sum(e["n"] for e in out if e["gap_class"] > 0)
        check(paused <= 2 and sum(e["n"] for e in out) > 20, out)


def test_warm_up_in_cells(w):
    """Where sizes tell nothing, pairs must not either: each message has its cover packet."""
    t, r = corrected(w, None, seconds=2, padding="cell 160", **{"warm-up": True})
    for d in (t, r):
        s = tunnel(d)
        check(s["mode"] == "exact" and s["cover_packets"] >= s["datagrams_sent"] - 2, s)


def lossy(w, share):
    shim = w.path("lost_stamps.so")
    if not os.path.exists(shim):
        cc = os.environ.get("CC", "cc").split()[0]
        run_quiet([cc, "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", shim,
                   os.path.join(HERE, "lost_stamps.c")])
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": shim, "LOST_STAMPS": str(share), "ASAN_OPTIONS": sanitizer}


def with_losses(w, share):
    t, r = tunnelled(w, w.net(), start=False)
    for d in (t, r):
        d.env = lossy(w, share)
        d.start()
    r.watcher = r.watch()
    works(r)
    return t, r


def test_no_stamp_ever_comes(w):
    """The machine finds out, says so, and goes on with what it has: readings before encryption."""
    t, r = with_losses(w, 100)
    for d in (t, r):
        s = wait_for(lambda d=d: (s := tunnel(d))["mode"] == "statistical" and s, 20, f"{d.name}: its mode")
        check(s["correction"] == "auto" and s["events_sent_stamped"] == 0 and s["egress"] is None, s)
    before = ptp(r)["samples"]
    wait_for(lambda: ptp(r)["samples"] > before + 20, 20, "exchanges go on")


def test_some_stamps_are_lost(w):
    """Half of them: the others are used, and stand for those that are not there."""
    t, r = with_losses(w, 50)
    s = wait_for(lambda: (s := tunnel(r))["events_sent_stamped"] > 20 and s, 30, "stamps")
    check(s["events_sent_stamped"] < s["events_sent"], s)
    check_learned(r)
    check(r.watcher.worst_error < ERROR_S, r.watcher.worst_error)


if __name__ == "__main__":
    sys.exit(main(globals()))
