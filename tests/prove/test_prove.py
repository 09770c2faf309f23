#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The contracts are proved, and a fault in the code makes that fail. Prints TAP."""
import pathlib
import shutil
import sys
import tempfile

import prove

# File of the change, what is changed into what, unit, function, property that is false then.
FAULTS = {
    "a sum that wraps": (
        "src/base/time.h", "return b > 0 ? INT64_MAX : INT64_MIN;\n\treturn sum;",
        "return sum;\n\treturn sum;", "src/base/time.c", "noon_sat_add", "above"),
    "an error on the wrong side": (
        "src/estimate/bound/interval.c", "noon_time_diff(s->t3, s->t4) + m_r - err,",
        "noon_time_diff(s->t3, s->t4) + m_r + err,", "src/estimate/bound/interval.c",
        "noon_exchange_of", "reply"),
    "a minimum twice": (
        "src/estimate/bound/interval.c", "noon_time_diff(s->t2, s->t1) - m_f + err,",
        "noon_time_diff(s->t2, s->t1) - 2 * m_f + err,", "src/estimate/bound/interval.c",
        "noon_exchange_of", "request"),
    "a point that f + 1 of them exclude": (
        "src/estimate/bound/select.c", "if (!ends[i].is_start && cover-- == n - f) {",
        "if (!ends[i].is_start && cover-- == n - f + 1) {", "src/estimate/bound/select.c",
        "noon_select", "kept_start"),
    "a holdover that is called ok": (
        "src/daemon/report/publish.c", "return NOON_CLOCK_HOLDOVER;", "return NOON_CLOCK_OK;",
        "src/daemon/report/publish.c", "page_status", "@ensures"),
    "a cursor past the end": (
        "src/base/bytes.c", "\trd->p += n;\n", "\trd->p += n + 1;\n", "src/base/bytes.c",
        "noon_rd_take", "@ensures"),
}


def tell(number, good, name, notes=()):
    for note in notes:
        print("# " + note)
    print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)


def proved(top, work, cache):
    """Notes and verdict on the tree as it is."""
    notes, good = [], True
    for name, names, *provers in prove.UNITS:
        o = prove.prove(top, work, cache, name, names, *provers)
        notes.append(f"{name}: {o.proved} of {o.goals} goals, {o.seconds:.1f} s")
        notes += o.wrong()
        good = good and not o.wrong()
    return notes, good


def is_caught(top, fault, cache):
    path, old, new, unit, function, prop = fault
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        shutil.copytree(top / "src", copy / "src")
        shutil.copytree(top / "include", copy / "include")
        text = (copy / path).read_text()
        if text.count(old) != 1:
            return False, [f"{path}: the line to change is there {text.count(old)} times"]
        (copy / path).write_text(text.replace(old, new))
        o = prove.prove(copy, copy, cache, unit, [function], smoke=False, provers="Z3", prop=prop)
        return o.proved < o.goals, o.wrong()[:2]


def main():
    top, work = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve() / "prove"
    work.mkdir(parents=True, exist_ok=True)
    # The tree is left as it is.
    cache = work / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    shutil.copytree(top / "tests/prove/cache", cache)
    print(f"1..{1 + len(FAULTS)}", flush=True)
    notes, good = proved(top, work, cache)
    tell(1, good, "the contracts are proved", notes)
    for number, (name, fault) in enumerate(FAULTS.items(), 2):
        caught, why = is_caught(top, fault, cache)
        tell(number, caught, f"{name} is not proved", why)
    return 0


if __name__ == "__main__":
    sys.exit(main())
