#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shared page: read where its figures mean nothing, and where somebody else may have put it."""
import json
import subprocess
import sys

from harness import TOOL, Skip, check, main


def now(*args, before=()):
    done = subprocess.run([*before, TOOL, "now", "--json", *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    return done


def test_another_time_namespace(w):
    """CLOCK_MONOTONIC_RAW is another count there; the interval would be off by the difference."""
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    here = now("--page", client.page)
    check(here.returncode == 0 and json.loads(here.stdout)["status"] == "ok", here)
    # In a user namespace of its own, since the harness gave up the capability to set clocks.
    for shift in ("0", "1", "1000"):
        other = ["unshare", "-Ur", "-T", "--monotonic", shift]
        if subprocess.run([*other, "true"], capture_output=True).returncode:
            raise Skip("no time namespaces here")
        there = now("--page", client.page, before=other)
        check(there.returncode != 0, there)
        said = json.loads(there.stdout)
        check(said["status"] == "stale" and "time namespace" in said["why"], said)
        check(said["earliest"] is None and said["latest"] is None, said)


if __name__ == "__main__":
    sys.exit(main(globals()))
