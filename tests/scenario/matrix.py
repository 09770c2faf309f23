#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every attack of the catalogue on three channels with three oscillators and the guard on.

Whatever a scenario of lab/scenarios expects is replaced by the invariants I1 to I7 alone.
use: matrix.py NOONMARK FOLDER [SEEDS]
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

CHANNELS = {
    "exponential": 'jitter = "100us"',
    "routers": 'nodes = 10  rate = "1Gb/s"  queue = "priority"  p-idle = 0.35',
    "pareto": 'queue = "pareto"  queue-scale = "50us"  pareto-shape = 2.5',
}
CLOCKS = ["tcxo", "ocxo", "vm"]
EXPECT = """expect = { "bound_violations == 0", "stale_violations == 0", "I1 == 0", "I2 == 0",
	"I3 == 0", "I4 == 0", "I5 == 0", "I6 == 0", "I7 == 0" }
"""


def variants(path):
    text = path.read_text()
    needed = ['clock = "tcxo"', 'jitter = "100us"']
    # A change of route is an alarm of the guard, rightly, and no attack.
    if any(w in text for w in ["demonstration", "route-change"]) or not all(
            w in text for w in needed):
        return
    text = re.sub(r"^expect = \{.*?^\}\n", EXPECT, text, flags=re.S | re.M)
    text = 'guard = true\nguard-shift = "500us"\nalert-limit = "5ms"\n' + text
    for channel, link in CHANNELS.items():
        for clock in CLOCKS:
            yield (f"{path.stem}-{channel}-{clock}",
                   text.replace('jitter = "100us"', link).replace('clock = "tcxo"',
                                                                  f'clock = "{clock}"'))


def main():
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    seeds = sys.argv[3] if len(sys.argv) > 3 else "1"
    with tempfile.TemporaryDirectory() as tmp:
        files = []
        for path in sorted(folder.glob("*.conf")):
            for name, text in variants(path):
                files.append(pathlib.Path(tmp, name + ".conf"))
                files[-1].write_text(text)
        return subprocess.run([tool, "sim", "run", "--seeds", seeds, "--jobs",
                               str(os.cpu_count()), *map(str, files)]).returncode


sys.exit(main())
