#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every attack of the catalogue on three channels, with three oscillators, the guard on. Prints TAP.

use: test_matrix.py NOONMARK FOLDER

Each file of the catalogue (lab/scenarios/NN-*.conf) is taken with its attack; its path, its clock and
what it expects are replaced: the invariants must hold whatever the path and the clock are. By
default each attack meets one of the nine combinations, another one for each file; NOON_MATRIX=full
tries them all.
"""
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOOL, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
FULL = os.environ.get("NOON_MATRIX") == "full"

PATH = re.compile(r'delay = "(\d+)us"  jitter = "100us"')
# alert limit, shift for the guard, path
CHANNELS = {
    "lan": ("1ms", "20us", 'nodes = 4  rate = "1Gb/s"  queue = "priority"  p-idle = 0.35'),
    "metro": ("2ms", "40us", 'length-m = 40000  nodes = 10  rate = "1Gb/s"  queue = "priority"  '
                             'p-idle = 0.35  minima = "light"'),
    "wan": ("20ms", "4ms", 'delay = "8ms"  queue = "pareto"  queue-scale = "500us"  '
                           'pareto-shape = 3'),
}
CLOCKS = ["tcxo", "ocxo", "vm"]
# Made with the server's own key, and smaller than the uncertainty of so long a path: assumption 1 of
# docs/threat-model.md is broken without a trace, and nobody could see it.
INVISIBLE = {("15-forge-no-minima", "wan")}
INVARIANTS = ["bound_violations == 0", "stale_violations == 0", "harmed == 0", "false_alarms == 0"]
INVARIANTS += [f"I{n} == 0" for n in (1, 2, 3, 4, 5, 6, 7)]


def vary(text, channel, clock):
    limit, shift, path = CHANNELS[channel]
    text = PATH.sub(lambda m: path, text)
    text = re.sub(r'clock = "tcxo"', f'clock = "{clock}"', text)
    if clock == "vm":
        text = text.replace('wander = "200ppb"', "")  # more than that is this clock's nature
    text = re.sub(r'^alert-limit = .*\n', "", text, flags=re.M)  # for all clients: the channel's
    if "alert-limit" not in text:
        text = f'alert-limit = "{limit}"\n' + text
    text = re.sub(r"expect = \{.*?\}", "", text, flags=re.S)
    expect = ", ".join(f'"{e}"' for e in INVARIANTS)
    return f'guard = true\nguard-shift = "{shift}"\n{text}\nexpect = {{ {expect} }}\n'


def files(where):
    catalogue = [p for p in sorted(FOLDER.glob("[01]*.conf"))
                 if "demonstration" not in p.read_text() and PATH.search(p.read_text())]
    all_of = list(itertools.product(CHANNELS, CLOCKS))
    for k, p in enumerate(catalogue):
        for channel, clock in all_of if FULL else [all_of[k * 4 % 9]]:
            if (p.stem, channel) in INVISIBLE:
                continue
            out = where / f"{p.stem}.{channel}.{clock}.conf"
            out.write_text(vary(p.read_text(), channel, clock))
            yield out


def main():
    with tempfile.TemporaryDirectory() as top:
        names = list(files(pathlib.Path(top)))
        done = subprocess.run([TOOL, "sim", "run", "--json", "--jobs", "2", *map(str, names)],
                              capture_output=True, text=True)
        print(f"1..{len(names) + 1}")
        if not done.stdout.startswith("{"):
            print("# " + done.stderr.replace("\n", "\n# "))
            print("Bail out! the files were refused")
            return 1
        checks = violations = 0
        for n, s in enumerate(json.loads(done.stdout)["scenarios"], 1):
            run = s["runs"][0]
            checks += run["comparisons"]
            violations += run["metrics"]["bound_violations"]
            bad = [e for e in run["expect"] if not e["held"]]
            for e in bad:
                print("#", e)
            print("not ok" if bad else "ok", n, "-", pathlib.Path(s["file"]).stem)
        print(f"# {checks} comparisons with the truth, bound violations: {violations}")
        print("not ok" if violations or not checks else "ok", len(names) + 1,
              "- no bound was violated")
    return 0


sys.exit(main())
