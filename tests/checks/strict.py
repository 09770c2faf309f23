#!/usr/bin/python3
"""The pure folders compile as strict C17 without _GNU_SOURCE, so that clock_gettime is not even
declared there. Prints TAP.
"""
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

STRICT = ["base", "wire", "estimate", "metrology", "proto", "engine"]


def words(entry):
    return entry.get("arguments") or shlex.split(entry["command"])


def is_strict(args):
    stds = [a for a in args if a.startswith("-std=")]
    gnu = [a for a in args if a.startswith("-D_GNU_SOURCE") or a.startswith("-D_DEFAULT_SOURCE")]
    return bool(stds) and stds[-1] == "-std=c17" and not gnu


def compiles(args, text):
    """Compile text with the flags of a command."""
    keep = [a for a in args[1:] if a.startswith(("-W", "-std=", "-D", "-f", "-O"))]
    with tempfile.TemporaryDirectory() as top:
        source = pathlib.Path(top, "x.c")
        source.write_text(text)
        run = subprocess.run(
            [args[0], *keep, "-Werror", "-c", source, "-o", pathlib.Path(top, "x.o")],
            capture_output=True,
        )
    return run.returncode == 0


CLEAN = "int noon_f(void);\nint noon_f(void)\n{\n\treturn 1;\n}\n"
CLOCK = (
    "#include <time.h>\nint noon_f(void);\n"
    "int noon_f(void)\n{\n\tstruct timespec t;\n\treturn clock_gettime(CLOCK_REALTIME, &t);\n}\n"
)


def main():
    build = pathlib.Path(sys.argv[1])
    entries = json.loads((build / "compile_commands.json").read_text())
    loose = []
    sample = None
    for e in entries:
        parts = pathlib.Path(e["file"]).parts
        if len(parts) < 2 or "src" not in parts or parts[parts.index("src") + 1] not in STRICT:
            continue
        sample = words(e)
        if not is_strict(sample):
            loose.append(e["file"])
    print("1..3")
    for name in loose:
        print("# " + name)
    print(("ok" if sample and not loose else "not ok") + " 1 - pure folders compile as strict C17")
    gnu = ["-std=gnu17" if a == "-std=c17" else a for a in sample]
    late = sample + ["-D_GNU_SOURCE"]
    caught = not is_strict(gnu) and not is_strict(late)
    print(("ok" if caught else "not ok") + " 2 - planted flags are caught")
    refused = compiles(sample, CLEAN) and not compiles(sample, CLOCK)
    print(("ok" if refused else "not ok") + " 3 - a planted clock_gettime does not compile")
    return 0


sys.exit(main())
