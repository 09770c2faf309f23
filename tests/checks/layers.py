#!/usr/bin/python3
"""Includes follow the table of ARCHITECTURE.md, which is the only one. Prints TAP.

An include of ours is written "layer/file.h" or "layer/folder/file.h", from src/ or include/. A file
may include what is in its own layer and what its row names. The row of a layer covers its
sub-folders; a sub-folder with a row of its own ("proto/ptp") has that row instead, and its own files.
A row may name a sub-folder of a layer as well. A private header (*_priv.h) is included by files of
the folder that it is in, and of no other.
"""
import pathlib
import posixpath
import sys

import layout

HEADER = ["folder", "what", "may include"]
ROOTS = ["src", "include"]


def holder(name, folders):
    """The deepest of these folders that a file or folder is in, or None."""
    parts = name.split("/")
    for n in range(len(parts), 0, -1):
        if "/".join(parts[:n]) in folders:
            return "/".join(parts[:n])
    return None


def read_rows(text, found):
    """folder: folders it may include"""
    rows = {}
    for folder, _, allowed in layout.table(text, HEADER):
        for name in layout.names(folder):
            if name in rows:
                found.append(f"ARCHITECTURE.md: two rows for {name}")
            rows[name] = set(allowed.split())
    for folder, allowed in rows.items():
        for name in sorted(allowed):
            if holder(name, rows) is None:
                found.append(f"ARCHITECTURE.md: {folder} may include {name}, which has no row")
    return rows


def fault_of(name, written, rows, ours):
    """What is wrong with an include of a file, or None."""
    kind, other = written[:1], written[1:-1]
    if kind not in ('"', "<") or written[-1:] != {'"': '"', "<": ">"}[kind]:
        return "an include names its file"
    if kind == "<":
        # Meson adds the folder of a target to the search path, so that half a path may do.
        mine = ".." in other or "/" in other and any(f"/{f}".endswith(f"/{other}") for f in ours)
        return "a header of ours is written in quotes" if mine else None
    if "/" not in other or other != posixpath.normpath(other) or other.startswith((".", "/")):
        return 'write "folder/file.h", from src/'
    if not other.endswith(".h"):
        return "only headers are included"
    own = holder(posixpath.dirname(name), rows)
    if holder(posixpath.dirname(other), rows[own] | {own}) is None:
        return f"{own} may not include it"
    if other.endswith("_priv.h") and posixpath.dirname(other) != posixpath.dirname(name):
        return f"it is private to {posixpath.dirname(other)}"
    return None


def faults(top):
    found = []
    rows = read_rows((top / "ARCHITECTURE.md").read_text(), found)
    files = {p.relative_to(top / r).as_posix(): p for r in ROOTS for p in layout.sources(top / r)}
    for row in rows:
        if not any((top / r / row).is_dir() for r in ROOTS):
            found.append(f"ARCHITECTURE.md: a row for {row}, which does not exist")
    for name, path in files.items():
        if holder(posixpath.dirname(name), rows) is None:
            found.append(f"{name}: its folder has no row in ARCHITECTURE.md")
            continue
        for written in layout.includes(path):
            fault = fault_of(name, written, rows, files)
            if fault:
                found.append(f"{name}: {written}: {fault}")
    return found


ARCHITECTURE = """
| folder | what | may include |
|---|---|---|
| `base` | types | |
| `wire` | bytes | base |
| `proto` | machines | base wire |
| `proto/ptp` | a row of its own | base proto/ntp |
| `daemon` | services | base proto |
"""
OTHERS = {f"src/{f}/x.h": "\n" for f in
          ["base", "wire", "wire/esp", "proto", "proto/ptp", "proto/ntp", "daemon", "daemon/core"]}


def planted(path, text, table=ARCHITECTURE):
    return {"ARCHITECTURE.md": table, **OTHERS, path: text}


def with_row(row):
    return planted("src/base/a.h", "", ARCHITECTURE + row + "\n")


TREES = [
    # One level deep.
    (None, planted("src/proto/a.c", '#include <stdio.h>\n#include "wire/x.h"\n')),
    ("may not include", planted("src/base/a.h", '#include "wire/x.h"\n')),
    ("may not include", planted("src/wire/a.c", '#include "daemon/x.h"\n')),
    ("from src/", planted("src/wire/a.c", '#include "x.h"\n')),
    ("private to proto", planted("src/daemon/a.c", '#include "proto/a_priv.h"\n')),
    ("no row", planted("src/misc/a.c", "int x;\n")),
    ("no row", planted("src/a.c", "int x;\n")),
    # Two levels deep.
    (None, planted("src/proto/ntp/a.c", '#include "base/x.h"\n#include "wire/esp/x.h"\n'
                   '#include "proto/x.h"\n#include "proto/ptp/x.h"\n#include "proto/ntp/a_priv.h"\n')),
    (None, planted("src/proto/ptp/a.c", '#include "proto/ptp/x.h"\n#include "proto/ntp/x.h"\n')),
    (None, planted("src/daemon/core/a.c", '/* #include "wire/x.h" */\n//\\\n#include "wire/x.h"\n'
                   'const char *u = "http://";\n')),
    ("proto may not include", planted("src/proto/ntp/a.c", '#include "daemon/x.h"\n')),
    ("proto may not include", planted("src/proto/ntp/a.c", '#include "daemon/core/x.h"\n')),
    ("proto may not include", planted("src/proto/ntp/a/b.c", '#include "daemon/x.h"\n')),
    ("proto/ptp may not include", planted("src/proto/ptp/a.c", '#include "wire/x.h"\n')),
    ("proto/ptp may not include", planted("src/proto/ptp/a.c", '#include "proto/x.h"\n')),
    ("private to proto", planted("src/proto/ntp/a.c", '#include "proto/a_priv.h"\n')),
    ("private to proto/ntp", planted("src/proto/a.c", '#include "proto/ntp/a_priv.h"\n')),
    ("private to proto/ntp", planted("src/proto/tsa/a.c", '#include "proto/ntp/a_priv.h"\n')),
    # Ways around.
    ("in quotes", planted("src/proto/ntp/a.c", "#include <daemon/core/x.h>\n")),
    ("in quotes", planted("src/proto/ntp/a.c", "#include <../daemon/x.h>\n")),
    ("in quotes", planted("src/proto/ntp/a.c", "#include <ptp/x.h>\n")),
    ("from src/", planted("src/proto/ntp/a.c", '#include "../../daemon/x.h"\n')),
    ("from src/", planted("src/proto/ntp/a.c", '#include "proto/../daemon/x.h"\n')),
    ("names its file", planted("src/proto/ntp/a.c", "#include OTHER\n")),
    ("only headers", planted("src/proto/ntp/a.c", '#include "proto/ntp/x.inc"\n')),
    ("may not include", planted("src/proto/ntp/a.c", '/* */ # \\\n include"daemon/x.h" // x\n')),
    ("may not include", planted("include/base/a.h", '#include "wire/x.h"\n')),
    # The table itself.
    ("two rows", with_row("| `wire` | again | base |")),
    ("has no row", with_row("| `daemon/core` | sub-folder | nothing |")),
    ("does not exist", with_row("| `engine` | no such folder | base |")),
]


def main():
    top = pathlib.Path(sys.argv[1])
    layout.report([
        ("includes follow the table of ARCHITECTURE.md", faults(top)),
        ("planted faults are caught, honest files pass", layout.missed(TREES, faults)),
    ])
    return 0


sys.exit(main())
