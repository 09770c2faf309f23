#!/usr/bin/python3
"""What comments and documents point to is in the tree. Prints TAP.

Looked at are paths of our own files, in comments and documents ("docs/theory.md", `engine/vote`,
`tests/unit/base/test_time.c`), and what is cited of docs/theory.md: "(5)" is an equation, "section 2"
and "5.2" a section, "theorem 3" a theorem of it.
"""
import pathlib
import re
import sys

import layout

ROOTS = ["docs", "src", "include", "tests", "fuzz", "bench", "lab", "scripts", "dist"]
LAYERS = ("base wire crypto estimate metrology proto engine platform link http store ask lib sim check daemon tools "
          "option").split()
TEXT = {".c", ".h", ".md", ".scd", ".py", ".build", ".conf", ".txt", ".sh", ""}
DOCUMENT = re.compile(r"(?<![\w/.-])docs/[\w/-]+\.(?:md|svg|png)")
# In backquotes: `tests/x.py`, `src/a/b.c`, and modules without their ending: `engine/vote`.
QUOTED = re.compile(r"`((?:%s)/[\w/.-]+)`" % "|".join(ROOTS + LAYERS))
# After "theory.md": as far as the citation goes.
CITED = re.compile(r"theory\.md`?,?((?:[\s*#]*(?:and|to|,|sections?|theorems?|\d+(?:\.\d+)?|\(\d+\)))+)")
ITEM = re.compile(r"\((\d+)\)|theorems?\s+(\d+)|(\d+(?:\.\d+)?)")


def exists(top, name):
    """A file, a folder, or a module of src/ (its name without .c or .h)."""
    places = [top / name, top / "src" / name]
    endings = ["", ".c", ".h", "_priv.h"]
    return any(p.with_name(p.name + e).exists() for p in places for e in endings)


def theory(top):
    """Equations, theorems and sections of docs/theory.md."""
    path = top / "docs/theory.md"
    text = path.read_text() if path.is_file() else ""
    equations = re.findall(r"^ *\((\d+)\)  |\((\d+)\)(?= \*\*|\.)", text, re.M)
    return ({a or b for a, b in equations}, set(re.findall(r"\*\*Theorem (\d+)\.\*\*", text)),
            set(re.findall(r"^#+ (\d+(?:\.\d+)?)\.? ", text, re.M)))


def cited_faults(text, known):
    equations, theorems, sections = known
    for citation in CITED.finditer(text):
        for equation, theorem, section in ITEM.findall(citation.group(1)):
            if equation and equation not in equations:
                yield f"docs/theory.md has no equation ({equation})"
            if theorem and theorem not in theorems:
                yield f"docs/theory.md has no theorem {theorem}"
            if section and section not in sections:
                yield f"docs/theory.md has no section {section}"


def file_faults(top, path, known):
    text = path.read_text(errors="replace")
    for name in DOCUMENT.findall(text):
        if not exists(top, name):
            yield f"{name} does not exist"
    if path.suffix == ".md":
        for name in QUOTED.findall(text):
            if not exists(top, name.rstrip(".")):
                yield f"{name} does not exist"
    yield from cited_faults(text, known)


def faults(top):
    known = theory(top)
    paths = [p for r in ROOTS for p in (top / r).rglob("*") if p.is_file()]
    paths += [p for p in top.glob("*.md") if p.name != "CHANGELOG.md"]
    skip = {"corpus", "vectors", "__pycache__"}
    found = []
    for path in sorted(paths):
        name = path.relative_to(top).as_posix()
        # The checks plant faults of their own.
        if path.suffix not in TEXT or skip & set(path.parts) or name.startswith("tests/checks/"):
            continue
        found += [f"{name}: {fault}" for fault in file_faults(top, path, known)]
    return found


THEORY = "## 1. One\n\n### 1.2 Two\n\n    (5)  a = b\n\n**Theorem 3.** c\n"


def planted(text, path="src/engine/a.c"):
    return {"docs/theory.md": THEORY, "src/engine/vote.h": "\n", path: text}


TREES = [
    (None, planted("/* docs/theory.md, (5), theorem 3, section 1 and 1.2 */\n")),
    (None, planted("See `engine/vote`, `src/engine/vote.h`, `docs/theory.md`.\n", "docs/a.md")),
    ("docs/law.md does not exist", planted("/* docs/law.md */\n")),
    ("no equation (6)", planted("/* docs/theory.md, (5) and (6) */\n")),
    ("no theorem 4", planted("/* docs/theory.md, theorem 4 */\n")),
    ("no section 2", planted("/* docs/theory.md,\n * section 2 */\n")),
    ("no section 1.3", planted("/* docs/theory.md, 1.3 */\n")),
    ("engine/ballot does not exist", planted("See `engine/ballot`.\n", "docs/a.md")),
    ("tests/unit/a.c does not exist", planted("See `tests/unit/a.c`.\n", "docs/a.md")),
]


def main():
    top = pathlib.Path(sys.argv[1])
    layout.report([
        ("what comments and documents point to exists", faults(top)),
        ("planted faults are caught, honest citations pass", layout.missed(TREES, faults)),
    ])
    return 0


sys.exit(main())
