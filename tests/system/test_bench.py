#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark bench: figures of our own server, and what it says to bad input."""
import json
import socket
import subprocess
import sys
import time

from harness import PATIENCE, TOOL, check, free_port, main, wait_for

KEYS = {"what", "server", "rate", "sockets", "window", "request_bytes", "seconds", "sent",
        "answered", "bad", "lost", "refused", "loss", "per_second", "latency"}
QUANTILES = ["p50_s", "p90_s", "p99_s", "p99_9_s", "max_s"]


def bench(*options):
    return subprocess.run([TOOL, "bench", *options], capture_output=True, text=True,
                          timeout=60 * PATIENCE)


def figures(*options):
    run = bench(*options, "--json")
    check(run.returncode == 0, run.returncode, run.stderr)
    o = json.loads(run.stdout)
    check(KEYS <= set(o), KEYS - set(o))
    check(o["per_second"] > 0 and o["answered"] > 0 and 0 <= o["loss"] < 0.5, o)
    check(o["answered"] + o["bad"] + o["lost"] <= o["sent"], o)
    latency = [o["latency"][q] for q in QUANTILES]
    check(latency[0] > 0 and latency == sorted(latency), latency)
    return o


def test_nts(w):
    server = w.server()
    o = figures("nts", f"127.0.0.1:{server.ke}", "--ca", server.cert, "--server-name",
                "localhost", "--for", "1s", "--pid", str(server.pid), "--placeholders", "3")
    check(o["per_cpu_second"] is None or o["per_cpu_second"] > 0, o)
    check(o["server_cpu_s"] >= 0 and o["request_bytes"] > 400, o)
    wait_for(lambda: server.status()["server"]["nts_replies"] >= o["answered"], 5,
             "the server counts them too")


def test_ntp(w):
    server = w.server()
    o = figures("ntp", f"127.0.0.1:{server.ntp}", "--for", "1s", "--sockets", "20", "--window",
                "4")
    check(o["request_bytes"] == 48 and o["sockets"] == 20 and o["window"] == 4, o)
    text = bench("ntp", f"127.0.0.1:{server.ntp}", "--for", "200ms")
    check(text.returncode == 0 and "requests per second" in text.stdout, text.stdout)
    check("99.9 %" in text.stdout and text.stderr == "", text.stderr)


def test_ntske(w):
    server = w.server()
    o = figures("ntske", f"127.0.0.1:{server.ke}", "--ca", server.cert, "--server-name",
                "localhost", "--for", "1s", "--pid", str(server.pid))
    # The counters of the status are taken over from the threads once in a while.
    wait_for(lambda: server.ke_accepted() >= o["answered"], 5, "the server counts them too")


def test_fixed_rate(w):
    server = w.server()
    o = figures("ntp", f"127.0.0.1:{server.ntp}", "--for", "1s", "--rate", "500")
    check(250 <= o["per_second"] <= 1000, o["per_second"])
    o = figures("ntske", f"127.0.0.1:{server.ke}", "--ca", server.cert, "--server-name",
                "localhost", "--for", "1s", "--rate", "20")
    check(10 <= o["per_second"] <= 40, o["per_second"])


def test_another_machine_is_not_loaded(_w):
    began = time.monotonic()
    for options in ((), ("--rate", "101")):
        for kind in ("nts", "ntp", "ntske"):
            run = bench(kind, "192.0.2.1", *options)
            check(run.returncode == 2 and run.stdout == "", run.returncode)
            check("100 requests per second" in run.stderr, run.stderr)
            check("--i-own-this-server" in run.stderr, run.stderr)
    check(time.monotonic() - began < 10 * PATIENCE, "it tried")


def test_nothing_listens(w):
    port = free_port()
    run = bench("ntp", f"127.0.0.1:{port}", "--for", "1s")
    check(run.returncode == 3 and "nothing listens" in run.stderr, run.stderr)
    for kind in ("nts", "ntske"):
        run = bench(kind, f"127.0.0.1:{port}", "--for", "1s")
        check(run.returncode == 3 and "refused" in run.stderr, run.stderr)
    server = w.server()
    run = bench("ntske", f"127.0.0.1:{server.ke}", "--for", "1s")
    check(run.returncode == 3 and "certificate" in run.stderr, run.stderr)
    run = bench("nts", f"127.0.0.1:{server.ke}", "--ca", server.cert, "--server-name",
                "other.example", "--for", "1s")
    check(run.returncode == 3 and "name" in run.stderr, run.stderr)


def test_no_answer(_w):
    mute = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mute.bind(("127.0.0.1", 0))
    run = bench("ntp", f"127.0.0.1:{mute.getsockname()[1]}", "--for", "200ms", "--timeout",
                "100ms", "--json")
    check(run.returncode == 1 and "no answer" in run.stderr, run.stderr)
    o = json.loads(run.stdout)
    check(o["loss"] == 1 and o["lost"] == o["sent"] > 0, o)
    mute.close()


def test_bad_options(_w):
    for options, word in (
            ((), "expected nts, ntp or ntske"),
            (("http", "127.0.0.1"), "expected nts, ntp or ntske"),
            (("ntp",), "expected HOST"),
            (("ntp", "127.0.0.1", "::1"), "unexpected argument"),
            (("ntp", "127.0.0.1:0"), "expected HOST"),
            (("ntp", "127.0.0.1", "--rate", "0"), "--rate \"0\": expected a number from 0.1"),
            (("ntp", "127.0.0.1", "--for", "soon"), "--for \"soon\": expected a time from 100ms to 1d"),
            (("ntp", "127.0.0.1", "--sockets", "0"), "from 1 to 512"),
            (("ntp", "127.0.0.1", "--window", "9x"), "from 1 to 512"),
            (("ntske", "127.0.0.1", "--window", "65"), "from 1 to 64"),
            (("nts", "127.0.0.1", "--placeholders", "8"), "from 0 to 7"),
            (("ntp", "127.0.0.1", "--placeholders", "1"), "unknown option --placeholders"),
            (("ntp", "127.0.0.1", "--ca", "x"), "unknown option --ca"),
            (("ntske", "127.0.0.1", "--sockets", "2"), "unknown option --sockets"),
            (("ntp", "127.0.0.1", "--rate", "5", "--window", "2"), "closed loop"),
            (("ntp", "127.0.0.1", "--sokets", "2"), "did you mean '--sockets'"),
            (("ntp", "192.0.2.1", "--rate", "5", "--pid", "1"), "not an address"),
            (("ntp", "127.0.0.1", "--no-such-option"), "unknown option --no-such-option")):
        run = bench(*options)
        check(run.returncode == 2 and word in run.stderr, options, run.returncode, run.stderr)
    run = bench("ntp", "no-such-host.invalid")
    check(run.returncode == 3 and "no-such-host.invalid: " in run.stderr, run.stderr)
    run = bench("nts", "127.0.0.1", "--ca", "/nonexistent")
    check(run.returncode == 3 and "/nonexistent" in run.stderr, run.stderr)
    run = bench("ntp", "127.0.0.1", "--pid", "2147483647")
    check(run.returncode == 3 and "no process" in run.stderr, run.stderr)
    help_ = bench("--help")
    check(help_.returncode == 0 and "sealed in advance" in help_.stdout)


if __name__ == "__main__":
    sys.exit(main(globals()))
