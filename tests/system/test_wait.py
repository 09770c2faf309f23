#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Waiting for the time to be known: noonmark wait, and the unit that boot waits for."""
import os
import pty
import re
import subprocess
import sys
import time

from harness import (DAEMON, PATIENCE, SOURCE, TOOL, check, config_text, main,
                     wait_for)
from nested import Systemd

OK, NOT_OK, USAGE, FAILED = range(4)


def waits(page, *args):
    return subprocess.run([TOOL, "wait", "--page", page, *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE)


def test_exit_statuses(w):
    for bad in (["--bound", "0"], ["--bound", "-1ms"], ["--bound", "wide"], ["--timeout", "x"],
                ["--timeout=-1s"], ["more"], ["--nonsense"]):
        done = waits("/nowhere", *bad)
        check(done.returncode == USAGE and done.stdout == "", bad, done)
    done = waits(w.path("none"), "--timeout", "0")
    check(done.returncode == FAILED and "no daemon yet" in done.stderr, done)
    done = waits(w.write("other", "x" * 4096), "--timeout", "0")
    check(done.returncode == FAILED and "another" in done.stderr, done)
    local = w.daemon("local", {"clock": {"type": "virtual"}}).start()
    done = waits(local.page, "--timeout", "200ms")
    check(done.returncode == NOT_OK and "no sources" in done.stderr, done)
    local.stop()
    done = waits(local.page, "--timeout", "0")
    check(done.returncode == FAILED and "has stopped" in done.stderr, done)
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    done = waits(client.page, "--timeout", "5s")
    check(done.returncode == OK and re.match(r"ok, bound \+-\S+ [mun]s, after \d+\.\d s\n$",
                                             done.stdout), done)
    check(waits(client.page, "--bound", "2ms", "--timeout", "5s").returncode == OK, "2 ms")
    done = waits(client.page, "--bound", "1ns", "--timeout", "200ms")
    check(done.returncode == NOT_OK and "bound is above 1" in done.stderr, done)
    done = waits(client.page, "--quiet", "--timeout", "5s")
    check((done.returncode, done.stdout, done.stderr) == (OK, "", ""), done)


def test_waits_for_a_daemon_that_is_not_there_yet(w):
    """Before its folder exists, through an old page that is stale, until it is ok."""
    server = w.server()
    client = w.client([w.nts_source(server)], start=False)
    for turn in range(2):
        with open(w.path(f"told{turn}"), "w+") as told:
            waiting = subprocess.Popen([TOOL, "wait", "--page", client.page], stdout=told,
                                       stderr=told, stdin=subprocess.DEVNULL)
            time.sleep(0.5)
            check(waiting.poll() is None, "it did not wait")
            client.start()
            check(waiting.wait(PATIENCE) == OK, "status", waiting.returncode)
            check(client.state() == "ok", client.status())
            told.seek(0)
            lines = told.read().splitlines()
        # One line for each cause, and the outcome.
        check("no daemon yet" in lines[0] if turn == 0 else "has stopped" in lines[0], lines)
        check(len(lines) == len(set(lines)) and lines[-1].startswith("ok, bound"), lines)
        client.stop()


def test_tells_its_progress_on_a_terminal(w):
    server = w.server()
    client = w.client([w.nts_source(server)], start=False)
    master, slave = pty.openpty()
    waiting = subprocess.Popen([TOOL, "wait", "--page", client.page], stdin=slave, stdout=slave,
                               stderr=slave)
    os.close(slave)
    seen = b""

    def read():
        nonlocal seen
        try:
            seen += os.read(master, 4096)
        except OSError:  # its end was closed
            pass
        return seen

    wait_for(lambda: b"waiting 1 s" in read(), PATIENCE, "it counts seconds")
    client.start()
    while waiting.poll() is None:
        read()
    read()
    os.close(master)
    check(waiting.returncode == OK, waiting.returncode)
    text = seen.decode()
    check(text.count("\n") == 1 and text.startswith("\r\x1b[Kwaiting 0 s: no daemon yet"), repr(text))
    check(re.search(r"\r\x1b\[Kok, bound \+-\S+ [mun]s, after [0-9.]+ s\r\n$", text), repr(text))


HERE = "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"  # which needs ptrace


def unit(name):
    with open(os.path.join(SOURCE, "dist", name)) as f:
        return f.read()


def test_boot_waits_for_the_time(w):
    """noonmark-wait.service is done when the status is ok, before time-sync.target; and the page is
    the same file after the daemon was started again, or stopped and started."""
    server = w.server()
    source, inside = w.nts_source(server)
    conf = {"user": "daemon", "clock": {"type": "virtual", "offset": "30ms"}, "alert-limit": "2ms",
            "source": [(source, {**inside, "ntstrustedcerts": "/etc/noonmark/ca.pem"})]}
    impatient = HERE + "ExecStart=\nExecStart=/usr/bin/noonmark wait --bound 1ns --timeout 1s\n"
    s = Systemd(w, {"noonmarkd.service": unit("noonmarkd.service"),
                    "noonmarkd.service.d/here.conf": HERE,
                    "noonmark-wait.service": unit("noonmark-wait.service"),
                    "noonmark-wait.service.d/here.conf": HERE,
                    "impatient.service": unit("noonmark-wait.service"),
                    "impatient.service.d/here.conf": impatient},
                {"/usr/bin/noonmarkd": ("copy", DAEMON), "/usr/bin/noonmark": ("copy", TOOL),
                 "/etc/noonmark/ca.pem": ("copy", server.cert),
                 "/etc/noonmark/noonmarkd.conf": config_text(conf)}).start()
    for name in ("noonmarkd.service", "noonmark-wait.service"):
        done = s.ask("systemd-analyze", "verify", "--man=no", name)
        check(done.returncode == 0 and name not in done.stdout + done.stderr, done)
    begin = time.monotonic()
    s.run("systemctl", "start", "noonmark-wait.service")
    w.note(f"noonmark-wait.service: {time.monotonic() - begin:.2f} s")
    shown = s.show("noonmark-wait.service", "ActiveState", "Result", "Before")
    check(shown["ActiveState"] == "active" and "time-sync.target" in shown["Before"].split(), shown)
    check("noonmark-wait.service" in s.show("time-sync.target", "After")["After"].split(), "order")
    check(s.ask("noonmark", "now", "--json").returncode == 0, "not ok")
    check(s.ask("systemctl", "start", "impatient.service").returncode != 0, "bound of 1 ns")
    check(s.show("impatient.service", "Result", "ExecMainStatus") ==
          {"Result": "exit-code", "ExecMainStatus": "1"}, s.show("impatient.service"))
    inode = s.run("stat", "-c", "%i", "/run/noonmark/clock").stdout
    s.run("systemctl", "stop", "noonmarkd.service")
    done = s.ask("noonmark", "now", "--json")
    check(done.returncode == 1 and '"stopped"' in done.stdout, done)
    s.run("systemctl", "start", "noonmark-wait.service")
    s.run("systemctl", "restart", "noonmarkd.service")
    s.run("noonmark", "wait", "--timeout", "20s")
    check(s.run("stat", "-c", "%i", "/run/noonmark/clock").stdout == inode, "another file")
    s.stop()


if __name__ == "__main__":
    sys.exit(main(globals()))
