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


def test_real_daemons_keep_the_promises(w):
    done = lab(w, "--json", "--jobs", 8, *REAL)
    if "not allowed here" in done.stderr:
        raise Skip("no network namespaces")
    check(done.returncode in (0, 1), done.stderr[-800:])
    found = json.loads(done.stdout)
    check(len(found["scenarios"]) == len(REAL) >= 6, len(REAL))
    for s in found["scenarios"]:
        for run in s["runs"]:
            w.note(os.path.basename(s["file"]), "comparisons", run["comparisons"], "violations",
                   run["metrics"]["bound_violations"], "alarm after",
                   run["metrics"]["alarm_after_s"])
            check(run["metrics"]["bound_violations"] == 0, s["file"], run)
    check(done.returncode == 0, done.stdout[-3000:], done.stderr[-800:])


def test_the_same_files_pass_in_virtual_time(w):
    w.tool("sim", "run", *REAL, status=0, timeout=100)


def test_what_cannot_be_played_is_said(w):
    tamper = os.path.join(SOURCE, "lab", "scenarios", "06-tamper.conf")
    check("tamper cannot be played" in lab(w, tamper, status=2).stderr, "tamper")
    check("paper" in lab(w, os.path.join(SOURCE, "lab", "scenarios", "honest-paper.conf"),
                         status=2).stderr, "queue of routers")
    lab(w, status=2)
    lab(w, w.path("none.conf"), status=2)
    lab(w, "--jobs", 0, REAL[0], status=2)
    w.tool("lab", status=2)
    w.tool("lab", "walk", status=2)


def test_nothing_is_left_behind(w):
    before = set(glob.glob("/tmp/noonmark-lab.*"))
    p = subprocess.Popen([os.environ.get("NOON_TOOL", os.path.join(SOURCE, "build", "noonmark")),
                          "lab", "run", "--noonmarkd", DAEMON, REAL[0]],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        p.wait(4)
    except subprocess.TimeoutExpired:
        p.terminate()
    check(p.wait(20) in (1, 3), p.returncode)
    check(set(glob.glob("/tmp/noonmark-lab.*")) <= before, "a folder was left")


if __name__ == "__main__":
    sys.exit(main(globals()))
