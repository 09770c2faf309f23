#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark stability: published values, gaps, time stamps, masks, and what it says to bad input."""
import json
import random
import subprocess
import sys

from harness import PATIENCE, TOOL, check, main

NBS14 = [892, 809, 823, 798, 671, 644, 883, 903, 677]
FREQUENCY = ["--type", "frequency", "--tau0", "1"]


def stability(text, *options):
    return subprocess.run([TOOL, "stability", *options, "-"], input=text, capture_output=True, text=True,
                          timeout=60 * PATIENCE)


def rows(text, *options, status=0):
    run = stability(text, *options, "--json")
    check(run.returncode == status, run.returncode, run.stderr)
    o = json.loads(run.stdout)
    return o, {(r["deviation"], r["m"]): r for r in o["rows"]}


def lines(values):
    return "".join(f"{v}\n" for v in values)


def close(a, b):
    return abs(a - b) <= 1e-5 * abs(b)


def walk(n, seed=1):
    r, x, out = random.Random(seed), 0.0, []
    for _ in range(n):
        out.append(x)
        x += r.gauss(0, 1)
    return out


def test_published_values(_w):
    o, r = rows("# NBS14\ny\n" + lines(NBS14), *FREQUENCY, "--deviations", "all")
    check(o["samples"] == 9 and o["gaps"] == 0 and not o["mean_removed"], o)
    for name, m, value in (("ADEV", 2, 115.8082), ("OADEV", 2, 85.95287), ("MDEV", 2, 74.78849),
                           ("TDEV", 2, 86.35831), ("HDEV", 2, 116.7980), ("OHDEV", 2, 85.61487),
                           ("TOTDEV", 2, 93.90379), ("MTOTDEV", 1, 64.509), ("HTOTDEV", 1, 70.80607)):
        check(close(r[name, m]["value"], value), name, r[name, m])
    check(r["OADEV", 2]["pairs"] == 6, r["OADEV", 2])
    # Nine values are too few to tell the noise: no interval is claimed.
    check(r["OADEV", 1]["noise"] is None and r["OADEV", 1]["from"] is None, r["OADEV", 1])
    text = stability(lines(NBS14), *FREQUENCY).stdout
    check("mean not removed" in text and "8.59529e+01" in text, text)


def test_unit_columns_and_mean(_w):
    text = "time;x;y\n" + "".join(f"{i};7;{v}\n" for i, v in enumerate(NBS14))
    o, r = rows(text, "--type", "frequency", "--unit", "ppb", "--time-column", "1", "--column", "3",
                "--remove-mean", "--deviations", "oadev,mtie")
    check(o["mean_removed"] and close(o["mean"], sum(NBS14) / 9e9), o)
    check(close(o["tau0_s"], 1.0) and close(r["OADEV", 2]["value"], 85.95287e-9), r)
    # Phase of NBS14 without its mean: from -96.33 to 166.44 in steps of 8.
    check(close(r["MTIE", 8]["value"], 262.77777e-9), r["MTIE", 8])
    phase = "".join(f" {v * 1000} \n" for v in (0, 1, 3, 2))
    _, r = rows(phase, "--tau0", "2", "--unit", "ms", "--deviations", "MTIE,tierms")
    check(close(r["MTIE", 1]["value"], 2.0) and close(r["MTIE", 2]["value"], 3.0), r)
    check(close(r["MTIE", 2]["tau_s"], 4.0) and r["MTIE", 2]["pairs"] == 2, r)


def test_gaps_count_pairs(_w):
    values = walk(300)
    text = "".join(f"{1e9 + 10 * i + 1},{v}\n" for i, v in enumerate(values) if i not in (50, 51, 120))
    o, r = rows(text, "--time-column", "1", "--deviations", "plain,totdev")
    check(o["samples"] == 300 and o["gaps"] == 3 and close(o["tau0_s"], 10.0), o)
    check(r["OADEV", 1]["pairs"] == 298 - 7, r["OADEV", 1])
    check(o["totals_left_out"] and ("TOTDEV", 1) not in r, o["totals_left_out"])
    marked = lines("nan" if i in (50, 51, 120) else v for i, v in enumerate(values))
    _, same = rows(marked, "--tau0", "10", "--deviations", "plain")
    check(all(close(same[k]["value"], r[k]["value"]) and same[k]["pairs"] == r[k]["pairs"] for k in r), r, same)
    # The phase of frequencies is lost in a gap: nothing spans it.
    _, r = rows("1\n2\n-\n-\n3\n5\n", *FREQUENCY, "--deviations", "oadev")
    check(r["OADEV", 1]["pairs"] == 2 and close(r["OADEV", 1]["value"], (5 / 4) ** 0.5), r)


def test_noise_and_interval(_w):
    _, r = rows(lines(walk(20000)), "--tau0", "1", "--deviations", "oadev,mtie")
    for m in (1, 8, 64):
        row = r["OADEV", m]
        check(row["noise"] == "white FM" and row["alpha"] == 0, row)
        check(row["from"] < m ** -0.5 < row["to"], row)
    check(r["MTIE", 1]["noise"] is None, r["MTIE", 1])
    _, narrow = rows(lines(walk(20000)), "--tau0", "1", "--deviations", "oadev", "--confidence", "0.5")
    check(narrow["OADEV", 8]["to"] < r["OADEV", 8]["to"], narrow["OADEV", 8])


def test_averaging_times(_w):
    for taus, expected in (("octave", [1, 2, 4, 8, 16]), ("decade", [1, 2, 4, 10]), ("all", list(range(1, 20)))):
        _, r = rows(lines(walk(40)), "--tau0", "1", "--deviations", "oadev", "--taus", taus)
        check([m for _, m in r] == expected, taus, r.keys())
    _, octave = rows(lines(walk(500)), "--tau0", "1", "--deviations", "mtie")
    _, each = rows(lines(walk(500)), "--tau0", "1", "--deviations", "mtie", "--taus", "all")
    check(all(close(octave[k]["value"], each[k]["value"]) for k in octave), octave)


def test_mask(w):
    path = w.path("mask.txt")
    with open(path, "w", encoding="ascii") as f:
        f.write("# tau, limit\n1, 100\n2 80\n")
    run = stability(lines(NBS14), *FREQUENCY, "--deviations", "oadev", "--mask", path)
    check(run.returncode == 1 and "OADEV at tau 2 s: 8.59529e+01 is above the mask, 8.00000e+01" in run.stdout,
          run.returncode, run.stdout)
    o, r = rows(lines(NBS14), *FREQUENCY, "--deviations", "oadev", "--mask", path, status=1)
    check(o["above_mask"] and r["OADEV", 2]["above"] and not r["OADEV", 1]["above"], r)
    check("limit" not in r["OADEV", 4], r["OADEV", 4])
    with open(path, "w", encoding="ascii") as f:
        f.write("0.5,400\n8,25\n")
    o, r = rows(lines(NBS14), *FREQUENCY, "--deviations", "oadev", "--mask", path, status=0)
    check(close(r["OADEV", 2]["limit"], 100.0) and close(r["OADEV", 1]["limit"], 200.0), r)
    for text, word in (("1,x\n", "line 1"), ("2,1\n1,1\n", "line 2"), ("# none\n", "no 'tau,limit'"),
                       ("1,-1\n", "above 0"), ("1000,1\n2000,1\n", "no averaging time")):
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        run = stability(lines(NBS14), *FREQUENCY, "--deviations", "oadev", "--mask", path)
        check(run.returncode == 2 and word in run.stderr, text, run.returncode, run.stderr)


def test_bad_input_is_named(_w):
    phase = ["--tau0", "1"]
    timed = ["--time-column", "1"]
    for text, options, words in (
            ("1\n2\nx\n", phase, ["standard input, line 3", "column 1", "'x'"]),
            ("1\n2\n0x\n", phase, ["line 3"]),
            ("1\ninf\n", phase, ["line 2", "'inf'"]),
            ("1 2\n1\n", [*phase, "--column", "2"], ["line 2", "no column 2"]),
            ("0,1\n1,2\n1,3\n", timed, ["line 3", "not later"]),
            ("0,1\n0,2\n", timed, ["line 2", "not later"]),
            ("0,1\n1,2\n2.5,3\n", timed, ["line 3", "whole number"]),
            ("0,1\nx,2\n", timed, ["line 2", "time stamp", "'x'"]),
            ("0,1\n1,1\n1e15,2\n", timed, ["line 3", "50000000"]),
            ("", phase, ["no value"]),
            ("# only\n-\nnan\n", phase, ["no value"]),
            ("1\n", phase, ["too few"]),
            ("5,1\n", timed, ["no spacing"]),
            ("1\n" * 3 + "1" * 5000 + "\n", phase, ["line 4", "longer than"]),
            ("1\n\0\n", phase, ["line 2", "zero byte"]),
            ("1e308\n", [*phase, "--deviations", "oadevv"], ["'oadevv' is no deviation"]),
            ("1\n", [], ["--tau0 is missing"]),
            ("1\n", [*phase, "--unit", "ppb"], ["--unit"]),
            ("1\n", [*phase, "--remove-mean"], ["--remove-mean"]),
            ("1\n", [*phase, "--tau0", "0"], ["tau0"]),
            ("1\n", [*phase, "--mask", "/nonexistent/m"], ["--deviations"]),
            ("1\n", [*phase, "--mask", "/nonexistent/m", "--deviations", "mtie"], ["/nonexistent/m"])):
        run = stability(text, *options)
        check(run.returncode == 2 and run.stdout == "", text[:20], options, run.returncode, run.stdout)
        for word in words:
            check(word in run.stderr, text[:20], word, run.stderr)
    run = subprocess.run([TOOL, "stability", *phase, "/nonexistent/x"], capture_output=True, text=True,
                         timeout=60 * PATIENCE)
    check(run.returncode == 2 and "/nonexistent/x" in run.stderr, run.stderr)


if __name__ == "__main__":
    sys.exit(main(globals()))
