#!/usr/bin/python3
"""No file includes itself through others. Prints TAP.

Two kinds: headers that include each other, which is never allowed; and modules that do. A module is
a .c file with its .h and its _priv.h. Modules that need each other are allowed where one machine is
split over its files: a table of ARCHITECTURE.md has those, exactly, so that a cycle can only become
smaller.
"""
import pathlib
import re
import sys

import layout

HEADER = ["machine", "modules that include each other"]
ROOTS = ["src", "include"]


def cycles(edges):
    """Sets of nodes that reach each other (strongly connected components, Tarjan 1972)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            found.append(frozenset(stack[at:]))
            del stack[at:]

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return {c for c in found if len(c) > 1 or c & edges[next(iter(c))]}


def graphs(top):
    """Who includes whom: headers, and modules."""
    files = {p.relative_to(top / r).as_posix(): p for r in ROOTS for p in layout.sources(top / r)}
    headers, modules = {}, {}
    for name, path in files.items():
        others = {w[1:-1] for w in layout.includes(path) if w[1:-1] in files}
        module = module_of(name)
        modules.setdefault(module, set()).update({module_of(o) for o in others} - {module})
        if name.endswith(".h"):
            headers[name] = {o for o in others if o.endswith(".h")}
    return headers, modules


def module_of(name):
    return re.sub(r"(_priv)?\.[ch]$", "", name)


def read_table(text):
    return {frozenset(layout.names(files)) for _, files in layout.table(text, HEADER)}


def line(cycle):
    return " ".join(sorted(cycle))


def faults(top):
    headers, modules = graphs(top)
    split = read_table((top / "ARCHITECTURE.md").read_text())
    found = [f"headers include each other: {line(c)}" for c in cycles(headers)]
    now = cycles(modules)
    for cycle in sorted(now - split, key=line):
        longer = [old for old in split if old > cycle]
        what = "write the shorter cycle in place of its entry" if longer else "modules include each other"
        found.append(f"{what}: {line(cycle)}")
    for cycle in sorted(split - now, key=line):
        if not any(cycle & other for other in now - split):
            found.append(f"no longer a cycle, remove its entry: {line(cycle)}")
    return found


def planted(split="", **files):
    """Files of proto/ptp; the name a_h stands for a.h, its value names the headers it includes."""
    files = {f"src/proto/ptp/{name[:-2]}.{name[-1]}":
             "".join(f'#include "proto/ptp/{other}.h"\n' for other in others.split())
             for name, others in files.items()}
    table = "| machine | modules that include each other |\n|---|---|\n" + split
    return {"ARCHITECTURE.md": table, **files}


ROW = "| PTP | `proto/ptp/a` `proto/ptp/b` |\n"
PAIR = {"a_h": "", "a_c": "a b", "b_h": "a", "b_c": "b"}
THREE = {"a_c": "a b", "a_h": "", "b_c": "b c", "b_h": "", "c_c": "c a", "c_h": ""}
TREES = [
    # A chain, a private header between the files of its own module, a header that two include.
    (None, planted(a_h="", a_c="a b", b_h="c", b_c="b", c_h="", c_c="c")),
    (None, planted(a_h="", a_priv_h="a", a_c="a_priv a", a_b_c="a_priv")),
    (None, planted(a_h="", b_h="a", c_h="a", d_c="a b c")),
    ("modules include each other: proto/ptp/a proto/ptp/b", planted(**PAIR)),
    ("proto/ptp/a proto/ptp/b proto/ptp/c", planted(**THREE)),
    ("modules include each other", planted(a_h="", a_c="b_priv", b_priv_h="a", b_c="b_priv")),
    # Headers in a cycle are refused even where their modules are allowed to be in one.
    ("headers include each other: proto/ptp/a.h proto/ptp/b.h", planted(ROW, a_h="b", b_h="a")),
    ("headers include each other: proto/ptp/a.h", planted(a_h="a")),
    ("headers include each other: proto/ptp/a.h proto/ptp/a_priv.h", planted(a_h="a_priv", a_priv_h="a")),
    # The table.
    (None, planted(ROW, **PAIR)),
    ("remove its entry", planted(ROW, a_h="", a_c="a b", b_h="", b_c="b")),
    ("modules include each other: proto/ptp/a proto/ptp/b proto/ptp/c", planted(ROW, **THREE)),
    ("write the shorter", planted(ROW.replace("` |", "` `proto/ptp/c` |"), **PAIR)),
]


def main():
    top = pathlib.Path(sys.argv[1])
    layout.report([
        ("no file includes itself through others", faults(top)),
        ("planted faults are caught, honest files pass", layout.missed(TREES, faults)),
    ])
    return 0


sys.exit(main())
