#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""References of calibrations: instruments that compare this machine's clock with a reference, good
and faulty, and the pulses that this machine puts out for them."""
import csv
import io
import json
import os
import re
import subprocess
import sys
import time

import instruments
from guest import Guest, for_guest
from harness import DAEMON, PATIENCE, TOOL, check, main
from test_calibrate import calibrate, contains, result

AHEAD = -0.012  # of the server, against the system clock
X_C = 0.000123  # of the system clock, against the reference
BOUND = 50e-6
SLACK = 300e-6  # the system clock may be slewed, the server's is not


def server(w):
    s = w.server(clock={"type": "virtual", "offset": f"{AHEAD * 1e3}ms"}, nts=False)
    return f"ntp://127.0.0.1:{s.ntp}"


def instants(w, pulses, name="instants"):
    """A file that stands for a PPS device: seconds from now, and by how much the clock is ahead."""
    now = int(time.time())
    return w.write(name, "".join(f"{(now + at) * 10**9 + round(ahead * 1e9)}\n" for at, ahead in pulses))


def run(w, url, spec, seconds, *args, status=0):
    return result(w, "run", url, "--reference", spec, "--reference-bound", f"{BOUND * 1e6}us", "--interval", "0.1",
                  "--duration", f"{seconds}s", *args, status=status)


def states(w, ident):
    """How many samples had which state of the reference."""
    rows = list(csv.DictReader(io.StringIO(calibrate(w, "export", ident)[0])))
    seen = {}
    for r in rows:
        seen.setdefault(r["reference_state"], []).append(r)
    return seen


def test_pulses(w):
    url = server(w)
    path = instants(w, [(i, X_C) for i in range(-1, 60)])
    o = run(w, url, f"pps:{path}", 5)
    contains(o, AHEAD + X_C, SLACK)
    check(abs(o["x_s"] - AHEAD - X_C) < SLACK, o["x_s"])
    check(o["used"] == o["samples"] >= 30 and o["reference_readings"] >= 4, o)
    whole = json.loads(calibrate(w, "export", o["id"], "--format", "json")[0])
    for r in whole["readings"]:
        check(r["error_ns"] == round(X_C * 1e9) and r["pulse_ns"] % 10**9 == r["error_ns"], r)
        check(r["state"] == "locked" and r["bound_ns"] == round(BOUND * 1e9) and 0 < r["u_s"] < 1e-5, r)


def test_pulses_that_are_missing(w):
    url = server(w)
    # Four are missing: holdover for two seconds, then nothing is known, until they are back.
    path = instants(w, [(i, X_C) for i in range(-1, 60) if not 6 <= i < 11])
    p = subprocess.run([TOOL, "calibrate", "run", url, "--reference", f"pps:{path}", "--reference-bound", "50us",
                        "--interval", "0.1", "--duration", "14s", "--holdover", "1s", "--holdover-rate", "50ppm",
                        "--json"], capture_output=True, text=True, cwd=w.dir, timeout=120 * PATIENCE, check=False)
    o = json.loads(p.stdout)
    check("no pulse for 3 s" in p.stderr and p.stderr.count("reference pps:") == 1, p.stderr)
    seen = states(w, o["id"])
    check(set(seen) == {"locked", "holdover", "lost"}, {k: len(v) for k, v in seen.items()})
    bounds = [float(r["reference_bound_s"]) for r in seen["holdover"]]
    check(bounds == sorted(bounds) and bounds[0] > BOUND + 100e-6 and bounds[-1] < 300e-6, bounds)
    check(o["used"] == o["samples"] - len(seen["lost"]), o["used"], o["samples"])
    check(any("no usable reference" in f for f in o["findings"]), o["findings"])
    contains(o, AHEAD + X_C, SLACK)


def test_pulses_that_contradict(w):
    url = server(w)
    # A glitch of 50 ms is left out; from 6 on all pulses are elsewhere.
    path = instants(w, [(i, X_C + (0.05 if i == 3 or i >= 6 else 0)) for i in range(-1, 60)])
    o = run(w, url, f"pps:{path}", 12)
    seen = states(w, o["id"])
    check("broken" in seen and "locked" in seen, {k: len(v) for k, v in seen.items()})
    check(all(abs(float(r["reference_error_s"]) - X_C) < 1e-9 for r in seen["locked"]), seen["locked"][:3])
    contains(o, AHEAD + X_C, SLACK)


def test_silence(w):
    url = server(w)
    w.write("silent", "")
    began = time.monotonic()
    _, err = calibrate(w, "run", url, "--reference", f"pps:{w.path('silent')}", "--reference-bound", "1ms",
                       "--count", 3, status=3)
    check("no usable reading of the reference" in err and time.monotonic() - began < 30 * PATIENCE, err)
    for spec, words in (("pps:/nonexistent", ["/nonexistent", "No such file"]), ("pps:/dev/null", ["no PPS device"]),
                        ("pps:", ["expected pps:DEVICE"]), ("abacus:x", ["abacus", "expected", "pps:"])):
        _, err = calibrate(w, "run", url, "--reference", spec, "--reference-bound", "1ms", "--count", 1, status=3)
        check(all(word in err for word in words), spec, err)


def measured(w, url, device, seconds, *args, status=0, during=None):
    """A campaign against an instrument. `during` is called a few seconds after its begin.
    @return (result, samples by state of the reference, what was said on standard error)"""
    argv = [TOOL, "calibrate", "run", url, "--reference", device.spec, "--reference-bound", "50us", "--interval", "0.1",
            "--duration", f"{seconds}s", "--holdover", "1s", "--json", *args]
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=w.dir)
    try:
        if during:
            time.sleep(2)
            during()
        out, err = p.communicate(timeout=120 * PATIENCE)
    finally:
        p.kill()
        p.wait()
    check(p.returncode == status, device.spec, p.returncode, err, out[-500:])
    o = json.loads(out)
    return o, states(w, o["id"]), err


def is_taken_off(o, seen, x_c):
    check(all(abs(float(r["reference_error_s"]) - x_c) < 5e-6 for r in seen["locked"]), seen["locked"][0])
    contains(o, AHEAD + x_c, SLACK)
    check(abs(o["x_s"] - AHEAD - x_c) < SLACK, o["x_s"])


def set_fault(device, word):
    device.fault = word


def counted(w, device, faults):
    """With each of the instruments: its reading is taken off, and no fault makes another of it."""
    url = server(w)
    try:
        o, seen, err = measured(w, url, device, 4)
        check(set(seen) == {"locked"} and err == "", {k: len(v) for k, v in seen.items()}, err)
        is_taken_off(o, seen, X_C)
        for word, expected in faults:
            device.fault = ""
            seconds = 5 if expected == {"locked"} else 9
            o, seen, err = measured(w, url, device, seconds, during=lambda word=word: set_fault(device, word))
            check(set(seen) == expected, word, {k: len(v) for k, v in seen.items()}, err)
            is_taken_off(o, seen, X_C)
            check(("lost" in seen) == ("reference " + device.spec in err) or word in ("lost", "nofix"), word, err)
    finally:
        device.stop()


SILENT = {"locked", "holdover", "lost"}


def test_ticc(w):
    counted(w, instruments.Ticc(w, X_C), (("comments", {"locked"}), ("second", {"locked"}), ("lost", SILENT),
                                          ("silence", SILENT), ("range", SILENT)))


def test_ticc_of_time_stamps(w):
    counted(w, instruments.Ticc(w, X_C, mode="stamps"), (("swapped", {"locked"}),))


def test_ticc_whose_time_stamps_wrap(w):
    counted(w, instruments.Ticc(w, X_C, mode="stamps", wrap_s=3600), ())


def test_sr620(w):
    counted(w, instruments.Sr620(w, X_C), (("silence", SILENT), ("second", {"locked"})))


def test_53230a(w):
    counted(w, instruments.Counter53230a(w, X_C), (("timeout", SILENT), ("closed", SILENT)))


def test_gpsd(w):
    counted(w, instruments.FakeGpsd(w, X_C), (("other", {"locked"}), ("toff", SILENT), ("nofix", SILENT)))


def test_hardware_clock(w):
    """A PTP hardware clock that is ahead of the system clock: that is behind it by as much."""
    url = server(w)
    w.write("phc", "123000\n")
    o = run(w, url, f"phc:{w.path('phc')}", 5)
    check(set(states(w, o["id"])) == {"locked"} and abs(o["x_s"] - AHEAD + 123e-6) < SLACK, o["x_s"])
    contains(o, AHEAD - 123e-6, SLACK)


def test_hardware_clock_that_stamps_pulses(w):
    """A card on TAI, at whatever time: the pulses of a reference come in, those of its own go out."""
    url = server(w)
    w.write("phc", "37400000000 399877000\n")
    o = run(w, url, f"phc:{w.path('phc')},extts", 5)
    check(set(states(w, o["id"])) == {"locked"} and abs(o["x_s"] - AHEAD + 123e-6) < SLACK, o["x_s"])
    contains(o, AHEAD - 123e-6, SLACK)
    w.write("phc", "37000123000\n")
    out = json.loads(calibrate(w, "pulse", "--output", f"phc:{w.path('phc')}", "--count", 2, "--json")[0])
    check(out["pulses"] == 2 and abs(out["late_mean_s"] + 123e-6) < 1e-9, out)


def test_counter_is_gone(w):
    url = server(w)
    for spec, words in (("ticc:/dev/null", ["/dev/null"]), ("ticc:", ["ticc:DEVICE"]), ("gpsd:127.0.0.1:1", ["gpsd"]),
                        ("53230a:", ["53230a:HOST"]), ("phc:/dev/null", ["/dev/null"])):
        _, err = calibrate(w, "run", url, "--reference", spec, "--reference-bound", "1ms", "--count", 1, status=3)
        check(all(word in err for word in words), spec, err)


# Pulses may be at any phase, and that of the timer drifts by 40 ms each second: what is measured
# ends before they come to the middle between two seconds, where nobody knows which one is meant.
GUEST = """
while phase=$(sed 's/.*\\.\\(...\\).*/\\1/' /sys/class/pps/pps0/assert); do
	case $phase in 5[1-9]?|6??) break ;; esac
	sleep 0.5
done
{daemon} -f {conf} >/run/log 2>&1 &
sleep 2
{tool} calibrate run ntp://127.0.0.1:11123 --reference pps:/dev/pps0 --reference-bound 60ms --interval 0.2 \\
	--duration 6s --database /run/c.db --trials 0 --json >/run/result || true
grep '"x_s"\\|"used"\\|"samples"' /run/result
{tool} calibrate export 1 --database /run/c.db --format json | grep pulse_ns | sed 's/^/reading /'
cat /sys/class/pps/pps0/assert
kill %1
"""


def test_pulses_of_a_kernel(w):
    """A real RFC 2783 device: the pulses of a kernel's timer, at whatever phase of the second."""
    conf = w.write("server.conf", """
clock { type = "virtual" offset = "-12ms" }
user = "root"
state-directory = "/run/server"
control-socket = "/run/server.sock"
shared-page = ""
server { listen = {"127.0.0.1:11123"} local-stratum = 1 local-bound = "20us" }
""")
    g = Guest(w, GUEST.format(daemon=for_guest(DAEMON), tool=for_guest(TOOL), conf=conf).replace("--trials 0 ", ""),
              ["pps-ktimer"]).start()
    said = g.finish(180)
    kernel = [re.fullmatch(r"(\d+)\.(\d+)#(\d+)", x) for x in said]
    last = [m for m in kernel if m][-1]
    check(int(last[3]) > 5, said)
    readings = [json.loads(x[8:].rstrip(",")) for x in said if x.startswith("reading ")]
    locked = [r for r in readings if r["state"] == "locked"]
    check(len(locked) >= 4, said)
    for r in locked:
        into = (r["pulse_ns"] + 5 * 10**8) % 10**9 - 5 * 10**8
        check(r["error_ns"] == into, r)
    # The timer of that kernel makes its seconds longer; its own account of a later pulse is in step.
    pulses = [r["pulse_ns"] for r in locked]
    period = (pulses[-1] - pulses[0]) / (len(pulses) - 1)
    check(0.95e9 < period < 1.1e9, pulses)
    later = (int(last[1]) * 10**9 + int(last[2]) - pulses[-1]) / period
    check(later > 0.9 and abs(later - round(later)) < 0.1, later, last[0])
    w.note("pulses of the guest's kernel:", [r["error_ns"] for r in readings])


def test_pulses_put_out(w):
    out, _ = calibrate(w, "pulse", "--output", f"file:{w.path('pulses')}", "--count", 3, "--offset", "-200ms",
                       "--json")
    o = json.loads(out)
    check(o["pulses"] == 3 and o["late_min_s"] >= 0 and o["u_s"] >= 0, o)
    with open(w.path("pulses"), encoding="ascii") as f:
        lines = [list(map(int, line.split())) for line in f]
    check(len(lines) == 3, lines)
    for meant, before, after in lines:
        check(meant % 10**9 == 8 * 10**8 and meant <= before <= after, meant, before, after)
    check(abs(sum(b - m + a - m for m, b, a in lines) / 6e9 - o["late_mean_s"]) < 1e-9, lines, o)
    for args, status, words in ((["--output", "serial:/dev/null"], 3, ["/dev/null", "no line"]),
                                (["--output", "phc:/dev/null"], 3, ["/dev/null", "no PTP hardware clock"]),
                                (["--output", "sundial"], 3, ["sundial", "expected serial:DEVICE"]),
                                ([], 2, ["--output is missing"]),
                                (["--output", "file:/nonexistent/x"], 3, ["/nonexistent/x"])):
        _, err = calibrate(w, "pulse", *args, "--count", 1, status=status)
        check(all(word in err for word in words), args, err)


if __name__ == "__main__":
    sys.exit(main(globals()))
