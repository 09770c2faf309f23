#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark check client: what chronyd and ntpd of NTPsec do as clients is noted."""
import json
import sys
import types

# Before the harness, which it finds.
from peers import ChronyClient, find, ntpsec_client
from harness import TOOL, main, wait_for  # noqa: I001
from test_check import compare


def judge(w, name, *options, ns=None):
    """The tool as server; with where it is, and whom to trust."""
    p = w.process(name, [TOOL, "check", "client", "--json", "--for", "200s", *options], ns=ns)
    p.expected = {0, 1}
    p.start()
    wait_for(lambda: "Watching" in p.log(), 5, "the tool listens")
    text = p.log()
    p.server = types.SimpleNamespace(
        host="127.0.0.1", ke=text.split("key exchange on port ")[1].split()[0],
        ntp=text.split("(NTP on ")[1].split(")")[0],
        cert=text.split("It must trust ")[1].splitlines()[0])
    return p


def verdicts(p):
    p.wait(210)
    text = p.log()
    return {c["id"]: c for c in json.loads(text[text.index("\n[") + 1:])}


def test_chrony(w):
    p = judge(w, "judge")
    ChronyClient(w, p.server).start()
    compare(w, "Clients", "chrony", "chronyd", verdicts(p))


def test_ntpsec(w):
    """Its port is that of the standard, and its shortest interval is a second."""
    find("usr/sbin/ntpd")
    net = w.net()
    cert, key = w.certificate("judge", (net.address["b"], "b.noon.test"))
    p = judge(w, "judge", "--listen", net.address["b"], "--ntp-port", "123", "--cert", cert,
              "--key", key, ns=net.end("b"))
    ntpsec_client(w, net.end("a"), "b.noon.test", cert, poll=0).start()
    compare(w, "Clients", "ntpsec", "ntpd", verdicts(p))


if __name__ == "__main__":
    sys.exit(main(globals()))
