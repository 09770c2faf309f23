#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark check nts: K20 judged on our server while it changes the keys of its cookies."""
import json
import sys

from harness import check, main


def rotation(w, server, period, *options):
    done = w.tool("check", "nts", f"localhost:{server.ke}", "-4", "--ca", server.cert, "--only",
                  "K20", "--json", *(("--rotate", period) if period else ()), *options,
                  timeout=60)
    return done.returncode, json.loads(done.stdout)[0]


def test_cookies_outlive_two_changes_of_keys_and_no_more(w):
    server = w.server(ke={"ntsrotate": "5s"})
    status, k20 = rotation(w, server, "5s")
    check(status == 0 and k20["verdict"] == "pass", k20)
    check(k20["detail"] == "time, time and an NTS NAK", k20)


def test_a_server_that_keeps_its_keys_too_long_fails(w):
    """What the tool is told is not what the server does: it changes them every hour."""
    _, k20 = rotation(w, w.server(ke={"ntsrotate": "1h"}), "2s")
    check(k20["verdict"] == "fail", k20)
    check("after 3.1 periods: time" in k20["detail"], k20)


def test_a_server_that_forgets_its_keys_too_early_fails(w):
    """It changes them every second, and the tool is told 4 s."""
    _, k20 = rotation(w, w.server(ke={"ntsrotate": "1s"}), "4s")
    check(k20["verdict"] == "fail", k20)
    check(k20["detail"].startswith("after 1."), k20)


def test_without_a_period_it_is_skipped(w):
    _, k20 = rotation(w, w.server(), None)
    check(k20["verdict"] == "skipped" and "--rotate" in k20["detail"], k20)
    done = w.tool("check", "nts", "localhost", "--rotate", "0.5s", status=2)
    check("--rotate \"0.5s\": expected a time from 1s to 30d" in done.stderr, done.stderr)


if __name__ == "__main__":
    sys.exit(main(globals()))
