#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Scenarios of lab/real with real daemons, all at once, and what cannot be played."""
import glob
import json
import os
import subprocess
import sys

from harness import DAEMON, SOURCE, Skip, check, main

REAL = sorted(glob.glob(os.path.join(SOURCE, "lab", "real", "*.conf")))


def lab(w, *args, status=None, timeout=120):
    return w.tool("lab", "run", "--noonmarkd", DAEMON, *args, status=status, timeout=timeout)


def play(w, jobs, files):
    """Play scenarios; returns those that missed an expectation, and what was said of them. What a
    machine's load cannot excuse, a bound that is false, fails at once."""
    done = lab(w, "--json", "--jobs", jobs, *files)
    if "not allowed here" in done.stderr:
        raise Skip("no network namespaces")
    check(done.returncode in (0, 1), done.stderr[-800:])
    found = json.loads(done.stdout)["scenarios"]
    check(len(found) == len(files), len(found))
    missed = []
    for s in found:
        for run in s["runs"]:
            w.note(os.path.basename(s["file"]), "comparisons", run["comparisons"], "violations",
                   run["metrics"]["bound_violations"], "alarm after",
                   run["metrics"]["alarm_after_s"])
            check(run["metrics"]["bound_violations"] == 0, s["file"], run)
        if not s["passed"]:
            missed.append(s["file"])
    check(bool(missed) == (done.returncode == 1), done.returncode, missed)
    return missed, done.stdout


def test_real_daemons_keep_the_promises(w):
    """Their times are real: on a busy machine one may miss what it expects, and is played again."""
    check(len(REAL) >= 6, len(REAL))
    missed, said = play(w, 3, REAL)
    for _ in range(3):
        if missed:
            missed, said = play(w, 1, missed)
    check(not missed, missed, said[-3000:])


def test_the_same_files_pass_in_virtual_time(w):
    w.tool("sim", "run", *REAL, status=0, timeout=100)


def test_what_cannot_be_played_is_said(w):
    tamper = os.path.join(SOURCE, "lab", "scenarios", "06-tamper.conf")
    check("tamper cannot be played" in lab(w, tamper, status=2).stderr, "tamper")
    check("paper" in lab(w, os.path.join(SOURCE, "lab", "scenarios", "honest-paper.conf"),
                         status=2).stderr, "queue of routers")
    for name, what in (("ptp-honest", "protocol ptp"), ("demo-one-way", "seeker")):
        said = lab(w, os.path.join(SOURCE, "lab", "scenarios", name + ".conf"), status=2).stderr
        check(what + " is for sim run" in said, said)
    lab(w, status=2)
    lab(w, w.path("none.conf"), status=2)
    lab(w, "--jobs", 0, REAL[0], status=2)
    w.tool("lab", status=2)
    w.tool("lab", "walk", status=2)


def test_nothing_is_left_behind(w):
    p = subprocess.Popen([os.environ.get("NOON_TOOL", os.path.join(SOURCE, "build", "noonmark")),
                          "lab", "run", "--noonmarkd", DAEMON, REAL[0]],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        p.wait(4)
    except subprocess.TimeoutExpired:
        p.terminate()
    check(p.wait(20) in (1, 3), p.returncode)
    check(not os.listdir(os.environ["TMPDIR"]), "left:", os.listdir(os.environ["TMPDIR"]))


if __name__ == "__main__":
    sys.exit(main(globals()))
