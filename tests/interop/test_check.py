#!/usr/bin/python3
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


def recorded(section):
    """What docs/conformance.md says of servers or of clients: {peer: {id: verdict}} of what does
    not pass, and {program: (checks, pass)}."""
    with open(os.path.join(SOURCE, "docs", "conformance.md")) as f:
        text = f.read().split(f"## {section}\n")[1].split("\n## ")[0]
    bad_ones = {}
    for peer, i, verdict in re.findall(r"^\| (\w+) \| (\w+) \| (\w+) \|", text, re.M):
        bad_ones.setdefault(peer, {})[i] = verdict
    totals = {p: (int(n), int(good)) for p, n, good in
              re.findall(r"^\| (\w+)[^|]* \| (\d+) \| (\d+) \|", text, re.M)}
    return bad_ones, totals


def compare(w, section, peer, program, found):
    """What a peer does is noted; it must be what docs/conformance.md says."""
    now = {k: v[1] for k, v in bad(found).items()}
    n = sum(c["verdict"] == "pass" for c in found.values())
    w.note(f"{program}: {n} of {len(found)} pass")
    for k, (level, verdict, detail) in bad(found).items():
        w.note(f"| {peer} | {k} | {verdict} | {level} | {found[k]['title']} | {detail} |")
    bad_ones, totals = recorded(section)
    old = bad_ones.get(peer, {})
    check(now == old, "differs from docs/conformance.md:", sorted(now.items() ^ old.items()))
    check(totals.get(program) == (len(found), n), program, "passes", n, "of", len(found),
          "and docs/conformance.md says", totals.get(program))


def test_our_server_passes_all(w):
    server = w.server()
    found = judge(w, "nts", f"localhost:{server.ke}", "-4", "--ca", server.cert)
    check(not bad(found), bad(found))
    skipped = [k for k, c in found.items() if c["verdict"] == "skipped"]
    check(skipped == ["K19", "K20"], "skipped", skipped)
    plain = judge(w, "ntp", f"127.0.0.1:{server.ntp}")
    check(not bad(plain), bad(plain))
    compare(w, "Servers", "noonmark", "noonmarkd", {**found, **plain})
    w.tool("check", "nts", f"localhost:{server.ke}", "-4", "--ca", server.cert, "--group", "nts",
           status=0, timeout=60)


def test_chrony(w):
    server = ChronyServer(w).start()
    found = judge(w, "nts", f"localhost:{server.ke}", "-4", "--ca", server.cert, "--ntp-port",
                  server.ntp)
    found.update(judge(w, "ntp", f"127.0.0.1:{server.ntp}"))
    compare(w, "Servers", "chrony", "chronyd", found)


def test_ntpsec(w):
    net = w.net()
    server = their_server(w, net)
    found = judge(w, "nts", "b.noon.test", "--ca", server.cert, ns=net.end("a"))
    found.update(judge(w, "ntp", net.address["b"], ns=net.end("a")))
    compare(w, "Servers", "ntpsec", "ntpd", found)


if __name__ == "__main__":
    sys.exit(main(globals()))
