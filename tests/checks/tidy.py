#!/usr/bin/python3
"""clang-tidy has nothing to say about our sources, function size included. Prints TAP.

A source that was found clean is not looked at again while it, our headers that it includes, its flags
and the configuration are the same: their digest is a file name in tidy-clean of the build folder.
"""
import concurrent.futures
import hashlib
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
INCLUDE = re.compile(rb'^#include [<"](.+?)[>"]', re.M)


def say(args):
    run = subprocess.run([TOOL, "--quiet", *args], capture_output=True, text=True)
    return [f"{where}: {what}" for where, what in SAID.findall(run.stdout)]


def closure(path, roots, seen):
    """Add the source and our headers that it includes, directly or not, to `seen`: path: bytes."""
    if path in seen:
        return
    seen[path] = path.read_bytes()
    for name in INCLUDE.findall(seen[path]):
        for root in [path.parent, *roots]:
            header = (root / name.decode()).resolve()
            if header.is_file():
                closure(header, roots, seen)
                break


def digest(path, args, config, roots):
    seen = {}
    closure(path, roots, seen)
    h = hashlib.sha256(config.read_bytes() + repr(args).encode())
    for p in sorted(seen):
        h.update(str(p).encode() + b"\0" + seen[p] + b"\0")
    return h.hexdigest()


def long_function(lines):
    body = "".join(f"\tx += {i};\n" for i in range(lines))
    return f"int noon_f(int x);\nint noon_f(int x)\n{{\n{body}\treturn x;\n}}\n"


def flags(entry):
    """What clang-tidy 14 needs and understands of a compile command."""
    words = shlex.split(entry["command"])
    return [w for w in words if w.startswith(("-I", "-D", "-std="))]


def sources(top, build):
    """path: arguments of clang-tidy"""
    jobs = {}
    for e in json.loads((build / "compile_commands.json").read_text()):
        path = (build / e["file"]).resolve()
        if (top / "src").resolve() in path.parents:
            args = [f.replace("-I", f"-I{build}/", 1) if f.startswith("-I") else f
                    for f in flags(e)]
            jobs[path] = [str(path), f"--config-file={top}/.clang-tidy", "--", *args]
    return jobs


def look(path, args, top, clean):
    """What clang-tidy says of a source, unless it was clean as it stands."""
    mark = clean / digest(path, args, top / ".clang-tidy", [top / "src", top / "include"])
    if mark.exists():
        return []
    said = say(args)
    if not said:
        mark.touch()
    return said


def check_itself(top):
    """Whether the check passes what is right, and catches what is not."""
    with tempfile.TemporaryDirectory() as tmp:
        source, clean = pathlib.Path(tmp, "x.c"), pathlib.Path(tmp)
        args = [str(source), f"--config-file={top}/.clang-tidy", "--", "-std=c17"]
        source.write_text(long_function(50))
        short_ok = not look(source, args, top, clean) and not look(source, args, top, clean)
        source.write_text(long_function(70))
        caught = all(any("function-size" in line for line in look(source, args, top, clean))
                     for _ in range(2))
    return short_ok, caught


def main():
    top, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    clean = build / "tidy-clean"
    clean.mkdir(exist_ok=True)
    jobs = sources(top, build)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = sorted({line for lines in pool.map(lambda j: look(*j, top, clean), jobs.items())
                        for line in lines})
    print("1..3")
    for line in found:
        print("# " + line)
    print(("not ok" if found or not jobs else "ok") + f" 1 - {len(jobs)} sources are tidy")
    short_ok, caught = check_itself(top)
    print(("ok" if short_ok else "not ok") + " 2 - a function of 50 lines passes")
    print(("ok" if caught else "not ok") + " 3 - a planted function of 70 lines is caught")
    return 0


if __name__ == "__main__":
    sys.exit(main())
