#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A baseline is recorded through the relay, signed, and watched by; attacks on it are found."""
import json
import os
import signal
import subprocess
import sys
import time

import baselines
from harness import PATIENCE, Skip, check, free_port, main, wait_for

# The relay dwarfs what this machine does to a packet: the law is the relay's.
CALM = "clear,delay=500us,uniform=6ms"
SHIFT = "20ms"
LIMIT = {"alert-limit": "100ms"}


def world(w):
    ntp = free_port()
    server = w.server(announce=ntp)
    relay = w.relay(server, udp=ntp, forward=CALM, reverse=CALM)
    return server, relay


def calibrate(w, server, key, out, *options, seconds=9, interval=1, status=None):
    return w.tool("guard", "calibrate", f"nts://localhost:{server.ke}", "-4", "--ca", server.cert,
                  "--for", f"{seconds}s", "--interval", f"{interval}ms", "--shift", SHIFT,
                  "--key", key, "--output", out, "--json", *options, status=status,
                  timeout=seconds + 30)


def write_baseline(w, server, key, name, seed):
    """A baseline as the law of the relay has it: what is tested with it does not hang on how calm
    this machine is."""
    return baselines.write(w, name, key, interval=0.25, least=1.2e6, spread=6e6, seed=seed,
                           source=f"nts://localhost:{server.ke}")


def baseline(w, server, key, *options):
    """A campaign that a busy machine disturbed is refused as moving or, since its values are then
    correlated, as too short: the next one is longer, and asks less often."""
    out = w.path("baseline.txt")
    for seconds, interval in ((9, 1), (15, 4), (24, 10), (40, 20)):
        done = calibrate(w, server, key, out, *options, seconds=seconds, interval=interval)
        if done.returncode == 0:
            return out, json.loads(done.stdout)
        check("during the campaign" in done.stderr or "are missing" in done.stderr,
              done.stderr)
        check(not os.path.exists(out), "written in spite of the refusal")
        w.note(done.stderr.strip()[-160:])
    raise Skip("this machine is too busy for a campaign: four were disturbed")


def test_delay_is_found(w):
    key, pub = baselines.keys(w)
    server, relay = world(w)
    path, seen = baseline(w, server, key)
    check(seen["plan"]["feasible"] and seen["moved_s"] <= 2e-3, seen)
    check(6e-3 < seen["rtt_mean_s"] < 20e-3, seen["rtt_mean_s"])
    shown = json.loads(w.tool("guard", "show", path, "--key", pub, "--shift", SHIFT, "--json",
                              status=0).stdout)
    check(shown["count"] == seen["count"] and shown["plan"] == seen["plan"], shown)

    hook = w.write("hook", f"#!/bin/sh\necho \"$NOONMARK_STATE $NOONMARK_FINDINGS\" >> {w.dir}/told\n",
                   mode=0o755)
    host, inside = w.nts_source(server, minpoll=-4, maxpoll=-4, baseline=path,
                                **{"guard-shift": SHIFT, "path-id": "localhost"})
    top = dict(LIMIT)
    top.update({"guard-key": pub, "hook": hook})
    client = w.client([(host, inside)], top=top)
    client.wait_state("ok", 30)
    time.sleep(3)
    s = client.source()
    check(s["guard"]["state"] in ("watching", "alarm"), s["guard"])
    # The campaign asks more often than the daemon polls: as far as that may be, condition 3 is met.
    third = "met" if s["guard"].get("interval_fits", True) else "not-met"
    check([c["met"] for c in s["conditions"]["list"]] == ["met", "not-relied-upon", third],
          s["conditions"], s["guard"])
    check(s["conditions"]["hidden_advance_s"] == 0, s["conditions"])
    check(0 < s["conditions"]["shortening_s"] < 0.1, s["conditions"])
    check(s["conditions"]["round_trip"]["shift_s"] == 0.02, s["conditions"])

    relay.set(forward=CALM + ",delay=25ms")
    client.wait_state("alarm", 20)
    began = time.monotonic()
    s = client.status()
    check("delayed" in s["findings"], s["findings"])
    check("bound-limit" not in s["findings"], "the bound itself, not the guard:", s["findings"])
    found = [e for e in s["events"] if e.get("finding") == "delayed"][-1]
    check(found["statistic_value"] > found["statistic_limit"], found)
    check(found["samples"] >= 1 and found["threshold_s"] == 0.02, found)
    wait_for(lambda: os.path.exists(w.path("told")) and
             "alarm " in open(w.path("told")).read(), 10, "the hook")
    page = w.page_watch(client)
    time.sleep(1)
    guards = json.loads(w.tool("now", "--json", "--page", client.conf["shared-page"]).stdout)
    check(guards["guards"] == ["alarm"], guards)
    check(page.result()["ok"] == 0, page.result())

    relay.set(forward=CALM)
    client.wait_state("ok", 30)
    w.note("ok again", time.monotonic() - began, "s")


def test_new_baseline_by_sighup(w):
    key, pub = baselines.keys(w)
    server, _ = world(w)
    path = write_baseline(w, server, key, "baseline.txt", 1)
    host, inside = w.nts_source(server, minpoll=-2, maxpoll=-2, baseline=path,
                                **{"guard-shift": SHIFT, "path-id": "localhost"})
    top = dict(LIMIT)
    top["guard-key"] = pub
    client = w.client([(host, inside)], top=top)
    client.wait_state("ok", 30)
    s = client.source()
    check(s["guard"]["interval_fits"], s["guard"])
    check([c["met"] for c in s["conditions"]["list"]] == ["met", "not-relied-upon", "met"],
          s["conditions"])
    old = s["guard"]["baseline"]
    # One that nobody signed with this key leaves the old one in force.
    text = open(path).read()
    w.write("baseline.txt", text.replace("\nlost ", "\nlost 1"))
    client.signal(1)
    wait_for(lambda: "sha256 line does not match" in client.log(), 10, "the refusal")
    check(client.source()["guard"]["baseline"] == old, "replaced by a damaged one")
    write_baseline(w, server, key, "baseline.txt", 2)
    client.signal(1)
    wait_for(lambda: client.source()["guard"]["baseline"] != old, 10, "the new baseline")


def refused(w, server, top, what, **options):
    host, inside = w.nts_source(server, **options)
    conf = dict(LIMIT)
    conf.update(top)
    client = w.client([(host, inside)], name="refused" + str(len(w.processes)), top=conf,
                      start=False)
    client.expected = {1}
    client.start(ready=False)
    client.wait(20)
    check(what in client.log(), "expected:", what, "log:", client.log())


def test_bad_baselines_are_refused(w):
    key, pub = baselines.keys(w)
    other, other_pub = baselines.keys(w, "other")
    server, _ = world(w)
    path = write_baseline(w, server, key, "baseline.txt", 3)
    good = open(path).read()
    lines = good.split("\n")
    top = {"guard-key": pub}
    mine = {"path-id": "localhost", "guard-shift": SHIFT}
    refused(w, server, {}, "guard-key", baseline=path, **mine)
    refused(w, server, {"guard-key": other_pub}, "not signed with the key", baseline=path, **mine)
    refused(w, server, top, 'recorded on path "localhost", this one is "elsewhere"', baseline=path,
            **{"path-id": "elsewhere", "guard-shift": SHIFT})
    refused(w, server, top, "not found", baseline=w.path("none.txt"), **mine)
    for name, text, what in [
            ("empty.txt", "", "empty.txt:1: expected \"noonmark-baseline 1\""),
            ("cut.txt", good[:len(good) // 2], "expected"),
            ("value.txt", "\n".join(lines[:20] + ["12x"] + lines[21:]), "value.txt:21: expected"),
            ("damaged.txt", "\n".join(lines[:20] + [str(int(lines[20]) + 1)] + lines[21:]),
             "sha256 line")]:
        refused(w, server, top, what, baseline=w.write(name, text), **mine)
    # The same by noonmark guard show and noonmarkd --check.
    shown = w.tool("guard", "show", w.path("value.txt"), status=3)
    check("value.txt:21: expected" in shown.stderr, shown.stderr)
    check(w.tool("guard", "show", path, "--key", other, status=3).stdout == "", "output")


def test_bad_campaigns_are_refused(w):
    key, _ = baselines.keys(w)
    server, relay = world(w)
    out = w.path("refused.txt")
    short = calibrate(w, server, key, out, seconds=1, status=1)
    check("are missing" in short.stderr or "during the campaign" in short.stderr,
          short.stderr)
    check(not os.path.exists(out), "written in spite of the refusal")
    rsa = w.path("rsa.key")
    subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-out", rsa], check=True,
                   capture_output=True)
    began = time.monotonic()
    check("Ed25519" in calibrate(w, server, rsa, out, status=3).stderr, "kind of key")
    check("not found" in calibrate(w, server, w.path("no.key"), out, status=3).stderr, "no key")
    check("No such file" in calibrate(w, server, key, w.path("no/such/file"), status=3).stderr,
          "no folder for the output")
    check("regular" in calibrate(w, server, key, w.dir, status=3).stderr, "output is a folder")
    os.mkfifo(w.path("pipe"))
    check("regular" in calibrate(w, server, w.path("pipe"), out, status=3).stderr, "key is a pipe")
    check("regular" in w.tool("guard", "show", w.path("pipe"), status=3).stderr, "a pipe")
    calibrate(w, server, key, out, "--path-id", "a\x01b", status=2)
    check(time.monotonic() - began < 5 * PATIENCE, "key and output are to be checked before the campaign")
    for bad in [("ntp://localhost",), ("nts://localhost", "nts://localhost"), (),
                ("nts://localhost", "--pd", "1"), ("nts://localhost", "--pfa", "0"),
                ("nts://localhost", "--shift", "-1ms"), ("nts://localhost", "--wrong")]:
        w.tool("guard", "calibrate", *bad, "--for", "1s", "--key", key, "--output", out, status=2)
    # A path that drifts while it is measured.
    relay.set(forward=CALM + ",ramp=6ms/s")
    moving = calibrate(w, server, key, out, status=1)
    check("during the campaign" in moving.stderr or "are missing" in moving.stderr,
          moving.stderr)
    check(not os.path.exists(out), "written in spite of the refusal")


def test_what_was_measured_is_kept(w):
    """A campaign that is too short, goes on, is interrupted, and goes on until it is good."""
    key, pub = baselines.keys(w)
    server, _ = world(w)
    out = w.path("kept.txt")
    rest = out + ".unsigned"
    done = calibrate(w, server, key, out, seconds=1, interval=5, status=1)
    check(rest in done.stderr and not os.path.exists(out), done.stderr)
    first = json.loads(w.tool("guard", "show", rest, "--shift", SHIFT, "--json").stdout)
    shown = w.tool("guard", "show", rest, "--shift", SHIFT, status=1).stdout
    check("signature   NONE: " in shown and "are needed" in shown, shown)
    check("not signed: " in w.tool("guard", "show", rest, "--key", pub, status=3).stderr, "taken as signed")
    # Only the same source and path go on.
    other = calibrate(w, server, key, out, "--append", rest, "--path-id", "elsewhere", status=3)
    check('on path "localhost"' in other.stderr, other.stderr)
    # Ctrl-C ends it; nothing of it is lost.
    running = w.process("campaign", [os.environ["NOON_TOOL"], "guard", "calibrate",
                                     f"nts://localhost:{server.ke}", "-4", "--ca", server.cert,
                                     "--for", "1h", "--interval", "5ms", "--shift", SHIFT, "--key", key,
                                     "--output", out, "--append", rest]).start()
    running.expected = {0, 1}
    time.sleep(2)
    running.signal(signal.SIGINT)
    running.wait(20)
    second = json.loads(w.tool("guard", "show", out if os.path.exists(out) else rest, "--shift", SHIFT,
                               "--json").stdout)
    check(second["count"] > first["count"] + 50, first["count"], second["count"])
    check(abs(second["interval_s"] - first["interval_s"]) < 0.05, first, second)
    text = open(rest if os.path.exists(rest) else out).read()
    damaged = w.write("damaged", text.replace("\nlost ", "\nlost 1"))
    check("does not match" in calibrate(w, server, key, out, "--append", damaged, status=3).stderr,
          "a damaged campaign goes on")


if __name__ == "__main__":
    sys.exit(main(globals()))
