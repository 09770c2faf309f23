#!/usr/bin/python3
"""No folder has more than 25 files (.c and .h), and none is more than two levels deep. Prints TAP."""
import collections
import pathlib
import sys

import layout

LIMIT = 25
LEVELS = 2
# A file belongs to the first of these that it is below; unit tests mirror src/.
ROOTS = ["src", "include", "tests/unit", "tests", "fuzz", "bench"]


def count(top):
    """folder: number of files; and the folders that are too deep"""
    counts, deep, seen = collections.Counter(), set(), set()
    for root in ROOTS:
        for path in layout.sources(top / root):
            if path in seen:
                continue
            seen.add(path)
            folder = path.parent.relative_to(top).as_posix()
            counts[folder] += 1
            if len(path.parent.relative_to(top / root).parts) > LEVELS:
                deep.add(folder)
    return counts, sorted(deep)


def faults(top):
    counts, deep = count(top)
    found = [f"{folder}: more than {LEVELS} levels deep" for folder in deep]
    return found + [f"{folder}: {n} files, and the limit is {LIMIT}"
                    for folder, n in sorted(counts.items()) if n > LIMIT]


def planted(folder, n):
    """A tree with n files in a folder."""
    files = {f"{folder}/f{i}.{'ch'[i % 2]}": "\n" for i in range(n)}
    return {f"{folder}/meson.build": "\n", **files}


TREES = [
    (None, planted("src/proto", 25)),
    ("the limit is 25", planted("src/proto", 26)),
    (None, planted("src/proto/ptp", 25)),
    ("src/proto/ptp: 26 files, and the limit", planted("src/proto/ptp", 26)),
    (None, planted("tests/unit/proto/ptp", 25)),
    ("the limit is 25", planted("tests/unit/proto/ptp", 26)),
    ("the limit is 25", planted("fuzz", 26)),
    ("more than 2 levels", planted("src/proto/ptp/port", 1)),
    ("more than 2 levels", planted("tests/unit/proto/ptp/port", 1)),
    ("more than 2 levels", planted("tests/scenario/ptp/port", 1)),
    # Files of sub-folders are not files of the folder.
    (None, planted("src/proto", 20) | planted("src/proto/ptp", 20)),
]


def main():
    top = pathlib.Path(sys.argv[1])
    layout.report([
        (f"folders have at most {LIMIT} files and {LEVELS} levels", faults(top)),
        ("planted faults are caught, honest folders pass", layout.missed(TREES, faults)),
    ])
    return 0


sys.exit(main())
