#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A machine that is paused, migrated or given another clock: what the daemon sees of it, and that it
starts again by itself. The machine under the test is not; files say that it was."""
import json
import os
import signal
import struct
import subprocess
import sys
import time

from harness import SOURCE, WRONG_CLOCK, check, main, wait_for

DISRUPTED = 12  # NOON_CLOCK_REASON_DISRUPTED
DROPPED = "what was measured before is dropped, and the daemon starts again by itself"


class VmClock:
    """A file in the layout of a VM clock, and its hypervisor."""

    def __init__(self, path, size=4096):
        self.path, self.seq, self.marker, self.generation = path, 0, 5, 77
        page = bytearray(size)
        page[:10] = b"VCLK" + struct.pack("<IH", 4096, 1)
        page[24:32] = struct.pack("<Q", 1 << 8)
        with open(path, "wb") as f:
            f.write(page)
        self.write()

    def put(self, at, value):
        with open(self.path, "r+b", buffering=0) as f:
            f.seek(at)
            f.write(value)

    def write(self):
        self.put(12, struct.pack("<I", self.seq + 1))
        self.put(16, struct.pack("<Q", self.marker))
        self.put(104, struct.pack("<Q", self.generation))
        self.seq += 2
        self.put(12, struct.pack("<I", self.seq))


def told(page):
    """Bound or not, and the reason, as the example of a reader has it."""
    said = subprocess.run([sys.executable, os.path.join(SOURCE, "docs", "examples", "read_page.py"), page],
                          capture_output=True, text=True, timeout=30).stdout
    return json.loads(said)["earliest"], json.loads(said)["reason"]


def seen(client, since=0):
    """The states that a daemon went through, and its findings, by its own events."""
    return [e.get("state") or e["finding"] for e in client.status()["events"]][since:]


def comes_back(client, since):
    """Having lost all it knew, a client is OK again, and nobody had to do anything."""
    def back():
        now = seen(client, since)
        return "disrupted" in now and now[-1] == "ok" and now
    now = wait_for(back, 30, "ok again")
    check("unsynchronised" in now[now.index("disrupted"):], now)
    check(client.status()["findings"] == [], client.status()["findings"])


def test_hypervisor_tells_of_a_disruption(w):
    server = w.server()
    vm = VmClock(w.path("vmclock"))
    client = w.client([w.nts_source(server)], clock=dict(WRONG_CLOCK, vmclock=vm.path))
    client.wait_state("ok", 20)
    page = w.page_watch(client)
    check(f"vmclock {vm.path}: the hypervisor tells of disruptions" in client.log(), client.log())
    for change, words in (("marker", "(VM clock, marker 6 after 5)"),
                          ("generation", "from a snapshot (VM clock, generation 78 after 77)")):
        since = len(seen(client))
        setattr(vm, change, getattr(vm, change) + 1)
        vm.write()
        wait_for(lambda words=words: words in client.log(), 5, "it is noticed: " + words)
        comes_back(client, since)
    check(client.log().count(DROPPED) == 2 and client.log().count("finding disrupted:") == 2, client.log())
    page.result()


def test_readers_and_the_hook_learn_the_reason(w):
    server = w.server()
    vm = VmClock(w.path("vmclock"))
    hook = w.write("hook", f'#!/bin/sh\necho "$NOONMARK_STATE $NOONMARK_FINDINGS" >> {w.path("told")}\n', 0o755)
    client = w.client([w.nts_source(server)], clock=dict(WRONG_CLOCK, vmclock=vm.path), top={"hook": hook})
    client.wait_state("ok", 20)
    server.signal(signal.SIGSTOP)  # so that nothing can be known again
    try:
        vm.marker += 1
        vm.write()
        wait_for(lambda: told(client.page) == (None, DISRUPTED), 5, "the reason in the page")
        wait_for(lambda: "unsynchronised disrupted" in open(w.path("told")).read(), 5, "the hook is told")
        check("disrupted" in client.status()["findings"], client.status()["findings"])
    finally:
        server.signal(signal.SIGCONT)
    client.wait_state("ok", 40)


def test_another_clock_source(w):
    server = w.server()
    source = w.write("clocksource", "tsc\n")
    client = w.client([w.nts_source(server)], clock=dict(WRONG_CLOCK, vmclock="", clocksource=source))
    client.wait_state("ok", 20)
    time.sleep(5)  # it has been read again, and nothing has changed
    check(DROPPED not in client.log(), client.log())
    since = len(seen(client))
    w.write("clocksource", "hpet\n")
    wait_for(lambda: "the kernel's clock source changed from tsc to hpet" in client.log(), 10, "it is noticed")
    comes_back(client, since)


def test_daemon_that_did_not_get_to_run(w):
    """Stopped for some seconds it goes on; for longer it cannot know what happened to the clock."""
    server = w.server()
    client = w.client([w.nts_source(server)], watch=False)
    client.wait_state("ok", 20)
    page = w.page_watch(client)
    for seconds, dropped in ((3, False), (13, True)):
        since = len(seen(client))
        client.signal(signal.SIGSTOP)
        time.sleep(seconds)
        client.signal(signal.SIGCONT)
        if dropped:
            wait_for(lambda: "the daemon did not get to run for 1" in client.log(), 5, "it is noticed")
            comes_back(client, since)
        else:
            time.sleep(2)
            check(DROPPED not in client.log() and client.status(), client.log())
    page.result()


def test_files_that_are_no_vm_clock(w):
    server = w.server()
    cases = {"short": (b"VCLK" * 10, "shorter than a VM clock"),
             "empty": (b"", "shorter than a VM clock"),
             "magic": (bytes(4096), 'expected "VCLK" at its beginning'),
             "version": (b"VCLK" + struct.pack("<IH", 4096, 9) + bytes(4000), "expected 1"),
             "missing": (None, "there is no such file")}
    for name, (data, words) in cases.items():
        path = w.path(name)
        if data is not None:
            with open(path, "wb") as f:
                f.write(data)
        client = w.client([w.nts_source(server)], name="client-" + name, watch=False,
                          clock=dict(WRONG_CLOCK, vmclock=path))
        client.wait_state("ok", 20)
        check(f"vmclock {path}:" in client.log() and words in client.log() and "not used" in client.log(),
              client.log())
        client.stop()
    vm = VmClock(w.path("shrinks"))
    client = w.client([w.nts_source(server)], name="client-shrinks", clock=dict(WRONG_CLOCK, vmclock=vm.path))
    client.wait_state("ok", 20)
    os.truncate(vm.path, 0)
    wait_for(lambda: "is no VM clock any more" in client.log(), 5, "it is noticed")
    time.sleep(2)
    check(client.state() == "ok" and client.log().count("any more") == 1 and DROPPED not in client.log(),
          client.log())


def test_virtual_clock_without_sources_is_served_no_more(w):
    vm = VmClock(w.path("vmclock"))
    server = w.server(clock={"vmclock": vm.path})
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    vm.marker += 1
    vm.write()
    wait_for(lambda: "the virtual clock is served no more" in server.log(), 5, "it is noticed")
    wait_for(lambda: client.state() != "ok", 60, "nobody follows it any more")


if __name__ == "__main__":
    sys.exit(main(globals()))
