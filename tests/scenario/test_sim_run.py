#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark sim run: all scenarios of lab/scenarios, repetition, and errors of files. Prints TAP.

use: test_sim_run.py NOONMARK FOLDER
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOOL, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
SEEDS = os.environ.get("NOON_SEEDS", "1")

GOOD = """duration = "10min"
server "s" { }
client "c" { clock = "tcxo" offset = "3ms" alert-limit = "1ms" }
path "p" { jitter = "50us" delay = "100us" }
"""

# (text, line, words of the message)
BAD = [
    ('duration = "5 parsecs"', 1, ["duration", "5 parsecs", "expected a time"]),
    ('\nduration = "-5s"', 2, ["duration", "above zero"]),
    ('\nduratoin = "5s"', 2, ["duratoin", "did you mean 'duration'"]),
    ('seed = -1', 1, ["seed", "whole number"]),
    ('demonstration = perhaps', 1, ["demonstration", "true or false"]),
    ('server "s" { stratum = 1 }', 1, ["stratum"]),
    ('server "s" {\n local-stratum = 77 }\nclient "c" { }\npath "p" { }', 2,
     ["local-stratum", "1..15"]),
    ('client "c" {\n clock = "sundial"\n}', 2, ["clock", "sundial", "tcxo"]),
    ('client "c" {\n wander = "5 apples"\n}', 2, ["wander", "expected a frequency"]),
    ('client "c" { }\nclient "c" { }', 2, ["c"]),
    ('server "x" { }\nclient "x" { }', 2, ["x", "different names"]),
    (GOOD + 'path "q" {\n loss = 1.5 }', 6, ["loss", "1.5", "probability"]),
    (GOOD + 'path "q" {\n p-idle = 2 }', 6, ["p-idle", "probability"]),
    (GOOD + 'path "q" {\n delay = "-1ms" }', 6, ["delay", "-1ms", "zero or more"]),
    (GOOD + 'path "q" {\n rate = "fast" }', 6, ["rate", "1Gb/s"]),
    (GOOD + 'path "q" {\n queue = "stack" }', 6, ["queue", "priority"]),
    (GOOD + 'path "q" {\n queue = "priority" }', 6, ["q", "rate"]),
    (GOOD + 'path "q" {\n minpoll = 9 maxpoll = 3 }', 6, ["q", "minpoll"]),
    (GOOD + 'path "q" {\n server = "nobody" }', 6, ["server", "nobody", "no node"]),
    (GOOD + 'path "q" {\n recorded = "missing.txt" }', 6, ["missing.txt", "No such file"]),
    (GOOD + 'path "q" {\n forward {\n  delay = "x" } }', 7, ["delay", "expected a time"]),
    (GOOD + 'path "q" {\n protocol = "gps" }', 6, ["protocol", "gps", "ntp or ptp"]),
    (GOOD + 'path "q" {\n protocol = ptp }', 6, ["q", "minpoll", "layover"]),
    (GOOD + 'path "q" { protocol = ptp minpoll = 0 }\nattack "a" {\n kind = "kiss" code = "DENY" }', 7,
     ["a", "of NTP", "of PTP"]),
    (GOOD + 'path "q" { protocol = ptp minpoll = 0 }\nseeker "B" {\n path = "q" listens = true }', 7,
     ["B", "receiver", "listens"]),
    (GOOD + 'attack "a" { }', 5, ["a", "kind"]),
    (GOOD + 'attack "a" {\n kind = "magic" }', 6, ["kind", "magic"]),
    (GOOD + 'attack "a" {\n kind = "delay"\n from = "9min"\n until = "1min"\n}', 9,
     ["attack", "from < until"]),
    (GOOD + 'attack "a" {\n kind = "ramp" ramp = "fast"\n}', 6, ["ramp", "fast", "slope"]),
    (GOOD + 'attack "a" {\n kind = "kiss" code = "NO"\n}', 6, ["code", "NO", "four letters"]),
    (GOOD + 'seeker "B" { }', 5, ["seeker", "B", "threshold"]),
    (GOOD + 'seeker "B" {\n path = "nowhere" threshold = "1ms" }', 6, ["nowhere", "name of a path"]),
    (GOOD + 'seeker "B" {\n listens = maybe }', 6, ["listens", "true or false"]),
    (GOOD + 'seeker "B" {\n threshold = "1ms" every = "1ms" }', 6, ["every", "10 ms"]),
    (GOOD + 'event "e" { }', 5, ["e", "kind"]),
    (GOOD + 'event "e" {\n kind = "nap" }', 6, ["kind", "nap", "pause, jump or migrate"]),
    (GOOD + 'event "e" {\n kind = "pause"\n client = "nobody" }', 7, ["client", "nobody", "no node"]),
    (GOOD + 'event "e" { kind = "pause" at = "1min" }', 5, ["e", "duration of a pause"]),
    (GOOD + 'event "e" { kind = "jump" at = "1h" jump = "1s" }', 5, ["e", "before that of the run"]),
    ('client "c" {\n random-walk = "1e-7/sqrt(week)"\n}', 2, ["random-walk", "1e-7/sqrt(h)"]),
    ('server "s" { }\nclient "c" {\n load-amplitude = "6ppm" }\npath "p" { }', 3, ["load-interval"]),
    (GOOD + 'expect = { "bound_violation == 0" }', 5, ["bound_violation", "no figure"]),
    (GOOD + 'expect = { "harmed = 0" }', 5, ["harmed", "expected =="]),
    (GOOD + 'expect = { "rms_offset < 20 potatoes" }', 5, ["rms_offset", "a time"]),
    (GOOD + 'expect = { "nobody:harmed == 0" }', 5, ["nobody", "no client"]),
    ('client "c" { }', 1, ["path to a server"]),
    (GOOD + 'path "q" {', 5, ["never closed"]),
    ('title = "', 1, ["never closed"]),
    ('excursion = perhaps', 1, ["excursion", "true or false"]),
    ('truth = "nobody"\n' + GOOD, 6, ["truth", "nobody"]),
]

results = []


def check(good, what):
    results.append(bool(good))
    print(("ok" if good else "not ok") + f" {len(results)} - {what}", flush=True)


def run(*args):
    return subprocess.run([TOOL, "sim", "run", *map(str, args)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=500)


def written(folder, text, name="x.conf"):
    path = pathlib.Path(folder, name)
    path.write_text(text)
    return path


def scenarios():
    files = sorted(FOLDER.glob("*.conf"))
    out = run("--json", "--seeds", SEEDS, "--jobs", 2, *files)
    found = json.loads(out.stdout)
    for s in found["scenarios"]:
        failed = [r for r in s["runs"] if not r["passed"]]
        for r in failed:
            wrong = [f"{e['expected']} (found {e['found']})" for e in r["expect"] if not e["held"]]
            print(f"# seed {r['seed']}: " + "; ".join(wrong))
        check(not failed, f"{pathlib.Path(s['file']).stem}: {s['title']}")
    compared = sum(r["comparisons"] for s in found["scenarios"] for r in s["runs"])
    print(f"# {compared} comparisons with the truth, bound violations: {found['bound_violations']}")
    check(found["bound_violations"] == 0, "no bound was false where the assumptions held")
    check(out.returncode == 0, "exit status 0 when all pass")
    check(len(files) > 60, "the catalogue is there")
    used = "".join(f.read_text() for f in files)
    check(all(k in used for k in ["shorter-path", "calibration-poison", "temperature"]), "as a whole")


def tight():
    """Honest, and near the limit: no alarm, whatever the seed."""
    found = json.loads(run("--json", "--seeds", 10, "--jobs", 2, FOLDER / "honest-tight.conf").stdout)
    runs = found["scenarios"][0]["runs"]
    failed = [r["seed"] for r in runs if not r["passed"]]
    check(len(runs) == 10 and not failed, f"honest-tight with other seeds: {failed or 'no alarm'}")


def repetition(tmp):
    path = written(tmp, GOOD + 'expect = { "samples > 5" }')
    one = run("--json", "--seeds", 6, path)
    many = run("--json", "--seeds", 6, "--jobs", 3, path)
    check(one.stdout == many.stdout and one.returncode == 0, "the same results for any jobs")
    runs = json.loads(one.stdout)["scenarios"][0]["runs"]
    again = json.loads(run("--json", "--seed", 4, path).stdout)["scenarios"][0]["runs"]
    check(again == [runs[3]], "a seed repeats")
    check(len({r["digest"] for r in runs}) == 6, "seeds differ")


def event(tmp):
    text = GOOD + 'event "stop" { kind = "pause" at = "4min" duration = "40s" %s }\nexpect = { %s }'
    out = run(written(tmp, text % ("", '"blind_violations > 0", "away_offset > 39s", "false_alarms == 0"')))
    check(out.returncode == 0, "a machine that stands still loses time")
    out = run(written(tmp, text % ("noticed = true", '"bound_violations == 0", "blind_violations == 0", '
                                   '"ok_again < 2min", "rms_after < 50us", "away_longest < 2min"')))
    check(out.returncode == 0, "one that is told of it is back soon")
    out = run(written(tmp, text % ("clock-runs = true", '"bound_violations == 0", "blind_violations == 0", '
                                   '"alarms == 0", "away_offset < 1ms"')))
    check(out.returncode == 0, "a clock that runs on loses nothing")


def failure(tmp):
    path = written(tmp, GOOD + 'expect = { "samples > 5000" }')
    out = run("--seeds", 2, path)
    check(out.returncode == 1, "exit status 1 when a limit is not kept")
    check(f"noonmark sim run {path} --seed 2" in out.stdout, "the command that repeats it is told")
    check('expected "samples > 5000", found ' in out.stdout, "and what was found")


def picture(tmp):
    path = written(tmp, GOOD + 'attack "hold" { kind = "delay" from = "5min" delay = "5ms" }',
                   "drawn.conf")
    out = run("--svg", pathlib.Path(tmp, "svg"), path)
    file = pathlib.Path(tmp, "svg", "drawn-1.svg")
    text = file.read_text() if file.exists() else ""
    check(out.returncode == 0 and text.startswith("<svg") or "<svg" in text, "a picture is drawn")
    check("hold" in text and "alert limit" in text, "with attacks and limit")


def noncompliant(tmp):
    held = 'attack "hold" { kind = "delay" direction = reverse from = "5min" delay = "3ms" }\n'
    text = GOOD + held + 'seeker "B" { %s threshold = "%s" model-forward = "150us" model-reverse = "150us" }'
    said = run(written(tmp, text % ("", "2ms"))).stdout
    check("NON-COMPLIANT" not in said, "a seeker whose test finds the attack is not said to be NON-COMPLIANT")
    said = run(written(tmp, text % ("", "4ms"))).stdout
    check("x: NON-COMPLIANT: by the paper's own test" in said and "limit of 1.000 ms" in said and
          "seeker B: condition 3 is not met" in said, "one whose test does not is, with the condition")
    said = run(written(tmp, text % ("listens = true", "4ms"))).stdout
    check("no round trip is measured" in said and "seeker B: condition 3 cannot be met" in said,
          "one that listens cannot meet condition 3")


def bad_files(tmp):
    for text, line, words in BAD:
        path = written(tmp, text, "bad.conf")
        out = run(path)
        said = out.stderr
        good = (out.returncode == 2 and f"{path}:{line}:" in said and
                all(w in said for w in words) and out.stdout == "")
        if not good:
            print("# " + repr(text) + " -> " + str(out.returncode) + " " + said.strip())
        check(good, "refused: " + " ".join(words))
    out = run(pathlib.Path(tmp, "none.conf"))
    check(out.returncode == 2 and "none.conf" in out.stderr, "a missing file is named")
    check(run().returncode == 2, "no file is a usage error")
    check(run("--jobs", 0, "x").returncode == 2, "so are no jobs")
    written(tmp, "1us\n-3us\n", "delays.txt")
    out = run(written(tmp, GOOD + 'path "q" { recorded = "delays.txt" }'))
    check(out.returncode == 2 and "delays.txt:2:" in out.stderr, "a bad recorded delay has its line")


with tempfile.TemporaryDirectory() as folder:
    scenarios()
    tight()
    repetition(folder)
    failure(folder)
    event(folder)
    picture(folder)
    noncompliant(folder)
    bad_files(folder)
print(f"1..{len(results)}")
sys.exit(0 if all(results) else 1)
