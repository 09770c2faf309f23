#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The walk of docs/calibration.md, word for word: its blocks are run by one shell in an empty folder."""
import json
import os
import re
import subprocess
import sys

from harness import DAEMON, PATIENCE, SANITIZER, SOURCE, TOOL, check, main

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"^`([\w.]+)`:\n\n$", re.M)
AHEAD_S = 0.037


def walk():
    """The section of the walk."""
    with open(os.path.join(SOURCE, "docs/calibration.md"), encoding="utf-8") as f:
        return re.search(r"^## A walk on one machine\n(.*?)^## ", f.read(), re.M | re.S)[1]


def script(text):
    """Its blocks in their order, as one script: files are written, commands are run and shown."""
    out = ["set -e"]
    at = 0
    for block in BLOCK.finditer(text):
        name = FILE.search(text[at:block.start()])
        check(block[1] == "sh" or name, "a block that is neither commands nor a file:", block[0][:80])
        if block[1] == "sh":
            out.append(f"set -x\n{block[2]}{{ set +x; }} 2>/dev/null")
        else:
            out.append(f"cat > {name[1]} <<'END-OF-FILE'\n{block[2]}END-OF-FILE")
        at = block.end()
    return "\n".join(out) + "\n"


def test_the_walk_works_as_printed(w):
    folder = w.path("empty")
    programs = w.path("programs")
    os.makedirs(folder)
    os.makedirs(programs)
    os.symlink(TOOL, os.path.join(programs, "noonmark"))
    os.symlink(DAEMON, os.path.join(programs, "noonmarkd"))
    env = {**os.environ, "PATH": programs + ":" + os.environ["PATH"]}
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        env.pop(name, None)
    # "kill %1" needs the jobs of an interactive shell, or of bash.
    done = subprocess.run(["bash", "-c", script(walk())], cwd=folder, env=env, text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=150 * PATIENCE)
    check(done.returncode == 0, "status", done.returncode, done.stdout[-1500:], done.stderr[-1500:])
    check(not SANITIZER.search(done.stderr), done.stderr)
    said = done.stdout
    for words in ("complete", "it claims to be within", "campaign 1 of campaigns.db has the digest stated",
                  "recomputed, and the same", "trusted at the time of the time stamp", "certificate-1.cms: good",
                  "Calibration certificate", "Try laboratory"):
        check(words in said, words, "is not in", said)
    with open(os.path.join(folder, "content.json"), encoding="utf-8") as f:
        o = json.load(f)
    bound = o["bound"]["x"]
    # The reference is the machine's clock itself, so that the truth is 37 ms, but for the slewing of it.
    check(bound["lower_s"] - 1e-3 <= AHEAD_S <= bound["upper_s"] + 1e-3, bound)
    check(bound["upper_s"] - bound["lower_s"] < 3 * o["conditions"]["rtt"]["p95_s"] + 1e-3, o["bound"], o["conditions"])
    check(o["conformity"]["outcome"] == "pass", o["conformity"])


if __name__ == "__main__":
    sys.exit(main(globals()))
