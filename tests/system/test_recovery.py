#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client whose sources all say that its clock jumped. Its clock cannot be made to jump here, so the
servers do: to the client that is the same."""
import sys

from harness import check, main, wait_for

AHEAD = 40.0
QUICK = {"readmit-after": "8s", "readmit-lone-after": "12s", "alert-limit": "5ms"}


def jump(server, seconds=AHEAD):
    server.stop()
    server.conf["clock"] = {"type": "virtual", "offset": f"{seconds:.0f}s"}
    server.start()


def follow(w, n, **top):
    """n servers and a client that has agreed with them for a while, with a hook that writes down."""
    servers = [w.server(f"server{i}", host=f"127.0.0.{i + 1}") for i in range(n)]
    log = w.path("hook.log")
    hook = w.write("hook", "#!/bin/sh\n"
                           f"echo \"$NOONMARK_STATE $NOONMARK_FINDINGS\" >> {log}\n", mode=0o755)
    client = w.client([w.nts_source(s) for s in servers], watch=False,
                      top={**QUICK, **top, "hook": hook})
    client.wait_state("ok", 20)
    client.hook_log = log
    return servers, client


def contradiction(client):
    return client.status().get("contradiction", {})


def concluded(client, cause):
    wait_for(lambda: contradiction(client).get("cause") == cause, 20, f"the cause {cause}")
    return contradiction(client)


def error(client):
    return abs(client.status()["true_error_s"])


def test_three_that_agree_are_followed(w):
    servers, client = follow(w, 3)
    for s in servers:
        jump(s)
    client.wait_state("alarm", 20)
    c = concluded(client, "jump")
    check(client.status()["bound_s"] >= AHEAD - 0.1, client.status())
    check(abs(c["jump_s"] - AHEAD) < 0.5, c)
    check(c["agreeing"] >= 2 and 0 <= c["ends_in_s"] <= 8, c)
    check("noonmark accept" in c["text"], c["text"])
    check("jumped" in client.status()["findings"], client.status()["findings"])
    out = w.tool("status", "--socket=" + client.socket).stdout
    check("why " in out and "jumped or stood still, by +" in out, out)
    client.wait_state("ok", 30)
    check(abs(error(client) - AHEAD) < 0.01, error(client))
    check(client.status()["findings"] == [], client.status()["findings"])
    check("contradiction: the local clock jumped" in client.log(), client.log())
    check("contradiction: over" in client.log(), client.log())
    # Each verdict once. The servers jump one after another: a vote between two of them has a verdict of
    # its own, that more are wrong than may lie.
    told = [line.split("contradiction: ")[1] for line in client.log().splitlines()
            if "contradiction: " in line and "more sources are wrong" not in line]
    check([line.split()[0] for line in told] == ["the", "over,"], client.log())
    said = open(client.hook_log).read()
    check(any("alarm" in line and "jumped" in line for line in said.splitlines()), said)


def test_a_lone_one_takes_longer_and_may_be_forbidden(w):
    (server,), client = follow(w, 1, **{"readmit-lone-after": "0"})
    jump(server)
    client.wait_state("alarm", 20)
    c = concluded(client, "jump")
    check(c["ends_in_s"] is None, c)
    wait_for(lambda: contradiction(client)["since_s"] > 14, 30, "some time in alarm")
    check(client.state() == "alarm", client.status())
    check(error(client) < 0.01, error(client))
    w.tool("accept", "--socket=" + client.socket, status=0)
    client.wait_state("ok", 20)
    check(abs(error(client) - AHEAD) < 0.01, error(client))


def test_two_of_three_are_not_followed(w):
    servers, client = follow(w, 3)
    for s in servers[:2]:
        jump(s)
    client.wait_state("alarm", 20)
    c = concluded(client, "servers")
    check(c["ends_in_s"] is None and "noonmark accept SOURCE" in c["text"], c)
    wait_for(lambda: contradiction(client)["since_s"] > 12, 30, "some time in alarm")
    check(client.state() == "alarm", client.status())
    check(error(client) < 0.01, error(client))
    # They find back by themselves: what they say agrees with their past again.
    for s in servers[:2]:
        jump(s, 0)
    client.wait_state("ok", 30)
    check(error(client) < 0.01, error(client))


def test_bad_times_are_refused(w):
    server = w.server(start=False)
    client = w.client([("127.0.0.1", {"port": server.ntp, "nts": False,
                                      "allow-unauthenticated": True})],
                      start=False, top={"readmit-after": "-5s"})
    client.start(ready=False)
    check(client.wait() != 0, "started")
    check('readmit-after = "-5s": expected a time of zero or more' in client.log(), client.log())


if __name__ == "__main__":
    sys.exit(main(globals()))
