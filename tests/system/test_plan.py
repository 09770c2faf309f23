#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark plan: verdicts of three deployments, exit statuses, and what it says to bad input."""
import json
import subprocess
import sys

import baselines
from harness import PATIENCE, TOOL, check, main

LAN = ["--limit", "50us", "--period", "1s", "--clock", "tcxo", "--distance", "1km", "--rate",
       "100"]


def plan(*options):
    return subprocess.run([TOOL, "plan", *options], capture_output=True, text=True, timeout=120 * PATIENCE)


def verdict(*options):
    run = plan(*options, "--json")
    check(run.returncode in (0, 1), run.returncode, run.stderr)
    o = json.loads(run.stdout)
    check(o["feasible"] == (run.returncode == 0), "status", run.returncode)
    return o


def test_lan_is_feasible_by_every_way(_w):
    o = verdict(*LAN)
    for way in ("bound", "mean", "cusum"):
        check(o[way]["feasible"], way, o[way])
        check(o[way]["round_trips_needed"] <= 100, way)
    check(abs(o["mean"]["hidden_advance_us"] - 1.561) < 0.001, o["mean"]["hidden_advance_us"])
    check(o["bound"]["hidden_advance_us"] == 0)
    check("FEASIBLE" in plan(*LAN).stdout)


def test_a_metro_fibre_hides_an_advance(_w):
    metro = ["--limit", "50us", "--period", "1s", "--clock", "ocxo", "--distance", "40km",
             "--rate", "50"]
    o = verdict(*metro)
    check(not o["feasible"] and o["mean"]["binding"] == "path", o["mean"])
    check(o["bound"]["binding"] == "excess", o["bound"])
    check(abs(o["mean"]["hidden_advance_us"] - 62.44) < 0.01, o["mean"]["hidden_advance_us"])
    more = o["mean"]["changes"]["limit_us"]
    changed = [f"{more * 1.001}us" if x == "50us" else x for x in metro]
    check(verdict(*changed)["mean"]["feasible"], "the change it names is not enough")
    check(verdict(*metro, "--attacker-index", "1.468")["mean"]["feasible"])
    text = plan(*metro)
    check(text.returncode == 1 and "none" in text.stdout and "binding" in text.stdout)


CABLE = ["--limit", "100us", "--period", "1s", "--clock", "tcxo", "--cable", "40km", "--rate", "100"]


def test_a_cable_without_a_distance_may_be_undercut(_w):
    o = verdict(*CABLE, "--tolerance", "10m")
    check(not o["feasible"] and o["bound"]["binding"] == "path", o["bound"])
    check(abs(o["bound"]["hidden_advance_us"] - 133.392) < 0.01, o["bound"])
    check("the distance is not known" in plan(*CABLE).stdout)


def test_hidden_advance_and_bound_share_the_limit(_w):
    o = verdict(*CABLE, "--tolerance", "10m", "--distance", "40km", "--index", "1.468")
    for way in ("bound", "mean", "cusum"):
        check(o[way]["feasible"], way, o[way])
        check(abs(o[way]["left_us"] - (97 - o[way]["hidden_advance_us"])) < 1e-6, o[way])
    # 97 us less 62.44 hidden, less 2 x 10 m of fibre.
    check(abs(o["mean"]["delta_us"] - 34.459) < 0.01, o["mean"])
    check(o["bound"]["round_trips_needed"] > 10, o["bound"])
    mid = verdict(*CABLE, "--tolerance", "10m", "--distance", "40km", "--estimator", "midpoint")
    check(abs(mid["mean"]["delta_us"] - (2 * 34.557 - 0.098)) < 0.01, mid["mean"])


def test_a_path_that_is_not_known_is_not_feasible(_w):
    o = verdict(*CABLE, "--distance", "20km", "--attacker-index", "1.468", "--tolerance", "20km")
    check(not o["feasible"], o)
    check(o["mean"]["binding"] in ("path", "uncertain"), o["mean"])
    o = verdict(*CABLE, "--distance", "40km", "--attacker-index", "1.468", "--tolerance", "12km")
    check(o["mean"]["binding"] == o["cusum"]["binding"] == "uncertain", o["mean"])
    check(0 < o["mean"]["changes"]["path_err_us"] < 58.8, o["mean"]["changes"])
    check("the propagation is not known" in
          plan(*CABLE, "--distance", "40km", "--attacker-index", "1.468", "--tolerance",
               "12km").stdout)


def test_a_plan_carries_over_to_the_daemon(w):
    """The same words give the same minima and the same hidden advance on both sides."""
    for index, attacker, distance in ((None, None, 40), (1.468, None, 40), (1.468, 1.2, 40),
                                      (1.468, None, None)):
        options = [*CABLE, "--tolerance", "10m"]
        conf = {"cable-length-m": 40000.0, "cable-tolerance-m": 10.0}
        for value, option, name, scale in ((index, "--index", "cable-index", 1),
                                           (attacker, "--attacker-index", "attacker-index", 1),
                                           (distance, "--distance", "distance-m", 1000)):
            if value is None:
                continue
            options += [option, f"{value}km" if scale > 1 else str(value)]
            conf[name] = float(value * scale)
        planned = verdict(*options)
        client = w.client([("192.0.2.77", conf)], name="carry" + str(len(w.processes)), watch=False)
        s = client.source()
        hidden = planned["bound"]["hidden_advance_us"]
        check(abs(s["conditions"]["hidden_advance_s"] * 1e6 - hidden) < 0.003, s["conditions"],
              planned["bound"])
        check(s["conditions"]["hidden_advance_known"] == (distance is not None), s["conditions"])
        surplus = planned["parameters"]["surplus_us"]
        length = planned["parameters"]["propagation_us"]
        check(abs(s["minimum_forward_s"] * 1e6 - (length - surplus / 2)) < 0.003, s, planned)
        client.stop()


def test_a_wan_needs_another_limit(_w):
    o = verdict("--limit", "1ms", "--period", "16s", "--clock", "tcxo", "--distance", "2000km")
    check(not o["feasible"])
    check(o["bound"]["changes"]["limit_us"] > 3000, o["bound"]["changes"])


def test_each_change_named_is_enough(_w):
    base = {"--limit": "15us", "--period": "1s", "--clock-ppm": "1", "--m-f": "5us", "--m-r": "5us",
            "--rate": "20", "--p-fa": "1e-3"}

    def run(d):
        return verdict(*[x for pair in d.items() for x in pair])

    o = run(base)
    for way in ("bound", "mean", "cusum"):
        check(not o[way]["feasible"], way)
        changes = o[way]["changes"]
        for key, option, unit, nudge in (("limit_us", "--limit", "us", 1.01),
                                         ("rate_hz", "--rate", "", 1.01),
                                         ("server_us", "--server", "us", 0.97),
                                         ("clock_ppm", "--clock-ppm", "", 0.97)):
            if changes[key] is None:
                continue
            changed = dict(base)
            changed[option] = f"{changes[key] * nudge:.9g}{unit}"
            check(run(changed)[way]["feasible"], way, option, changed[option])


# On average its CUSUM needs 92 of 100 round trips, and finds 30 % of all attacks too late.
LATE = ["--limit", "13us", "--period", "1s", "--clock", "ocxo", "--distance", "100m", "--rate", "100"]


def test_a_cusum_is_judged_by_its_late_alarms(_w):
    o = verdict(*LATE)
    check(not o["cusum"]["feasible"], o["cusum"])
    check(225 < o["cusum"]["round_trips_needed"] < 245, o["cusum"])
    changes = o["cusum"]["changes"]
    for key, option in (("p_d", "--p-d"), ("link_rate_bps", "--link-rate")):
        now, value = o["parameters"][key], changes[key]
        check(value is not None, key, changes)
        check(verdict(*LATE, option, repr(value))["cusum"]["feasible"], option, value)
        less = value - 0.02 * (value - now)
        check(not verdict(*LATE, option, repr(less))["cusum"]["feasible"], option, less)
    check("finds 0.999 of all attacks within those" in plan(*LATE).stdout)


def test_no_share_is_said_to_be_none_or_all(_w):
    easy = ["--limit", "10ms", "--period", "1s", "--clock", "ocxo", "--distance", "1m", "--rate", "5",
            "--p-d", "0.999999999999", "--p-fa", "1e-300"]
    o = verdict(*easy)
    check(o["parameters"]["p_d"] == 0.999999999999 and o["parameters"]["p_fa"] == 1e-300, o)
    for way in ("bound", "mean", "cusum"):
        check(0 < o[way]["p_fail"] <= 1e-300 or not o[way]["feasible"], way, o[way])
    text = plan(*easy).stdout
    check("1e-300 or less" in text and "finds 1 - 1e-12 of all" in text, text)
    for nothing in (": 0 of", ": 1 of", "finds 1 of", "in inf"):
        check(nothing not in text, nothing, text)
    hard = ["--limit", "3us", "--period", "1s", "--clock", "ocxo", "--distance", "1m", "--rate", "5",
            "--p-d", "0.999999999999"]
    text = plan(*hard).stdout
    check("more than 0.999 of all periods" in text, text)
    check("1 - 1e-12" in text, text)
    narrow = ["--link-rate", "1e13", "--limit", "9us", "--period", "1s", "--clock", "ocxo", "--distance",
              "1m"]
    o = verdict(*narrow)
    check(o["cusum"]["h"] is None and o["cusum"]["arl0"] is None, o["cusum"])
    check("none can be tuned" in plan(*narrow).stdout)


def test_bad_input_is_explained(_w):
    for options, words in (
            ([], ["--limit", "missing"]),
            (["--limit", "50us"], ["--period", "missing"]),
            (["--limit", "50us", "--period", "1s"], ["--clock", "missing"]),
            (["--limit", "50us", "--period", "1s", "--clock", "vm"], ["path", "missing"]),
            (LAN + ["--clock", "sundial"], ["--clock", "tcxo"]),
            (LAN + ["--limit", "-3us"], ["--limit", "time"]),
            (LAN + ["--limit", "5 parsecs"], ["--limit", "parsecs"]),
            (LAN + ["--distance", "3"], ["--distance", "length"]),
            (LAN + ["--cable", "500m"], ["--cable", "shorter"]),
            (LAN + ["--tolerance", "5m"], ["--tolerance"]),
            (LAN + ["--m-f", "1us"], ["both"]),
            (LAN + ["--m-f", "50us", "--m-r", "50us"], ["false"]),
            (LAN + ["--cable", "2km", "--tolerance", "3km"], ["larger"]),
            (LAN + ["--p-idle", "1.2"], ["--p-idle", "probability"]),
            (LAN + ["--p-d", "1"], ["--p-d", "probability"]),
            (LAN + ["--p-d", "0.9999999999999999"], ["--p-d", "0.999999999999999"]),
            (LAN + ["--p-fa", "0"], ["--p-fa", "probability"]),
            (LAN + ["--p-fa", "1e-301"], ["--p-fa", "1e-300"]),
            (LAN + ["--p-fa", "1e-300", "--rate", "1e7"], ["1e305", "false alarm"]),
            (LAN + ["--rate", "0"], ["--rate"]),
            (LAN + ["--estimator", "guess"], ["midpoint"]),
            (LAN + ["--calibration", "/nonexistent"], ["/nonexistent"]),
            (LAN + ["--surprise"], ["surprise"]),
            (LAN + ["surplus"], ["surplus"])):
        run = plan(*options)
        check(run.returncode == 2, options, run.returncode, run.stdout)
        check(run.stdout == "", options)
        for word in words:
            check(word in run.stderr, options, run.stderr)


def test_a_corrupt_calibration_is_refused(w):
    path = w.write("broken", "noonmark-baseline 1\npath-id x\nnonsense\n")
    run = plan(*LAN, "--calibration", path)
    check(run.returncode == 2 and path in run.stderr, run.returncode, run.stderr)
    path = w.write("empty", "")
    run = plan(*LAN, "--calibration", path)
    check(run.returncode == 2 and path in run.stderr, run.returncode, run.stderr)


def test_the_signature_of_a_calibration_is_checked_with_a_key(w):
    key, pub = baselines.keys(w)
    _, other = baselines.keys(w, "other")
    path = baselines.write(w, "path.baseline", key)
    o = verdict(*LAN, "--calibration", path)
    check(o["calibration"] == {"path_id": "localhost", "signature_checked": False}, o)
    check("NOT CHECKED" in plan(*LAN, "--calibration", path).stdout)
    for good in (pub, key):
        o = verdict(*LAN, "--calibration", path, "--key", good)
        check(o["calibration"]["signature_checked"], o)
    check("signature good" in plan(*LAN, "--calibration", path, "--key", pub).stdout)
    for wrong, words in ((other, [path, "not signed with the key"]),
                         (w.path("none.pub"), ["none.pub"])):
        run = plan(*LAN, "--calibration", path, "--key", wrong)
        check(run.returncode == 2 and run.stdout == "", run.returncode, run.stdout)
        for word in words:
            check(word in run.stderr, word, run.stderr)
    run = plan(*LAN, "--key", pub)
    check(run.returncode == 2 and "--calibration" in run.stderr, run.stderr)
    check(verdict(*LAN)["calibration"] is None)


if __name__ == "__main__":
    sys.exit(main(globals()))
