#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prove the contracts of the sources with Frama-C (docs/proofs.md); called by scripts/prove.

The provers are limited by steps, not by time, so that a busy machine proves what an idle one does.
What they answered is kept in tests/prove/cache: an unchanged tree takes seconds.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

Z3 = "Z3,Z3new"
ALL = "Z3,Z3new,CVC4"

# What is proved: a file, and the functions of it that have contracts; None: all, headers included.
# Theirs is every run-time error too (-wp-rte): overflow, division, pointers, shifts. The third is the
# provers that are asked, where it is not all of them: CVC4 is slow to give up.
UNITS = [
    ("src/base/time.c", None),
    ("src/base/bytes.c", ["noon_rd_*", "noon_wr_*", "noon_bytes_of", "noon_rd_over*", "rd_be", "wr_be",
                          "noon_equal"]),
    ("src/estimate/bound/interval.c", None),
    ("src/estimate/bound/select.c", ["comes_before", "insert", "without_touching", "noon_select"]),
    ("src/daemon/report/publish.c", ["page_status", "raw_until", "raw_rate", "real_ahead_when_checked",
                                     "noon_publish_page", "noon_publish_may_serve"], Z3),
    ("src/wire/ntp_ext.c", ["noon_ntp_ext_get"]),
    ("src/wire/ip/esp.c", ["noon_esp_get", "noon_esp_trailer_get"], Z3),
    ("src/wire/ip/ah.c", ["noon_ah_get", "noon_ah_len"], Z3),
]

# Branches that are never taken, and are there all the same: each with its reason. A smoke test shows
# them, and any other one fails: code that cannot be reached, or a contract that contradicts itself.
DEAD = {
    "saturate": "of NaN: the real numbers of the model have none",
    "noon_ntp_ext_get": "the error of noon_rd_take(): the length was compared with what is left before",
}

FRAMA_C = ["frama-c", "-wp", "-wp-rte", "-wp-model", "Typed+Cast+Real",
           "-wp-par", str(os.cpu_count()), "-wp-no-filter", "-wp-warn-key", "pedantic-assigns=inactive",
           "-wp-timeout", "600"]
SMOKE = ["-wp-smoke-tests", "-wp-smoke-timeout", "2"]
FAILED = re.compile(r"^\[wp\] \[(?:Failed|Timeout|Unknown)\] Goal (\S+)", re.M)
DOOMED = re.compile(r"^\[wp\] \[Failed\] Smoke-test (\S+)", re.M)
GOALS = re.compile(r"Proved goals:\s+(\d+) / (\d+)")


class Outcome:
    def __init__(self, name, text, seconds):
        self.name, self.text, self.seconds = name, text, seconds
        found = GOALS.search(text)
        self.proved, self.goals = (int(found[1]), int(found[2])) if found else (0, 0)
        self.unproved = sorted(set(FAILED.findall(text)))
        self.dead = sorted(set(DOOMED.findall(text)))

    def wrong(self):
        """What is wrong, as text; empty when all is proved."""
        if self.goals == 0:
            return ["frama-c failed: " + self.text.strip()[-600:]]
        missing = self.goals - self.proved - len(self.unproved) - len(self.dead)
        if missing > 0:
            return [f"not proved: {missing} goals that frama-c does not name"]
        dead = [d for d in self.dead if not any(f"_{name}_wp_smoke" in d for name in DEAD)]
        return [f"not proved: {g}" for g in self.unproved] + [f"never reached: {d}" for d in dead]


def write_why3(folder):
    """Provers with limits in steps: the same answer on every machine."""
    path = folder / "why3.conf"
    path.write_text("""[main]
magic = 14
memlimit = 3000
running_provers_max = 2
timelimit = 600

[prover]
command = "z3 -smt2 rlimit=20000000 sat.random_seed=42 smt.random_seed=42 nlsat.randomize=false \\
smt.auto_config=false smt.mbqi=false smt.array.extensional=false smt.arith.solver=2 -st %f"
command_steps = "z3 -smt2 sat.random_seed=42 smt.random_seed=42 nlsat.randomize=false \\
smt.auto_config=false smt.mbqi=false smt.array.extensional=false smt.arith.solver=2 -st rlimit=%S %f"
driver = "z3_471"
in_place = false
interactive = false
name = "Z3"
version = "4.8.12"

[prover]
command = "z3 -smt2 rlimit=20000000 sat.random_seed=42 smt.random_seed=42 nlsat.randomize=false \\
smt.auto_config=false smt.mbqi=false smt.array.extensional=false smt.arith.solver=6 -st %f"
command_steps = "z3 -smt2 sat.random_seed=42 smt.random_seed=42 nlsat.randomize=false \\
smt.auto_config=false smt.mbqi=false smt.array.extensional=false smt.arith.solver=6 -st rlimit=%S %f"
driver = "z3_471"
in_place = false
interactive = false
name = "Z3new"
version = "4.8.12"

[prover]
command = "cvc4 --stats --rlimit=2000000 --lang=smt2 %f"
command_steps = "cvc4 --stats --rlimit=%S --lang=smt2 %f"
driver = "cvc4_17"
in_place = false
interactive = false
name = "CVC4"
version = "1.8"
""".replace("\\\n", ""))
    return path


def functions(names, text):
    """Patterns of UNITS as names: those that the file, or a header it includes, defines."""
    known = set(re.findall(r"^(?:static |inline |NOON_MUST_USE )*[\w *]+?\b(\w+)\([^;{]*\)\s*\{", text, re.M))
    out = []
    for n in names:
        pattern = re.compile(n.replace("*", r"\w*") + "$")
        out += sorted(k for k in known if pattern.match(k))
    return out


def prove(top, work, cache, name, names, provers=ALL, smoke=True, prop=None):
    """Run Frama-C on one file."""
    argv = FRAMA_C + ["-wp-prover", provers] + (SMOKE if smoke else [])
    argv += [f"-wp-prop={prop}"] if prop else []
    stubs = pathlib.Path(__file__).resolve().parent / "stubs.h"
    argv += [f"-cpp-extra-args=-Isrc -Iinclude -DNDEBUG -include {stubs}",
             "-wp-cache", "update", "-wp-cache-dir", str(cache)]
    if names is not None:
        text = (top / name).read_text()
        header = top / name.replace(".c", ".h")
        text += header.read_text() if header.is_file() else ""
        argv += ["-wp-fct", ",".join(functions(names, text))]
    # Frama-C takes relative names from PWD, wherever it really is.
    env = {**os.environ, "PWD": str(top), "HOME": str(work), "WHY3CONFIG": str(write_why3(work))}
    began = time.monotonic()
    done = subprocess.run(argv + [name], cwd=top, env=env, capture_output=True, text=True, timeout=3000)
    return Outcome(name, done.stdout + done.stderr, time.monotonic() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--top", default=".", help="tree whose sources are proved")
    parser.add_argument("--cache", help="folder of answers (default: tests/prove/cache)")
    parser.add_argument("--function", help="prove this function alone, without smoke tests")
    parser.add_argument("--verbose", action="store_true", help="print what frama-c says")
    parser.add_argument("name", nargs="*", help="files whose path contains one of these")
    a = parser.parse_args()
    top = pathlib.Path(a.top).resolve()
    work = top / "build/prove"
    work.mkdir(parents=True, exist_ok=True)
    cache = pathlib.Path(a.cache).resolve() if a.cache else top / "tests/prove/cache"
    cache.mkdir(parents=True, exist_ok=True)
    good, proved, goals, began = True, 0, 0, time.monotonic()
    for name, names, *provers in UNITS:
        if a.name and not any(n in name for n in a.name):
            continue
        if a.function:
            names = [a.function]
        o = prove(top, work, cache, name, names, *provers, smoke=not a.function)
        print(f"{o.proved:4} of {o.goals:4} goals  {o.seconds:6.1f} s  {name}", flush=True)
        if a.verbose:
            print(o.text)
        for wrong in o.wrong():
            print("     " + wrong)
        good = good and not o.wrong()
        proved, goals = proved + o.proved, goals + o.goals
    print(f"{proved} of {goals} goals proved, {time.monotonic() - began:.0f} s")
    return 0 if good and goals > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
