#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark check client: our client passes all; clients with planted faults fail the right checks."""
import json
import os
import sys
import types

from harness import TOOL, check, free_port, main, wait_for

# These cannot be seen from a client's requests.
UNSEEN = {"C7", "C8", "C11"}


def begin(w, seconds):
    """The tool as server, with a certificate of its own."""
    ke = free_port()
    p = w.process("check", [TOOL, "check", "client", "--ke-port", str(ke), "--for", f"{seconds}s",
                            "--json"])
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


def test_our_client_passes_all(w):
    p, server = begin(w, 40)
    client = w.client([w.nts_source(server, minpoll=-2, maxpoll=-2)], watch=False)
    status, found = judged(p, 45)
    client.stop()
    check(not verdicts(found, "fail", "warning", "inconclusive"),
          verdicts(found, "fail", "warning", "inconclusive"))
    check(set(verdicts(found, "skipped")) == UNSEEN, verdicts(found, "skipped"))
    check(status == 0, "status", status)
    check(not os.path.exists(server.cert), "the certificate was left behind")


def test_no_client_is_no_pass(w):
    p, _ = begin(w, 1)
    status, found = judged(p, 5)
    check(status == 1, "status", status)
    check(not verdicts(found, "pass", "fail"), verdicts(found, "pass", "fail"))


if __name__ == "__main__":
    sys.exit(main(globals()))
