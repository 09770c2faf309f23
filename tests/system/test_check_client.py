#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark check client: our client passes all, with each AEAD; bad input is told in one line."""
import json
import os
import signal
import socket
import ssl
import sys
import time
import types

from harness import TOOL, check, free_port, main, wait_for

# These cannot be seen from a client's requests.
UNSEEN = {"C7", "C11"}


def begin(w, seconds, *options, name="check"):
    """The tool as server, with a certificate of its own."""
    ke = free_port()
    p = w.process(name, [TOOL, "check", "client", "--ke-port", str(ke), "--for", f"{seconds}s",
                         "--json", *options])
    p.expected = {0, 1}
    p.start()
    wait_for(lambda: "Watching" in p.log(), 5, "the tool listens")
    cert = p.log().split("It must trust ")[1].splitlines()[0]
    return p, types.SimpleNamespace(host="127.0.0.1", ke=ke, cert=cert)


def judged(p, seconds):
    status = p.wait(seconds)
    text = p.log()
    return status, {c["id"]: c for c in json.loads(text[text.index("\n[") + 1:])}


def verdicts(found, *wanted):
    return {k: c["detail"] for k, c in found.items() if c["verdict"] in wanted}


def passes_all(p, server, aead):
    status, found = judged(p, 95)
    check(f"AEAD {aead}." in p.log(), p.log()[:600])
    check(not verdicts(found, "fail", "warning", "inconclusive"),
          verdicts(found, "fail", "warning", "inconclusive"))
    check(set(verdicts(found, "skipped")) == UNSEEN, verdicts(found, "skipped"))
    check(status == 0, "status", status)
    check(not os.path.exists(server.cert), "the certificate was left behind")


def test_our_client_passes_all(w):
    """Side by side: with the AEAD that it likes best, and with each alone; by IPv6 too."""
    judges = [(begin(w, 90, name="judge"), "15"),
              (begin(w, 90, "--aead", "15", name="judge15"), "15"),
              (begin(w, 90, "--aead", "30", "--listen", "::1", name="judge30"), "30")]
    judges[2][0][1].host = "::1"
    for i, ((_, server), _) in enumerate(judges):
        w.client([w.nts_source(server, minpoll=-2, maxpoll=-2)],
                 name=f"client{i}", watch=False)
    for (p, server), aead in judges:
        passes_all(p, server, aead)


def test_ends_when_told(w):
    """What was seen until then is judged, and the certificate goes."""
    for signo in (signal.SIGINT, signal.SIGTERM):
        p, server = begin(w, 90, name=f"check{signo}")
        p.signal(signo)
        status, found = judged(p, 5)
        check(status == 1, "status", status)
        check(not os.path.exists(server.cert), "the certificate was left behind")


def record(kind, *numbers, critical=True):
    body = b"".join(n.to_bytes(2, "big") for n in numbers)
    return (kind | 0x8000 * critical).to_bytes(2, "big") + len(body).to_bytes(2, "big") + body


def exchange(server, *records, ca=None):
    """One key exchange by hand; what came back."""
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["ntske/1"])
    with socket.create_connection((server.host, server.ke), timeout=5) as raw, \
            context.wrap_socket(raw, server_hostname="localhost") as tls:
        tls.sendall(b"".join(records))
        came = b""
        while more := tls.recv(4096):
            came += more
        return came


def test_strangers(w):
    """Why a connection led to no keys is told, and who has nothing in common is told so."""
    ntp, end = record(1, 0), record(0)
    rows = [("TLS failed", (), None),
            ("none of its AEADs is ours", (ntp, record(4, 17), end), ntp + record(4) + end),
            ("it does not offer NTPv4", (record(1, 77), record(4, 15), end), record(1) + end)]
    for i, (words, records, reply) in enumerate(rows):
        p, server = begin(w, 20, name=f"check{i}")
        if reply is None:
            with socket.create_connection((server.host, server.ke)) as s:
                s.sendall(b"hello?\r\n")
        else:
            came = exchange(server, *records, ca=server.cert)
            check(came == reply, "reply", came)
        time.sleep(0.3)
        p.signal(signal.SIGTERM)
        status, found = judged(p, 8)
        check(status == 1 and not verdicts(found, "pass", "fail"), status, found)
        check(f"1 connections led to no keys; of the last one: {words}" in p.log(), p.log()[:500])
    p, server = begin(w, 20, name="untrusted")
    try:
        exchange(server, ntp)
        check(False, "a certificate without a friend was trusted")
    except ssl.SSLError:
        pass
    time.sleep(0.3)
    p.signal(signal.SIGTERM)
    judged(p, 8)
    check("TLS failed: tlsv1 alert unknown ca" in p.log(), p.log()[:500])


def test_bad_input(w):
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for s in (tcp, udp):
            s.bind(("127.0.0.1", 0))
        tcp.listen()
        taken = tcp.getsockname()[1], udp.getsockname()[1]
        cert, key = w.certificate("mine")
        other, _ = w.certificate("other")
        rows = [
            (("--ke-port", taken[0]), 3, "port of the key exchange: Address already in use"),
            (("--ke-port", free_port(), "--ntp-port", taken[1]), 3,
             "port of NTP: Address already in use"),
            (("--ke-port", 65537), 2, "--ke-port \"65537\": expected a whole number from 1 to 65535"),
            (("--ntp-port", "0"), 2, "from 1 to 65535"),
            (("--ntp-port", "12x"), 2, "from 1 to 65535"),
            (("--aead", 16), 2, "expected 15 or 30"),
            (("--for", "soon"), 2, "expected a time from 1s to 1d"),
            (("--listen", "localhost"), 3, "expected an IP address"),
            (("--cert", cert), 2, "go together"),
            (("--cert", w.path("none"), "--key", key), 3, "none: No such file"),
            (("--cert", cert, "--key", w.path("none")), 3, "none: No such file"),
            (("--cert", key, "--key", key), 3, "certificate cannot be used"),
            (("--cert", other, "--key", key), 3, "not that of the certificate"),
            (("--only", "C99"), 2, "no check is called that"),
            (("somewhere",), 2, "unexpected argument"),
        ]
        for args, status, words in rows:
            done = w.tool("check", "client", *args, status=status, timeout=10)
            check(words in done.stderr, args, "said", done.stderr)
    done = w.tool("check", "nts", "localhost", "--ntp-port", 65537, status=2)
    check("--ntp-port \"65537\": expected" in done.stderr, done.stderr)


def test_choice(w):
    done = w.tool("check", "client", "--list", status=0)
    check(len(done.stdout.splitlines()) == 32, done.stdout)
    done = w.tool("check", "client", "--list", "--only", "C9,C4", status=0)
    check([x.split()[0] for x in done.stdout.splitlines()] ==
          ["C4"] + ["C9" + x for x in "abcdefghi"], done.stdout)
    done = w.tool("check", "client", "--ke-port", free_port(), "--for", "1s", "--tap", "--only",
                  "C4", status=1)
    check(done.stdout.startswith("1..1\nok 1 - C4 SHOULD "), done.stdout)


def test_no_client_is_no_pass(w):
    p, _ = begin(w, 1)
    status, found = judged(p, 5)
    check(status == 1, "status", status)
    check(not verdicts(found, "pass", "fail"), verdicts(found, "pass", "fail"))


if __name__ == "__main__":
    sys.exit(main(globals()))
