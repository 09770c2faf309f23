#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark sim paper: reproducible, in agreement with itself, and clear about bad input."""
import csv
import json
import os
import subprocess
import sys
import xml.dom.minidom

from harness import PATIENCE, TOOL, check, main


def paper(*options):
    return subprocess.run([TOOL, "sim", "paper", *options], capture_output=True, text=True,
                          timeout=120 * PATIENCE)


def results(*options):
    run = paper("--json", *options)
    check(run.returncode == 0, run.stderr)
    return json.loads(run.stdout)


def test_anchors_are_reached(_w):
    r = results("--trials", "20000", "--n", "10,100")
    check(abs(r["rtt_mean_us"] - 80.184) < 1e-3, r["rtt_mean_us"])
    check(abs(r["rtt_sd_us"] - 18.3837) < 1e-4, r["rtt_sd_us"])
    check(abs(r["mean_of_10_sd_us"] - 5.8134) < 1e-4, r["mean_of_10_sd_us"])
    check(0 < r["rtt_skewness"] < 0.2, r["rtt_skewness"])
    check(r["fig8"]["n"] == 100 and r["fig8"]["p_d"] == 0.999, r["fig8"]["n"])
    check(abs(r["fig8"]["lambda_us"] - 84.53) < 0.01, r["fig8"]["lambda_us"])
    check([row["n"] for row in r["fig9"]] == [10, 100])


def test_results_do_not_depend_on_threads(_w):
    one = paper("--json", "--trials", "5000", "--threads", "1", "--seed", "9")
    two = paper("--json", "--trials", "5000", "--threads", "2", "--seed", "9")
    other = paper("--json", "--trials", "5000", "--threads", "2", "--seed", "10")
    check(one.stdout == two.stdout, "1 and 2 threads differ")
    check(one.stdout != other.stdout, "two seeds agree")


def test_exact_law_is_within_the_intervals(_w):
    r = results("--trials", "50000", "--n", "10,20,50,100,150,1000")
    for row in r["fig9"]:
        check(row["p_fa_mc_low"] <= row["p_fa_exact"] <= row["p_fa_mc_high"], row)
        check(row["p_md_mc_low"] <= 0.001 <= row["p_md_mc_high"], row)
        check(row["p_fa_mc_low"] <= row["p_fa_mc"] <= row["p_fa_mc_high"], row)
    last = r["fig9"][-1]
    check(last["p_fa_mc"] == 0 and last["p_fa_mc_low"] == 0 and 0 < last["p_fa_mc_high"] < 1e-3,
          last)


def test_another_channel_agrees_too(_w):
    r = results("--trials", "50000", "--n", "1,5,20", "--routers", "2", "--p-idle", "0.8",
                "--packet-bytes", "512", "--rate", "100M", "--delay-us", "30", "--p-d", "0.99")
    for row in r["fig9"]:
        check(row["p_fa_mc_low"] <= row["p_fa_exact"] <= row["p_fa_mc_high"], row)
        check(row["p_md_mc_high"] <= 0.012, row)


def test_named_channels(_w):
    plain = paper("--json", "--trials", "1000", "--n", "10,100")
    named = paper("--json", "--trials", "1000", "--n", "10,100", "--channel", "paper")
    check(plain.stdout == named.stdout, "the default is the paper's")
    r = json.loads(plain.stdout)
    check(r["channel"] == "paper" and 150 < r["needed_n"] < 250, r["needed_n"])
    for name, mean, sd, least in (("wireless", 1.0, 0.408248, 1.9539), ("ptp-aware", 0.16, 0.020656, 0.156)):
        r = results("--trials", "1000", "--channel", name)
        check(r["channel"] == name and r["needed_n"] == 1, name, r["needed_n"])
        check(abs(r["rtt_mean_us"] - mean) < 1e-6 and abs(r["rtt_sd_us"] - sd) < 1e-5, name)
        check(abs(r["least_delay_us"] - least) < 1e-3, name, r["least_delay_us"])
        check([row["n"] for row in r["fig9"]] == [1, 2, 3, 4, 5, 6, 8, 10], name)
        check(all(row["p_fa_exact"] == 0 for row in r["fig9"]), name)
    # Where the delay is of the size of what is left, law and simulation can be compared.
    for name, delay in (("wireless", "0.5"), ("ptp-aware", "0.03")):
        r = results("--trials", "50000", "--channel", name, "--delay-us", delay, "--n", "2,4,8")
        check(r["agreement"]["with_power"] == r["agreement"]["within_interval"] == 3, name, r["agreement"])
    swapped = paper("--json", "--trials", "10", "--n", "1", "--routers", "5", "--channel", "wireless")
    check(json.loads(swapped.stdout)["parameters"]["routers"] == 5, "the order of options")
    run = paper("--channel", "carrier-pigeon")
    check(run.returncode == 2 and "--channel \"carrier-pigeon\"" in run.stderr and
          "paper, wireless or ptp-aware" in run.stderr, run.stderr)


def test_bad_input_is_explained(_w):
    for options in (["--p-idle", "1.5"], ["--p-idle", "1"], ["--p-idle", "nan"], ["--p-d", "1"],
                    ["--p-d", "0"], ["--delay-us", "-1"], ["--delay-us", "0"], ["--n", ""],
                    ["--n", "10,x"], ["--n", "0"], ["--routers", "0"], ["--trials", "0"],
                    ["--trials", "1e3"], ["--seed", "-1"], ["--rate", "fast"],
                    ["--packet-bytes", "0"], ["--threads", "0"], ["--surprise"], ["surplus"],
                    ["--output", ""]):
        run = paper(*options)
        check(run.returncode == 2, options, run.returncode)
        check("Traceback" not in run.stderr and run.stdout == "", options)
        check(options[0].lstrip("-") in run.stderr, options, run.stderr)


def test_files_are_complete_or_absent(w):
    folder = os.path.join(w.dir, "figures")
    run = paper("--trials", "2000", "--n", "10,100", "--output", folder)
    check(run.returncode == 0, run.stderr)
    names = set(os.listdir(folder))
    check(names == {"fig6.csv", "fig7.csv", "fig8.csv", "fig9.csv", "practical.csv", "fig6.svg",
                    "fig7.svg", "fig8.svg", "fig9.svg", "practical.svg", "paper.json"}, names)
    for name in names:
        path = os.path.join(folder, name)
        if name.endswith(".svg"):
            xml.dom.minidom.parse(path)
        if name.endswith(".csv"):
            with open(path, newline="", encoding="utf-8") as f:
                rows = list(csv.reader(f))
            check(len(rows) > 2 and len({len(r) for r in rows}) == 1, name)
    in_the_way = os.path.join(w.dir, "file")
    with open(in_the_way, "w", encoding="utf-8") as f:
        f.write("x")
    run = paper("--trials", "100", "--n", "10", "--output", in_the_way)
    check(run.returncode == 3 and in_the_way in run.stderr, run.returncode, run.stderr)


if __name__ == "__main__":
    sys.exit(main(globals()))
