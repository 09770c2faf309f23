#!/usr/bin/python3
"""No folder has more than 25 files (.c and .h), and none is more than two levels deep. Prints TAP.

Folders that were larger when this check came stand in crowded_folders.txt with their number of files,
which has to be exact, so that it can only become smaller.
"""
import collections
import pathlib
import sys

import layout

LIMIT = 25
LEVELS = 2
LIST = "tests/checks/crowded_folders.txt"
# A file belongs to the first of these that it is below; unit tests mirror src/.
ROOTS = ["src", "include", "tests/unit", "tests", "fuzz", "bench"]


def read_list(top, found):
    """folder: number of files"""
    listed = {}
    for line in (top / LIST).read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or not words[1].isdigit() or words[0] in listed:
            found.append(f"{LIST}: not a folder and its number: {line}")
            continue
        listed[words[0]] = int(words[1])
    return listed


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
    found = []
    listed = read_list(top, found)
    counts, deep = count(top)
    found += [f"{folder}: more than {LEVELS} levels deep" for folder in deep]
    for folder in sorted(counts.keys() | listed.keys()):
        n, most = counts[folder], listed.get(folder)
        if most is None and n > LIMIT:
            found.append(f"{folder}: {n} files, and the limit is {LIMIT}")
        elif most is not None and n <= LIMIT:
            found.append(f"{folder}: {n} files need no entry in {LIST}: remove it")
        elif most is not None and n > most:
            found.append(f"{folder}: {n} files, and {LIST} allows {most}, not one more")
        elif most is not None and n < most:
            found.append(f"{folder}: {n} files: write that in {LIST} in place of {most}")
    return found


def planted(folder, n, listed=""):
    """A tree with n files in a folder, and the list."""
    files = {f"{folder}/f{i}.{'ch'[i % 2]}": "\n" for i in range(n)}
    return {LIST: "# Why.\n\n" + listed, f"{folder}/meson.build": "\n", **files}


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
    # The list.
    (None, planted("src/proto/ptp", 30, "src/proto/ptp 30\n")),
    ("not one more", planted("src/proto/ptp", 31, "src/proto/ptp 30\n")),
    ("write that in", planted("src/proto/ptp", 29, "src/proto/ptp 30\n")),
    ("remove it", planted("src/proto/ptp", 25, "src/proto/ptp 30\n")),
    ("remove it", planted("src/proto/ptp", 1, "src/proto/nts 30\n")),
    ("src/proto/ptp: 26 files", planted("src/proto/ptp", 26) | planted("src/proto", 30, "src/proto 30\n")),
    ("not a folder and its number", planted("src/proto/ptp", 1, "src/proto/ptp\n")),
]


def main():
    top = pathlib.Path(sys.argv[1])
    layout.report([
        (f"folders have at most {LIMIT} files and {LEVELS} levels", faults(top)),
        ("planted faults are caught, honest folders pass", layout.missed(TREES, faults)),
    ])
    return 0


sys.exit(main())
