#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every check of noonmark check can fail: each is run against a server with a fault planted for it.

A server without a fault passes all of them. Prints TAP. use: test_double.py NOONMARK FAULTY_SERVER
"""
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

import isolation  # noqa: E402

TOOL, DOUBLE = sys.argv[1], sys.argv[2]

# Which fault makes which checks fail.
FAULTS = {
    "keys-always": "07 08 09 10 11 12 15 16 19 21 K4 K6b K6c K6d K7a K8a K8b K9a K10 K11a K12 "
                   "K13b K13c K14a K14b K14c",
    "keys-never": "05 13 14 17 18 20 22 23 K7c K9b",
    "tls-1.2": "02 K1",
    "tls-1.2-only": "01 03",
    "any-alpn": "04 K2",
    "seven-cookies": "06",
    "no-close-notify": "K3",
    "aead-twice": "K7b",
    "critical-cookies": "K11b",
    "equal-cookies": "K11c",
    "odd-cookies": "K11d",
    "two-ends": "K6a",
    "bad-host": "K13a",
    "echo-1024": "K16",
    "no-cut": "K17a",
    "wrong-export-30": "K15b",
    "time-always": "P1a P1b P1c P3a P3b P4a P4b P5b P5c P6a P6b P6c P7a P10a P10b P12a P12b P13 P14a",
    "nak-always": "K15a P2 P5a P5d P8a P8b P11 P14b P15 P16 P17",
    "nak-with-cookie": "P7b",
    "drop-long": "L1",
    "few-cookies": "P8c",
    "long-answers": "P9",
    # the plain side
    "kiss-always": "N1a N1b N3d N3e",
    "long-answers ": "N4",
    "time-always long-answers": "N1c N1d N2e",
    "wrong-version": "N1e",
    "time-always ": "N2a N2b N2c N2d N3a N3b N3c",
    "wrong-origin": "N5",
    "stratum-17": "N6",
    "leap-3": "N7",
    "huge-root": "N8",
    "precision-5": "N9",
    "leaves-before-it-came": "N10",
    "reference-in-the-future": "N11",
    "backwards": "N12",
}
# Faults in one place that several checks look at from different sides.
ALSO = {"wrong-uid": ["P2"], "cookies-outside": ["P8a"], "repeat-cookies": ["P8b"],
        "wrong-code": ["19", "07"]}
# What a network does is no fault of the server.
WANTED = {"L1": "warning"}
# Nothing that a server does makes these fail: they are skipped everywhere.
NEVER = {"K19", "K20"}


def free_port():
    while True:
        port = random.randrange(10000, 30000)
        with socket.socket() as t, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
            try:
                t.bind(("127.0.0.1", port))
                u.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Double:
    def __init__(self, top, faults):
        self.ke, self.ntp = free_port(), free_port()
        self.cert = os.path.join(top, "c.pem")
        self.process = subprocess.Popen(
            [DOUBLE, self.cert, os.path.join(top, "k.pem"), str(self.ke), str(self.ntp), *faults],
            stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def check(self, kind, only=None, more=()):
        argv = [TOOL, "check", kind, "-4", "--json", "--timeout", "1500ms"]
        argv += ["--only", ",".join(only)] if only else []
        argv += more
        argv += ([f"localhost:{self.ke}", "--ca", self.cert, "--ntp-port", str(self.ntp)]
                 if kind == "nts" else [f"127.0.0.1:{self.ntp}"])
        done = subprocess.run(argv, capture_output=True, text=True, timeout=480)
        if not done.stdout.startswith("["):
            return {}, done
        return {c["id"]: c for c in json.loads(done.stdout)}, done

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Tap:
    n = 0

    def tell(self, good, what, why=""):
        self.n += 1
        for line in str(why).splitlines():
            print("#", line[:300])
        print(("ok" if good else "not ok"), self.n, "-", what, flush=True)


def faultless(tap, top):
    known = {}
    with Double(top, []) as d:
        for kind in ("nts", "ntp"):
            found, done = d.check(kind)
            known.update({k: kind for k in found})
            bad = {k: (c["verdict"], c["detail"]) for k, c in found.items()
                   if c["verdict"] not in ("pass",) and k not in NEVER}
            tap.tell(found and not bad and done.returncode == 0,
                     f"a server without a fault passes check {kind}",
                     bad or "" if found else done.stderr)
    return known


def planted(tap, top, known, fault, ids):
    with Double(top, fault.split()) as d:
        for kind in ("nts", "ntp"):
            mine = [i for i in ids if known.get(i) == kind]
            if not mine:
                continue
            found, done = d.check(kind, mine)
            for i in mine:
                verdict = found.get(i, {}).get("verdict", done.stderr)
                tap.tell(verdict == WANTED.get(i, "fail"), f"{i} fails on {fault.strip()}",
                         "" if verdict == WANTED.get(i, "fail") else found.get(i, verdict))


# F1 runs only when it is asked for. What goes wrong, and the words that tell of it.
FUZZED = {
    "": ("pass", "then keys"),
    "stuck-on-warning": ("fail", "left open"),
    "cut-errors": ("fail", "not whole records"),
    "dies-on-cookie": ("fail", "connection after this request"),
    "keys-always": ("fail", "does not ask for them"),
    "keys-never": ("fail", "no keys for a good request"),
    "no-close-notify": ("warning", "without close_notify"),
}


def fuzzed(tap, top):
    """Random key exchanges find what a server does with records that it does not expect."""
    for fault, (verdict, words) in FUZZED.items():
        with Double(top, fault.split()) as d:
            found, done = d.check("nts", more=["--fuzz", "60", "--seed", "1"])
            f1 = found.get("F1", {})
            good = list(found) == ["F1"] and f1["verdict"] == verdict and words in f1["detail"]
            tap.tell(good and "seed 1" in f1["sent"], f"F1: {verdict} on {fault or 'no fault'}",
                     "" if good else f1 or done.stderr)
    done = tool("ntp", "localhost", "--fuzz", "5")
    tap.tell(done.returncode == 2 and "unknown option --fuzz" in done.stderr, "says: check ntp has no --fuzz", done.stderr)


def tool(*args):
    return subprocess.run([TOOL, "check", *map(str, args)], capture_output=True, text=True,
                          timeout=240)


def bad_input(tap, top):
    """What stands in the way is said in one line each, before 88 checks say so."""
    closed = free_port()
    with socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        plain.listen()
        threading.Thread(target=lambda: plain.accept()[0].send(b"220 hello\r\n"),
                         daemon=True).start()
        rows = [
            (("nts", f"localhost:{closed}", "-4"), 3, "Connection refused"),
            (("ntp", f"127.0.0.1:{closed}", "-t", "300ms"), 3, "nobody listens"),
            (("nts", "no.such.invalid"), 3, "not known"),
            (("nts", f"localhost:{plain.getsockname()[1]}", "-4"), 3, "does not speak TLS"),
            (("nts", "localhost", "--only", "K99"), 2, "no check is called that"),
            (("nts", "localhost", "--timeout", "soon"), 2, "expected a time from 10ms to 1min"),
            (("nts", "localhost:99999"), 2, "HOST:PORT"),
            (("nts",), 2, "expected HOST[:PORT]"),
            (("mtp", "localhost"), 2, "nts"),
        ]
        for args, status, words in rows:
            done = tool(*args)
            tap.tell(done.returncode == status and words in done.stderr,
                     "says: " + words, "" if words in done.stderr else done.stderr)
    with Double(top, []) as d:
        done = tool("nts", f"localhost:{d.ke}", "-4")
        tap.tell(done.returncode == 3 and "certificate is refused" in done.stderr,
                 "says: certificate is refused", done.stderr)


def main():
    with tempfile.TemporaryDirectory() as top:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", top + "/k.pem", "-out",
                        top + "/c.pem", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-days", "2"], check=True,
                       capture_output=True)
        tap = Tap()
        known = faultless(tap, top)
        tried = set()
        for fault, words in FAULTS.items():
            ids = [i for i in words.split() if i in known]
            tried |= set(ids)
            planted(tap, top, known, fault, ids)
        for fault, ids in ALSO.items():
            planted(tap, top, known, fault, ids)
        fuzzed(tap, top)
        bad_input(tap, top)
        left = set(known) - tried - NEVER
        tap.tell(not left, "every check has a planted fault", sorted(left))
        print(f"1..{tap.n}")
    return 0


isolation.enter()
sys.exit(main())
