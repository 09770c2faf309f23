#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark tunnel keygen: a random secret that nobody else can read, and never another one in its place."""
import os
import re
import stat
import subprocess
import sys

from harness import TOOL, check, main


def tunnel(*words, **kw):
    return subprocess.run([TOOL, "tunnel", *words], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, **kw)


def secret(path):
    lines = [x for x in open(path).read().splitlines() if not x.startswith("#")]
    check(len(lines) == 1 and re.fullmatch("[0-9a-f]{64}", lines[0]), lines)
    return lines[0]


def test_a_secret_is_created_for_its_owner_only(w):
    paths = [w.write("a", ""), w.write("b", "")]
    printed = []
    for path in paths:
        os.unlink(path)
        done = tunnel("keygen", path, umask=0)
        check(done.returncode == 0 and "fingerprint" in done.stdout, done)
        check(stat.S_IMODE(os.stat(path).st_mode) == 0o600, os.stat(path))
        check(secret(path) not in done.stdout + done.stderr, done)
        printed.append(re.search("fingerprint ([0-9a-f]{16})", done.stdout)[1])
    check(secret(paths[0]) != secret(paths[1]) and printed[0] != printed[1], printed)


def test_a_file_that_exists_is_not_overwritten(w):
    path = w.write("a", "mine\n")
    done = tunnel("keygen", path)
    check(done.returncode == 3 and "is not overwritten" in done.stderr, done)
    check(open(path).read() == "mine\n")


def test_bad_use_is_refused(w):
    folder = os.path.dirname(w.write("a", ""))
    for words, status, said in ((("keygen",), 2, "expected FILE"), ((), 2, "keygen"),
                                (("keygens", "x"), 2, "keygen"),
                                (("keygen", f"{folder}/none/x"), 3, "No such file")):
        done = tunnel(*words)
        check(done.returncode == status and said in done.stderr, words, done)
    check(tunnel("keygen", "--help").returncode == 0)


if __name__ == "__main__":
    sys.exit(main(globals()))
