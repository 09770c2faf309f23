#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark check: our server passes all of it; what chronyd and ntpd of NTPsec do is noted."""
import json
import os
import re
import sys

from peers import ChronyServer
from test_ntpsec import their_server
from harness import SOURCE, check, main


def verdicts(done):
    return {c["id"]: c for c in json.loads(done.stdout)}


def judge(w, *args, ns=None):
    return verdicts(w.tool("check", *args, "--json", ns=ns, timeout=110))


def bad(found):
    return {k: (c["level"], c["verdict"], c["detail"]) for k, c in found.items()
            if c["verdict"] in ("fail", "warning", "inconclusive")}


def recorded(peer):
    """The failures of a peer that docs/conformance.md lists: {id: verdict}."""
    with open(os.path.join(SOURCE, "docs", "conformance.md")) as f:
        text = f.read()
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (\w+) \|", text, re.M)
    return {i: v for p, i, v in rows if p == peer}


def compare(w, peer, found):
    """What a peer does is noted; it must be what docs/conformance.md says."""
    now = {k: v[1] for k, v in bad(found).items()}
    n = sum(c["verdict"] == "pass" for c in found.values())
    w.note(f"{peer}: {n} of {len(found)} pass")
    for k, (level, verdict, detail) in bad(found).items():
        w.note(f"| {peer} | {k} | {verdict} | {level} | {found[k]['title']} | {detail} |")
    old = recorded(peer)
    check(now == old, "differs from docs/conformance.md:", sorted(now.items() ^ old.items()))


def test_our_server_passes_all(w):
    server = w.server()
    found = judge(w, "nts", f"localhost:{server.ke}", "-4", "--ca", server.cert)
    check(not bad(found), bad(found))
    skipped = [k for k, c in found.items() if c["verdict"] == "skipped"]
    check(skipped == ["K19", "K20"], "skipped", skipped)
    plain = judge(w, "ntp", f"127.0.0.1:{server.ntp}")
    check(not bad(plain), bad(plain))
    w.note(len(found) + len(plain), "checks")
    w.tool("check", "nts", f"localhost:{server.ke}", "-4", "--ca", server.cert, "--group", "nts",
           status=0, timeout=60)


def test_chrony(w):
    server = ChronyServer(w).start()
    found = judge(w, "nts", f"localhost:{server.ke}", "-4", "--ca", server.cert, "--ntp-port",
                  server.ntp)
    found.update(judge(w, "ntp", f"127.0.0.1:{server.ntp}"))
    compare(w, "chrony", found)


def test_ntpsec(w):
    net = w.net()
    server = their_server(w, net)
    found = judge(w, "nts", "b.noon.test", "--ca", server.cert, ns=net.end("a"))
    found.update(judge(w, "ntp", net.address["b"], ns=net.end("a")))
    compare(w, "ntpsec", found)


if __name__ == "__main__":
    sys.exit(main(globals()))
