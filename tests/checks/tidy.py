#!/usr/bin/env python3
"""clang-tidy has nothing to say about our sources, function size included. Prints TAP."""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

TOOL = "clang-tidy-14"
SAID = re.compile(r"^(\S+?:\d+:\d+): (?:warning|error): (.*)$", re.M)


def say(args):
    run = subprocess.run([TOOL, "--quiet", *args], capture_output=True, text=True)
    return [f"{where}: {what}" for where, what in SAID.findall(run.stdout)]


def long_function(lines):
    body = "".join(f"\tx += {i};\n" for i in range(lines))
    return f"int noon_f(int x);\nint noon_f(int x)\n{{\n{body}\treturn x;\n}}\n"


def flags(entry):
    """What clang-tidy 14 needs and understands of a compile command."""
    words = shlex.split(entry["command"])
    return [w for w in words if w.startswith(("-I", "-D", "-std="))]


def main():
    top, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    entries = json.loads((build / "compile_commands.json").read_text())
    jobs = {}
    for e in entries:
        path = (build / e["file"]).resolve()
        if (top / "src").resolve() in path.parents:
            args = [f.replace("-I", f"-I{build}/", 1) if f.startswith("-I") else f
                    for f in flags(e)]
            jobs[path] = [str(path), f"--config-file={top}/.clang-tidy", "--", *args]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = sorted({line for lines in pool.map(say, jobs.values()) for line in lines})
    print("1..3")
    for line in found:
        print("# " + line)
    print(("not ok" if found or not jobs else "ok") + f" 1 - {len(jobs)} sources are tidy")
    with tempfile.TemporaryDirectory() as tmp:
        source = pathlib.Path(tmp, "x.c")
        args = [str(source), f"--config-file={top}/.clang-tidy", "--", "-std=c17"]
        source.write_text(long_function(50))
        short_ok = not say(args)
        source.write_text(long_function(70))
        caught = any("function-size" in line for line in say(args))
    print(("ok" if short_ok else "not ok") + " 2 - a function of 50 lines passes")
    print(("ok" if caught else "not ok") + " 3 - a planted function of 70 lines is caught")
    return 0


sys.exit(main())
