#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every check of noonmark check client can fail: each meets a client with a fault planted for it.

A client without a fault passes all of them. The clients run side by side, each with a judge of its
own. Prints TAP. use: test_double_client.py NOONMARK FAULTY_CLIENT
"""
import concurrent.futures
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

import isolation  # noqa: E402

TOOL, DOUBLE = sys.argv[1], sys.argv[2]

# Which fault makes which checks fail; a client that fails more than it is meant to is wrong too.
FAULTS = {
    "believes-bare": "C1a",
    "no-verify": "C1b",
    "any-uid": "C1c",
    "gives-up": "C1a C1b C1c C2b",
    "obeys-any-nak": "C2a",
    "hasty-nak": "C2b",
    "ignores-nak": "C2c",
    "drops-keys": "C2d",
    "same-cookie": "C3a",
    "low-port": "C3b",
    "same-uid": "C3c",
    "same-port": "C3d",
    "hasty": "C4",
    "falls-back": "C5",
    "takes-empty": "C6a",
    "takes-huge": "C6b",
    "any-certificate": "C8",
    "two-uids": "C9a",
    "short-uid": "C9a",
    "two-cookies": "C9b",
    "late-placeholder": "C9c C9g",
    "wrong-key": "C9d",
    "long-placeholder": "C9e",
    "short-nonce aead=15": "C9f",
    "late-field": "C9g",
    "many-placeholders": "C9h",
    "cut-off": "C9i",
    "telling-header": "C10a",
    "clock-transmit": "C10b",
    "same-transmit": "C10b",
    "obeys-any-kiss": "C12a",
    "obeys-deny": "C12b",
    "obeys-rate": "C12c",
}
# Allowed, and not wise.
WARNINGS = {"C3d", "C9g"}
# These cannot be seen from a client's requests: they are skipped everywhere.
NEVER = {"C7", "C11"}


def free_port():
    while True:
        port = random.randrange(10000, 30000)
        with socket.socket() as t:
            try:
                t.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Judge:
    """noonmark check client, and what it said."""

    def __init__(self, top, *options):
        self.port = free_port()
        self.out = tempfile.TemporaryFile("w+", dir=top)
        self.process = subprocess.Popen(
            [TOOL, "check", "client", "--json", "--ke-port", str(self.port), *options],
            stdout=self.out, stderr=subprocess.PIPE, text=True)
        self.said = ""
        while "Watching" not in self.said:
            line = self.process.stderr.readline()
            if not line:
                break
            self.said += line
        found = re.search(r"It must trust (.*)", self.said)
        self.cert = found and found.group(1)

    def result(self):
        """(status, {id: check})"""
        self.said += self.process.communicate(timeout=600)[1]
        self.out.seek(0)
        text = self.out.read()
        self.out.close()
        return self.process.returncode, {c["id"]: c for c in json.loads(text)} if text else {}


def run_client(top, faults, *options):
    judge = Judge(top, "--for", "100s", *options)
    with subprocess.Popen([DOUBLE, str(judge.port), judge.cert, *faults.split()],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        try:
            status, found = judge.result()
        finally:
            client.kill()
        said = client.communicate()[0]
    return status, found, judge.said + said


SANITIZER = re.compile(r"AddressSanitizer|runtime error:|LeakSanitizer|Assertion")


class Tap:
    n = 0

    def sane(self, said):
        if SANITIZER.search(said):
            self.tell(False, "no sanitizer has anything to say", said)

    def tell(self, good, what, why=""):
        self.n += 1
        for line in str(why).splitlines():
            print("#", line[:300])
        print(("ok" if good else "not ok"), self.n, "-", what, flush=True)


def faultless(tap, name, run, aead):
    status, found, said = run
    tap.sane(said)
    bad = {k: (c["verdict"], c["detail"]) for k, c in found.items()
           if c["verdict"] != ("skipped" if k in NEVER else "pass")}
    good = found and not bad and status == 0 and f"AEAD {aead}" in said
    tap.tell(good, f"a client without a fault passes, {name}", "" if good else f"{bad}\n{said}")


def planted(tap, fault, ids, run):
    status, found, said = run
    tap.sane(said)
    wanted = {i: "warning" if i in WARNINGS else "fail" for i in ids}
    came = {k: c["verdict"] for k, c in found.items() if c["verdict"] in ("fail", "warning")}
    more = {k: c["detail"] for k, c in found.items() if k in came and k not in wanted}
    for i in ids:
        tap.tell(came.get(i) == wanted[i], f"{i} fails on {fault}",
                 "" if came.get(i) == wanted[i] else f"{found.get(i)}\n{said}")
    hard = any(found[i]["level"] == "MUST" for i in came)
    tap.tell(not more and status == (1 if hard else 0), f"{fault} fails nothing else",
             f"status {status}, {more}" if more else "")


def main():
    with tempfile.TemporaryDirectory() as top, \
            concurrent.futures.ThreadPoolExecutor(len(FAULTS) + 3) as pool:
        clean = [("with the AEAD that it likes best", "", (), 30),
                 ("with AEAD 15 alone", "aead=15", (), 15),
                 ("with AEAD 15 alone on the other side", "", ("--aead", "15"), 15)]
        runs = [pool.submit(run_client, top, faults, *options)
                for _, faults, options, _ in clean]
        bad = {f: pool.submit(run_client, top, f) for f in FAULTS}
        tap = Tap()
        for (name, _, _, aead), run in zip(clean, runs):
            faultless(tap, name, run.result(), aead)
        for fault, run in bad.items():
            planted(tap, fault, FAULTS[fault].split(), run.result())
        tries = int(bad["hasty"].result()[1]["C4"]["detail"].split()[0])
        tap.tell(2 <= tries <= 6, "the run ends soon for a client in a hurry", f"{tries} exchanges")
        known = set(runs[0].result()[1])
        tried = {i for words in FAULTS.values() for i in words.split()}
        tap.tell(known - tried == NEVER, "every check has a planted fault",
                 sorted((known - tried) ^ NEVER))
        print(f"1..{tap.n}")
    return 0


isolation.enter()
sys.exit(main())
