#!/usr/bin/python3
"""The pure folders compile as strict C17 without _GNU_SOURCE, so that clock_gettime is not even
declared there. Prints TAP.

Looked at is each compile command of a file below them, at any depth and in any library, and whether a
file defines by itself what the command does not.
"""
import json
import pathlib
import re
import subprocess
import sys

import layout

EXTENSIONS = r"_(?:GNU|DEFAULT|POSIX|POSIX_C|XOPEN|BSD|SVID|ATFILE)_SOURCE\b"
FLAG = re.compile("-D *" + EXTENSIONS)
DEFINED = re.compile(r"^\s*(?:#|%:)\s*define\s+" + EXTENSIONS, re.M)


def is_strict(words):
    stds = [w for w in words if w.startswith(("-std", "--std", "-ansi"))]
    return bool(stds) and stds[-1] == "-std=c17" and not FLAG.search(" ".join(words))


def faults(top, build):
    found = []
    for layer in layout.pure_layers(top):
        compiled, unseen = layout.commands(top, build, layer)
        found += unseen
        found += [f"{path}: not strict C17" for path, _, words in compiled if not is_strict(words)]
        found += [f"{path}: declares more than C17 has" for path in layout.sources(top / "src" / layer)
                  if DEFINED.search(path.read_text().replace("\\\n", ""))]
    return found


def compiles(words, text):
    """Compile text with the flags of a command."""
    keep = [w for w in words[1:] if w.startswith(("-W", "-std=", "-D", "-f", "-O"))]
    with layout.tree({"x.c": text}) as top:
        run = subprocess.run([words[0], *keep, "-Werror", "-c", top / "x.c", "-o", top / "x.o"],
                             capture_output=True)
    return run.returncode == 0


CLEAN = "int noon_f(void);\nint noon_f(void)\n{\n\treturn 1;\n}\n"
CLOCK = (
    "#include <time.h>\nint noon_f(void);\n"
    "int noon_f(void)\n{\n\tstruct timespec t;\n\treturn clock_gettime(CLOCK_REALTIME, &t);\n}\n"
)
LOOSE = ["-std=gnu17", "-std=c17 -D_GNU_SOURCE", "-std=c17 -D _GNU_SOURCE=1", "-std=c17 -std=gnu17",
         "-D_POSIX_C_SOURCE=200809L -std=c17", "-O2"]
PLACES = ["src/proto/a.c", "src/proto/ptp/a.c", "src/engine/vote/a.c", "src/metrology/budget/a.c"]


def planted(flags, text=CLEAN, listed=True):
    """flags: file: flags of its command"""
    entries = [{"directory": "/", "file": name, "output": "x.o", "command": f"cc {f} -c {name}"}
               for name, f in flags.items() if listed]
    return {**{name: text for name in flags}, "compile_commands.json": json.dumps(entries)}


def planted_faults(top):
    """Of a tree whose compile commands name files from its top."""
    listed = top / "compile_commands.json"
    listed.write_text(listed.read_text().replace('"directory": "/"', f'"directory": "{top}"'))
    return faults(top, top)


STRICT = {place: "-Wall -std=c17 -DNOON_X=1" for place in PLACES}
TREES = [
    (None, planted(STRICT | {"src/daemon/core/a.c": "-std=gnu17 -D_GNU_SOURCE"})),
    *[("proto/ptp/a.c: not strict", planted(STRICT | {PLACES[1]: flags})) for flags in LOOSE],
    *[(f"{place}: not strict", planted(STRICT | {place: LOOSE[0]})) for place in PLACES],
    ("is not compiled", planted({PLACES[1]: ""}, listed=False)),
    ("more than C17", planted({PLACES[1]: "-std=c17"}, "# define _GNU_SOURCE\n" + CLEAN)),
    ("more than C17", planted({PLACES[1]: "-std=c17"}, "#define \\\n _POSIX_C_SOURCE 1\n" + CLEAN)),
]


def main():
    top, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    compiled = [c for layer in layout.pure_layers(top) for c in layout.commands(top, build, layer)[0]]
    words = compiled[0][2] if compiled else ["cc"]
    refused = compiles(words, CLEAN) and not compiles(words, CLOCK)
    layout.report([
        (f"{len(compiled)} pure files compile as strict C17",
         faults(top, build) if compiled else ["no file"]),
        ("planted faults are caught, honest files pass", layout.missed(TREES, planted_faults)),
        ("a planted clock_gettime does not compile", [] if refused else ["it does"]),
    ])
    return 0


sys.exit(main())
