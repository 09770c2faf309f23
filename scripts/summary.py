#!/usr/bin/python3
"""Sum up the results of `meson test` in the given build folders.

Prints the names of failed tests and, as the last line, "N passed, N failed[, N skipped]".
"""
import sys
import xml.etree.ElementTree as xml


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
                elif "skipped" in tags:
                    skipped += 1
                else:
                    passed += 1
    line = f"{passed} passed, {failed} failed"
    print(line + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
