"""What the checks of layers, folders, cycles, purity and strict C share: the tables of ARCHITECTURE.md,
the includes of a file, and trees with planted files.
"""
import contextlib
import json
import pathlib
import re
import shlex
import tempfile

# Folders below src/ that are free of clocks, sockets, files, heap and environment, with all that is
# below them. A folder that does not exist yet is covered from its first file on.
PURE = ["base", "wire", "estimate", "metrology", "proto", "engine"]

# Strings are matched too, so that the "//" of an address in one does not begin a comment.
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')', re.S)
INCLUDE = re.compile(r"^\s*(?:#|%:)\s*(?:include|include_next|import)\b\s*(.*?)\s*$", re.M)


def sources(top):
    return sorted(p for p in top.rglob("*.[ch]") if p.is_file())


def includes(path):
    """What a file includes, as written: '"folder/file.h"', '<stdio.h>', or a macro."""
    text = path.read_text().replace("\\\n", "")
    return INCLUDE.findall(COMMENT.sub(lambda m: m.group(1) or " ", text))


def table(text, header):
    """Rows of the one table of a document whose header row has these cells."""
    cells = [[c.strip() for c in line.strip().strip("|").split("|")] if line.startswith("|") else None
             for line in text.splitlines()]
    starts = [n for n, row in enumerate(cells) if row == header]
    if len(starts) != 1:
        raise ValueError(f"{len(starts)} tables with the header {header} instead of one")
    rows = []
    for row in cells[starts[0] + 2:]:
        if row is None:
            break
        if len(row) != len(header):
            raise ValueError(f"row of {len(row)} cells: {row}")
        rows.append(row)
    return rows


def names(cell):
    """The names of a cell, which are written `name`."""
    return re.findall(r"`([^`]+)`", cell)


def pure_layers(top):
    """The folders of PURE that exist."""
    return [f for f in PURE if (top / "src" / f).is_dir()]


def commands(top, build, layer):
    """How the .c files of a folder of src/ are compiled, at any depth and for whatever library.

    Returns [(file, object, words of the command)], and a fault for each file that is not compiled,
    since nobody looked at it.
    """
    found, rest = [], {p.resolve() for p in (top / "src" / layer).rglob("*.c")}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        folder = pathlib.Path(entry["directory"])
        path = (folder / entry["file"]).resolve()
        if (top / "src" / layer).resolve() in path.parents:
            words = entry.get("arguments") or shlex.split(entry["command"])
            found.append((path, folder / entry["output"], words))
            rest.discard(path)
    return found, [f"{path}: is not compiled" for path in sorted(rest)]


@contextlib.contextmanager
def tree(files):
    """A temporary folder with these files; path: text."""
    with tempfile.TemporaryDirectory() as top:
        for name, text in files.items():
            path = pathlib.Path(top, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        yield pathlib.Path(top)


def report(results):
    """Print TAP; results: [(what, faults)]. Each fault is a line."""
    print(f"1..{len(results)}")
    for n, (what, faults) in enumerate(results, 1):
        for line in faults:
            print("# " + line)
        print(("not ok" if faults else "ok") + f" {n} - {what}")


def missed(trees, faults):
    """Which planted trees were not refused with exactly one fault that has its words in it.

    trees: [(words, files)], where words None stands for an honest tree; faults(top) gives the faults.
    """
    out = []
    for expected, files in trees:
        with tree(files) as top:
            found = faults(top)
        if expected is None and found:
            out.append(f"honest tree refused: {sorted(files)}: {found}")
        elif expected is not None and (len(found) != 1 or expected not in found[0]):
            out.append(f"expected '{expected}', found {found}: {sorted(files)}")
    return out
