#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark calibrate: campaigns of services whose clocks are wrong by what is known."""
import json
import os
import re
import signal
import subprocess
import sys
import time

import tsa
from harness import PATIENCE, TOOL, check, main

AHEAD = 0.037
VIRTUAL = {"clock": {"type": "virtual", "offset": "37ms"}}


def calibrate(w, *args, status=0, ns=None):
    """Run in the world's directory. @return (stdout, stderr)"""
    argv = [TOOL, "calibrate", *map(str, args)]
    p = subprocess.run(ns.wrap(argv) if ns else argv, capture_output=True, text=True,
                       timeout=120 * PATIENCE, cwd=w.dir)
    check(p.returncode == status, args, p.returncode, p.stdout, p.stderr)
    return p.stdout, p.stderr


def result(w, *args, status=0, ns=None):
    return json.loads(calibrate(w, *args, "--json", status=status, ns=ns)[0])


def contains(o, x, slack=0.0):
    """The hard bound has the truth, whatever else is said."""
    check(o["bound"]["against_utc"] and not o["bound"]["empty"], o["bound"])
    check(o["bound"]["lower_s"] - slack <= x <= o["bound"]["upper_s"] + slack, x, o["bound"])


def authority(w, **options):
    d = tsa.authority(w, top=VIRTUAL, policies=[(tsa.POLICY, {"accuracy": "2s"})], **options)
    return d, f"tsp+http://127.0.0.1:{d.http}/"


def test_whole_seconds_to_a_round_trip(w):
    _, url = authority(w, clock_precision_digits=0)
    o = result(w, "run", url, "--ca", w.pki.ca, "--reference-bound", "300us", "--duration", "40s",
               "--device", "the one under test", "--access-point", "here")
    contains(o, AHEAD, 300e-6)
    width = o["bound"]["upper_s"] - o["bound"]["lower_s"]
    # What the reference may be off is on both sides.
    check(width < 3 * o["rtt"]["p95_s"] + 2 * 300e-6 + 1e-4, width, o["rtt"])
    check(abs(o["x_s"] - AHEAD) <= o["U_s"] + 300e-6, o["x_s"], o["U_s"])
    check(o["stated"] and o["complete"] and o["authenticated"] == o["samples"] >= 10, o)
    # The middle between question and answer is no measurement of whole seconds.
    check(o["single_readings"]["indication_only"] and o["single_readings"]["timing_error_95_s"] > 0.1, o)
    check(any("claims to be within" in f for f in o["findings"]), o["findings"])
    check(o["campaign"]["device"] == "the one under test" and o["campaign"]["access_point"] == "here", o)
    # The same campaign read again says the same, with a Monte Carlo.
    again = result(w, "show", o["id"], "--trials", 100000)
    check(again["x_s"] == o["x_s"] and again["raw_sha256"] == o["raw_sha256"], again)
    mc = again["budget"]["monte_carlo"]
    check(mc["lower_s"] <= AHEAD + 1e-3 and mc["upper_s"] >= AHEAD - 1e-3, mc)
    text, _ = calibrate(w, "show", o["id"])
    check(re.search(r"^result +x = 3\d\.\d+ ms \+-", text, re.M) and "bracket" in text, text)


def test_two_way(w):
    server = w.server(clock={"type": "virtual", "offset": "-12ms"})
    o = result(w, "run", f"ntp://127.0.0.1:{server.ntp}", "--reference-bound", "300us", "--interval", "0.1",
               "--count", 60)
    contains(o, -0.012, 300e-6)
    check(abs(o["x_s"] + 0.012) <= o["U_s"] + 300e-6, o["x_s"], o["U_s"])
    names = {c["name"] for c in o["budget"]["components"]}
    check({"repeatability", "path asymmetry", "reference", "time stamping"} <= names, names)
    check(not o["single_readings"]["indication_only"] and o["samples"] + o["missed"] == 60, o)
    check(abs(o["single_readings"]["mean_s"] + 0.012) < 0.003, o["single_readings"])


def test_goes_on_after_a_kill(w):
    _, url = authority(w)
    args = [TOOL, "calibrate", "run", url, "--reference-bound", "1ms", "--interval", "0.2", "--duration", "0"]
    p = subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=w.dir)
    try:
        until = time.monotonic() + 60 * PATIENCE
        n = 0
        while n < 8 and time.monotonic() < until:
            time.sleep(0.3)
            listed = subprocess.run([TOOL, "calibrate", "list", "--json"], capture_output=True, text=True, cwd=w.dir,
                                    check=False).stdout
            n = sum(c["samples"] for c in json.loads(listed or "[]"))
        check(n >= 8, listed)
        calibrate(w, "run", url, "--reference-bound", "1ms", "--resume", 1, status=3)  # it is being written
        p.send_signal(signal.SIGKILL)
    finally:
        p.kill()
        p.wait()
    before = json.loads(calibrate(w, "list", "--json")[0])[0]
    check(before["samples"] >= n and not before["complete"], before)
    o = result(w, "run", url, "--reference-bound", "1ms", "--interval", "0.2", "--resume", 1, "--duration", "2s")
    check(o["samples"] > before["samples"] and o["complete"], o)
    contains(o, AHEAD, 1e-3)
    _, err = calibrate(w, "run", url, "--reference-bound", "1ms", "--resume", 1, status=3)
    check("complete" in err, err)


def test_against_the_page(w):
    d, url = authority(w)
    page = os.path.join(w.dir, "page")
    ref = w.daemon("ref", {"clock": {"type": "system-read-only"}, "shared-page": page}).start()
    check(ref is not None and d is not None)
    # Without sources the daemon promises nothing: nothing can be stated, and it says so.
    o = result(w, "run", url, "--reference", f"page:{page}", "--count", 3, "--interval", "0.2", status=1)
    check(not o["stated"] and o["used"] == 0 and "no usable reference" in o["findings"][0], o)


def test_full_disk(w):
    """What a full disk does not take waits in memory; what was kept before is there."""
    server = w.server(clock={"type": "virtual", "offset": "-12ms"}, nts=False)
    small = w.path("small")
    os.makedirs(small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", small], check=True)
    database = os.path.join(small, "c.db")
    p = subprocess.Popen([TOOL, "calibrate", "run", f"ntp://127.0.0.1:{server.ntp}", "--reference-bound", "300us",
                          "--interval", "0.02", "--duration", "14s", "--database", database, "--json"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=w.dir)
    try:
        time.sleep(3)
        filler = os.path.join(small, "filler")
        with open(filler, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(4096))
            except OSError:
                pass
        time.sleep(5)
        # Readers see what was kept before.
        before = json.loads(calibrate(w, "list", "--database", database, "--json")[0])[0]["samples"]
        check(50 <= before <= 250, before)
        os.unlink(filler)
        out, err = p.communicate(timeout=60 * PATIENCE)
    finally:
        p.kill()
        p.wait()
        subprocess.run(["umount", "-l", small], check=True)
    check(p.returncode == 0, p.returncode, err)
    check(err.count("samples wait in memory") == 1 and "full" in err, err)
    o = json.loads(out)
    check(o["complete"] and o["samples"] + o["missed"] >= 500 and o["missed"] < 20, o)
    contains(o, -0.012, 300e-6)


def test_bad_input(w):
    _, url = authority(w)
    for args, status, words in (
            (["run", url], 3, ["--reference-bound"]),
            (["run", url, "--reference", "sundial", "--reference-bound", "1ms"], 3, ["sundial", "expected"]),
            (["run", url, "--reference", "page:/nonexistent"], 3, ["page:/nonexistent"]),
            (["run", "gopher://x", "--reference-bound", "1ms"], 2, ["gopher"]),
            (["run", url, "--link", "12parsec"], 2, ["--link", "LENGTH"]),
            (["run", url, "--link", "1km,1.5"], 2, ["--link", "velocity factor"]),
            (["run", url, "--component", "cables"], 2, ["--component", "NAME,WIDTH"]),
            (["run", url, "--component", "cables,1ns,square"], 2, ["--component", "rectangular"]),
            (["run", url, "--reference-bound", "1ms", "--resume", "7"], 3, ["no campaign 7"]),
            (["list", "--database", "/nonexistent/c.db"], 3, ["/nonexistent/c.db"]),
            (["show", "first"], 2, ["first", "number of a campaign"])):
        _, err = calibrate(w, *args, status=status)
        check(all(word in err for word in words), args, err)
    with open(os.path.join(w.dir, "text.db"), "w", encoding="ascii") as f:
        f.write("this is not a database\n" * 10)
    _, err = calibrate(w, "list", "--database", "text.db", status=3)
    check("not a file of campaigns" in err, err)
    # A service that does not answer: a campaign without samples, said so.
    o = result(w, "run", "ntp://127.0.0.1:9", "--reference-bound", "1ms", "--count", 2, "--interval", "0.2",
               "--timeout", "0.3", status=1)
    check(o["samples"] == 0 and o["missed"] == 2 and o["misses"][0]["n"] == 2, o)
    check("there is no sample" in o["findings"][0], o)


if __name__ == "__main__":
    sys.exit(main(globals()))
