#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The transmitter declares the attack: its hook runs, `ptp status` tells with its exit status, and the
receiver is in alarm though its own guard is silent or there is none."""
import json
import os
import sys
import time

import baselines
import harness
from harness import Process, check, main, wait_for
from ptp import OPEN, measuring, ptp, receiver, sa_file, secured, served, transmitter

# The relay dwarfs what this machine does to a packet: the law is the relay's.
CALM = "clear,delay=500us,uniform=6ms"
SHIFT = "20ms"
RECEIVER_ID = "0200000000000002"
GUARD = {"guard-shift": SHIFT, "path-id": "localhost"}
LIMIT = {"alert-limit": "100ms"}


def relay(w, net):
    harness.ip("-n", net.name("a"), "addr", "add", "192.0.2.3/24", "dev", "veth0")
    Process(w, "relay", [harness.TOOL, "relay", "--control", w.path("relay.sock"), "--ptp",
                         f"192.0.2.3={net.address['a']},{net.address['b']}", "--seed", "1",
                         "--forward", CALM, "--reverse", CALM], ns=net.end("a")).start()
    wait_for(lambda: os.path.exists(w.path("relay.sock")), 5, "the relay")


def impair(w, **ways):
    args = [x for way, spec in ways.items() for x in ("--" + way, spec)]
    w.tool("relay", "--control", w.path("relay.sock"), "--set", *args, status=0)


def hook(w, name="hook"):
    """A command that notes its environment, a line each time; returns its path and a function that
    reads the notes, newest last."""
    notes = w.path(name + ".notes")
    path = w.write(name, "#!/bin/sh\n"
                   'echo "$NOONMARK_STATE|$NOONMARK_PREVIOUS_STATE|$NOONMARK_FINDINGS|'
                   f'$NOONMARK_RECEIVERS" >>{notes}\n', mode=0o755)

    def read():
        if not os.path.exists(notes):
            return []
        with open(notes) as f:
            return [line.rstrip("\n").split("|") for line in f]
    return path, read


def status(w, d, code):
    """`noonmark ptp status`, whose exit status must be `code`: as text."""
    done = w.tool("ptp", "status", "--socket", d.socket)
    return done.stdout if done.returncode == code else None


def watched(t):
    return served(t)["watched"][0]


def test_guard_of_the_transmitter_is_heard_on_both_sides(w):
    """Only the transmitter has a baseline. What it finds runs its hook and is its exit status; the
    receiver, which sees nothing, is in alarm by its word, and is well again by its word."""
    net = w.net()
    key, pub = baselines.keys(w)
    keys = sa_file(w)
    law = baselines.write(w, "baseline.txt", key, interval=0.125, least=1.05e6, spread=7e6)
    path, notes = hook(w)
    t = transmitter(w, net, interface="", address=net.address["a"], multicast=False,
                    **{"log-grant-min": -7}, **secured(keys),
                    watch=[(RECEIVER_ID, {"baseline": law, **GUARD})],
                    top={"guard-key": pub, "hook": path})
    relay(w, net)
    r = receiver(w, net, transmitter="192.0.2.3", interface="", clockIdentity=RECEIVER_ID,
                 top=LIMIT, **secured(keys))
    r.wait_state("ok", 30)
    measuring(r)
    wait_for(lambda: (x := watched(t))["samples"] > 20 and x["guard"] == "watching", 60,
             "the transmitter watches")
    text = wait_for(lambda: status(w, t, 0), 30, "ptp status of the transmitter, exit status 0")
    check("guard here watching, at the receiver none" in text and "ALARM" not in text, text)
    wait_for(lambda: "here none, at the transmitter watching" in (status(w, r, 0) or ""), 30,
             "the receiver hears that all is well")
    # What a stall of a busy machine did before does not count.
    before = len(notes())

    impair(w, reverse=CALM + ",delay=25ms")
    wait_for(lambda: watched(t)["alarm"], 30, "the transmitter's alarm")
    check("delayed" in watched(t)["findings"], watched(t))
    run = wait_for(lambda: [n for n in notes()[before:] if RECEIVER_ID in n[3]], 15,
                   "the transmitter's hook runs")[0]
    check(run[0] == run[1] == "unsynchronised", run)
    check("delayed" in run[2].split(), run)
    text = wait_for(lambda: status(w, t, 1), 10, "exit status 1 of the transmitter")
    check("ALARM (delayed" in text, text)
    check("receivers in alarm: " + RECEIVER_ID in t.log(), t.log()[-500:])
    check("ALARM of receiver" in w.tool("status", "--socket", t.socket).stdout)

    r.wait_state("alarm", 30)
    check("peer-alarm" in r.status()["findings"], r.status()["findings"])
    text = wait_for(lambda: status(w, r, 1), 10, "exit status 1 of the receiver")
    check("here none, at the transmitter alarm (delayed" in text, text)
    check("condition 3   not-met: the source declares an attack" in text, text)
    check("finding peer-alarm" in r.log(), r.log()[-500:])

    # Nobody hears the transmitter any more: that ends nothing.
    impair(w, forward="loss=1", reverse="loss=1")
    wait_for(lambda: ptp(r)["state"] == "LISTENING", 30, "silence")
    check("peer-alarm" in r.status()["findings"], r.status()["findings"])
    check(r.state() == "alarm", r.state())

    impair(w, forward=CALM, reverse=CALM)
    wait_for(lambda: not watched(t)["alarm"], 60, "the transmitter has nothing against it again")
    wait_for(lambda: "peer-alarm" not in r.status()["findings"], 30, "its word ends the alarm")
    r.wait_state("ok", 60)
    wait_for(lambda: notes()[-1][3] == "", 30, "the hook is told of the end")
    wait_for(lambda: status(w, t, 0), 60, "exit status 0 again")


# A receiver that is in nobody's way.
QUIET = {"logSyncInterval": -3, "logAnnounceInterval": -2, "logMinDelayReqInterval": -3,
         "interface": "veth0", "clockIdentity": RECEIVER_ID}


def test_time_of_an_honest_receiver_holds(w):
    net = w.net()
    keys = sa_file(w)
    path, notes = hook(w)
    t = transmitter(w, net, **secured(keys), watch=[(RECEIVER_ID, {})], top={"hook": path})
    r = receiver(w, net, clockIdentity=RECEIVER_ID, **secured(keys))
    r.wait_state("ok", 30)
    audit = wait_for(lambda: (a := watched(t)["audit"])["claims"] > 40 and
                     a.get("receiver_state") == "ok" and a, 30, "claims")
    check(audit["state"] == "holds" and audit["false"] == 0, audit)
    check(0 < audit["bound_s"] < 2e-3 and audit["lower_s"] <= audit["upper_s"], audit)
    # By each of the two the other may be right.
    check(audit["lower_s"] <= audit["bound_s"] and audit["upper_s"] >= -audit["bound_s"], audit)
    text = wait_for(lambda: status(w, t, 0), 30, "exit status 0")
    check("its time    ok, offset" in text and "audit       holds: by our stamps" in text, text)
    check(all(n[3] == "" for n in notes()), notes())
    check("receiver-time" not in t.log() + r.log(), t.log()[-500:])


def test_false_time_of_a_receiver_is_found(w):
    """The receiver follows a grandmaster that lies by 50 ms. An honest one, which it only measures,
    compares its time with its own stamps, and tells it."""
    net = w.net()
    keys = sa_file(w)
    path, notes = hook(w)
    t = transmitter(w, net, domainNumber=1, clockIdentity="0000000000000001", **secured(keys),
                    watch=[(RECEIVER_ID, {})], top={"hook": path})
    transmitter(w, net, "liar", domainNumber=2, clockIdentity="0000000000000002",
                clock={"type": "virtual", "offset": "50ms"}, **secured(keys))
    sources = [("honest", {"domainNumber": 1, "noselect": True, **QUIET, **secured(keys)}),
               ("liar", {"domainNumber": 2, **QUIET, **secured(keys)})]
    r = receiver(w, net, sources=sources, watch=False)
    wait_for(lambda: watched(t)["alarm"], 60, "the audit finds it")
    x = watched(t)
    check("receiver-time" in x["findings"] and x["audit"]["state"] == "false", x)
    # Which way the lie goes: reference - local, and 50 ms of it.
    check(0.049 < abs(x["audit"]["lower_s"]) < 0.051 and
          0.049 < abs(x["audit"]["upper_s"]) < 0.051, x)
    check(x["audit"]["false"] > 0 and x["audit"]["bound_s"] < 2e-3, x)
    run = wait_for(lambda: [n for n in notes() if RECEIVER_ID in n[3]], 15, "the hook runs")[0]
    check("receiver-time" in run[2].split(), run)
    text = wait_for(lambda: status(w, t, 1), 10, "exit status 1")
    check("ALARM (receiver-time)" in text and "audit       false" in text, text)
    done = json.loads(w.tool("ptp", "status", "--json", "--socket", t.socket, status=1).stdout)
    check(done["transmitters"][0]["watched"][0]["alarm"] is True, done)
    wait_for(lambda: "peer-alarm" in r.status()["findings"], 15, "the receiver is told")
    check(ptp(r)["transmitter_reasons"] == ["receiver-time"], ptp(r))
    # Out of service: its alarm stands until somebody says that it is known.
    r.stop()
    time.sleep(1)
    check(watched(t)["alarm"] is True, watched(t))
    check(w.tool("accept", "00000000000000ff", "--socket", t.socket, status=1).stderr != "")
    w.tool("accept", RECEIVER_ID, "--socket", t.socket)
    check(watched(t)["alarm"] is False and watched(t)["findings"] == [], watched(t))
    wait_for(lambda: status(w, t, 0) is not None, 10, "exit status 0")


def test_without_keys_nobody_is_believed(w):
    """The same without keys: no claim is asked for, nothing is declared."""
    net = w.net()
    t = transmitter(w, net, domainNumber=1, clockIdentity="0000000000000001",
                    watch=[(RECEIVER_ID, {})])
    transmitter(w, net, "liar", domainNumber=2, clockIdentity="0000000000000002",
                clock={"type": "virtual", "offset": "50ms"})
    sources = [("honest", {"domainNumber": 1, "noselect": True, **QUIET, **OPEN}),
               ("liar", {"domainNumber": 2, **QUIET, **OPEN})]
    r = receiver(w, net, sources=sources, watch=False)
    wait_for(lambda: watched(t)["samples"] > 40, 30, "round trips")
    wait_for(lambda: r.state() == "ok", 30, "the receiver believes the liar")
    check(watched(t)["audit"] == {"state": "none", "claims": 0, "false": 0}, watched(t))
    check("peer-alarm" not in r.status()["findings"], r.status()["findings"])
    check(status(w, t, 0), "exit status 0")


if __name__ == "__main__":
    sys.exit(main(globals()))
