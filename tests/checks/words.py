#!/usr/bin/python3
"""Words that a reader who knows the field would have to learn do not come back. Prints TAP.

Each of them stood for something that has a name: the table says which.
"""
import pathlib
import re
import sys

import layout

# What must not be written, and what is meant by it.
WORDS = {
    r"\bmint\b": "token builder",
    r"\bclerk\b": "completion queue",
    r"\bby decree\b": "declared by configuration",
    r"\boverslept\b": "lost time during suspend",
    r"\banew\b": "again",
    r"\bupset\b": "machine event",
    r"\bpatience of\b": "timeout of",
    r"\bfresh exchange": "recent exchange",
    r"\btheory reference\b": "docs/theory.md, with its equation",
    r"\bDESIGN(?:\.md)? section\b": "ARCHITECTURE.md, docs/",
    r"\bSTYLE(?:\.md)? section\b": "CONTRIBUTING.md",
}
FOLDERS = ["src", "include", "docs", "tests", "fuzz", "bench", "lab", "scripts"]
TEXT = {".c", ".h", ".md", ".scd", ".py", ".build", ".conf", ".txt", ""}
SKIP = {"corpus", "vectors", "__pycache__", "words.py"}


def faults(top):
    paths = [p for f in FOLDERS for p in sorted((top / f).rglob("*")) if p.is_file()]
    paths += [p for p in sorted(top.glob("*.md")) if p.name != "CHANGELOG.md"]
    found = []
    for path in paths:
        if path.suffix not in TEXT or SKIP & set(path.parts):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            found += [f"{path.relative_to(top)}:{number}: {match.group(0)}: write {better}"
                      for word, better in WORDS.items() for match in re.finditer(word, line)]
    return found


TREES = [
    (None, {"src/engine/a.c": "/* begins again; minted */\n", "CHANGELOG.md": "starts anew\n"}),
    ("src/engine/a.c:2: anew", {"src/engine/a.c": "\n/* begins anew */\n"}),
    ("write token builder", {"docs/a.md": "the mint\n"}),
    ("README.md:1", {"README.md": "right by decree\n"}),
]


def main():
    top = pathlib.Path(sys.argv[1])
    layout.report([
        ("words of the field", faults(top)),
        ("planted words are caught, others pass", layout.missed(TREES, faults)),
    ])
    return 0


sys.exit(main())
