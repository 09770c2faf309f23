#!/usr/bin/python3
"""Includes follow the layers table of ARCHITECTURE.md. Prints TAP.

Every include of ours is written "folder/file.h"; a folder may include itself and what its line
names. Private headers (*_priv.h) are included by files of their own folder only.
"""
import pathlib
import re
import sys
import tempfile

TABLE = {
    "base": "",
    "wire": "base",
    "crypto": "base",
    "estimate": "base",
    "metrology": "base estimate",
    "proto": "base wire crypto",
    "engine": "base estimate proto",
    "platform": "base",
    "lib": "base noonmark",
    "link": "base crypto estimate proto platform",
    "sim": "base wire crypto estimate proto engine",
    "check": "base wire crypto proto platform",
    "daemon": "base crypto proto estimate engine platform link noonmark",
    "tools": "base wire crypto estimate metrology proto engine platform link sim check noonmark",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def faults(src):
    found = []
    for path in sorted(src.glob("*/*.[ch]")):
        folder = path.parent.name
        if folder not in TABLE:
            found.append(f"{path}: folder {folder} is not in the table")
            continue
        allowed = set(TABLE[folder].split()) | {folder}
        for name in INCLUDE.findall(path.read_text()):
            other = name.split("/")[0]
            if "/" not in name:
                found.append(f'{path}: "{name}": write "folder/file.h"')
            elif other not in allowed:
                found.append(f"{path}: {folder} may not include {name}")
            elif name.endswith("_priv.h") and other != folder:
                found.append(f"{path}: {name} is private to {other}")
    return found


def planted():
    """Each of these trees has exactly one fault and must be refused."""
    trees = [
        {"base/a.h": '#include "wire/ntp.h"\n'},
        {"proto/a.c": '#include "estimate/fuse.h"\n'},
        {"platform/a.c": '#include "sim/world.h"\n'},
        {"wire/a.c": '#include "bytes.h"\n'},
        {"engine/a.c": '#include "proto/ntske_priv.h"\n'},
        {"misc/a.c": "int x;\n"},
    ]
    for tree in trees:
        with tempfile.TemporaryDirectory() as top:
            for name, text in tree.items():
                path = pathlib.Path(top, name)
                path.parent.mkdir(parents=True)
                path.write_text(text)
            if len(faults(pathlib.Path(top))) != 1:
                return False, tree
    return True, None


def main():
    src = pathlib.Path(sys.argv[1])
    found = faults(src)
    caught, missed = planted()
    print("1..2")
    for line in found:
        print("# " + line)
    print(("ok" if not found else "not ok") + " 1 - includes follow the table")
    if not caught:
        print(f"# not caught: {missed}")
    print(("ok" if caught else "not ok") + " 2 - planted faults are caught")
    return 0


sys.exit(main())
