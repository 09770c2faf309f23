#!/usr/bin/python3
"""All C files are as clang-format 14 leaves them. Prints TAP."""
import pathlib
import subprocess
import sys
import tempfile

TOOL = "clang-format-14"
FOLDERS = ["src", "include", "tests", "fuzz", "bench"]


def bad(top, files):
    run = subprocess.run(
        [TOOL, "--dry-run", "-Werror", "--style=file", *files],
        cwd=top, capture_output=True, text=True,
    )
    return [line for line in run.stderr.splitlines() if "error:" in line]


def main():
    top = pathlib.Path(sys.argv[1])
    files = sorted(str(p) for f in FOLDERS for p in (top / f).rglob("*.[ch]"))
    found = bad(top, files)
    print("1..2")
    for line in found[:20]:
        print("# " + line)
    print(("not ok" if found else "ok") + f" 1 - {len(files)} files are formatted")
    with tempfile.TemporaryDirectory() as tmp:
        pathlib.Path(tmp, ".clang-format").write_text((top / ".clang-format").read_text())
        planted = pathlib.Path(tmp, "x.c")
        planted.write_text("int f( void ) { return 1; }\n")
        caught = bad(tmp, [str(planted)])
    print(("ok" if caught else "not ok") + " 2 - a planted fault is caught")
    return 0


sys.exit(main())
