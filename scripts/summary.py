#!/usr/bin/python3
"""Sum up the results of `meson test` in the given build folders.

Prints the names of failed tests with the first lines of what they said, and, as the last line,
"N passed, N failed[, N skipped]".
"""
import re
import sys
import xml.etree.ElementTree as xml


REASON_LINES = 8


def reason(suite, name):
    """The first lines of diagnosis behind "not ok N - NAME" in what the suite printed."""
    said = (suite.findtext("system-out") or "").splitlines()
    for i, line in enumerate(said):
        if re.match(r"not ok\b", line) and line.endswith(name.partition(" - ")[2]):
            rest = said[i + 1:]
            ends = [k for k, x in enumerate(rest) if not x.startswith("#")]
            return rest[:min([REASON_LINES, *ends[:1]])]
    return said[-REASON_LINES:]


def main(folders):
    passed = failed = skipped = 0
    for folder in folders:
        path = f"{folder}/meson-logs/testlog.junit.xml"
        try:
            root = xml.parse(path).getroot()
        except (OSError, xml.ParseError) as e:
            print(f"{path}: {e}")
            failed += 1
            continue
        for suite in root.iter("testsuite"):
            for case in suite.iter("testcase"):
                tags = {child.tag for child in case}
                if tags & {"failure", "error"}:
                    failed += 1
                    print(f"FAILED {folder}: {suite.get('name')}: {case.get('name')}")
                    for line in reason(suite, case.get("name")):
                        print("    " + line[:400])
                elif "skipped" in tags:
                    skipped += 1
                else:
                    passed += 1
    line = f"{passed} passed, {failed} failed"
    print(line + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
