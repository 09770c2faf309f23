#!/usr/bin/python3
"""Run the tests whose names contain one of the given words, after building what they need.

A word that no Meson test has in its name is looked for among the functions of the system and
interop tests, which then run alone, with their output. use: named.py BUILD-FOLDER WORD...
"""
import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent


def meson_tests(folder):
    """name: suite"""
    said = subprocess.run(["meson", "introspect", "--tests", folder], capture_output=True,
                          text=True, check=True).stdout
    return {t["name"]: t["suite"][0] for t in json.loads(said)}


def functions(word):
    """(file, function) of the system and interop tests whose names contain the word."""
    for path in sorted(TOP.glob("tests/*/test_*.py")):
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.M):
            if word in name:
                yield path, name


def run_functions(folder, found):
    """Run single functions, each file's together, with the environment that Meson gives them."""
    subprocess.run(["ninja", "-C", folder, "src/daemon/noonmarkd", "src/tools/noonmark"],
                   check=True, stdout=subprocess.DEVNULL)
    env = {**os.environ, "NOON_DAEMON": f"{folder}/src/daemon/noonmarkd",
           "NOON_TOOL": f"{folder}/src/tools/noonmark"}
    good = True
    for path in sorted({p for p, _ in found}):
        names = [n for p, n in found if p == path]
        print(f"== {path.relative_to(TOP)}", flush=True)
        good &= subprocess.run(["/usr/bin/python3", path, *names], env=env).returncode == 0
    return good


def main():
    folder, *words = sys.argv[1:]
    folder = os.path.abspath(folder)
    tests = meson_tests(folder)
    chosen = sorted({name for name in tests for w in words if w in name})
    rest = [w for w in words if not any(w in name for name in tests)]
    found = sorted({f for w in rest for f in functions(w)})
    unknown = [w for w in rest if not list(functions(w))]
    if unknown:
        print(f"no test has this in its name: {', '.join(unknown)} "
              f"(meson test -C {sys.argv[1]} --list; def test_* in tests/system, tests/interop)",
              file=sys.stderr)
        return 2
    good = True
    if chosen:
        good &= subprocess.run(["meson", "test", "-C", folder, "--print-errorlogs",
                                *chosen]).returncode == 0
    if found:
        good &= run_functions(folder, found)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
