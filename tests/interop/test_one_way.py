#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daytime and time services of xinetd, OpenBSD's and GNU's inetd, and rdate as our client."""
import calendar
import json
import os
import subprocess
import sys
import time

from peers import environment, find
from harness import PATIENCE, check, free_port, main, wait_for


def query(w, *args, status=0, ns=None):
    # Whoever is to be answered waits for as long as a busy machine needs.
    done = w.tool("query", *args, "-t", 20, "--json", status=status, ns=ns, timeout=60)
    return {**json.loads(done.stdout), "stderr": done.stderr} if status == 0 else done


def holds_the_truth(r):
    """Their clock is that of this machine."""
    check(r["lower_s"] <= 2e-6 and r["upper_s"] >= -2e-6, r)
    check(r["authenticated"] is False and "stratum" not in r, r)


def answers(w, url, *how, ns=None):
    return w.tool("query", url, *how, "-t", 0.5, ns=ns).returncode == 0


def xinetd(w):
    ports = {"daytime": free_port(), "time": free_port()}
    text = ""
    for name, port in ports.items():
        for kind, protocol, wait in (("stream", "tcp", "no"), ("dgram", "udp", "yes")):
            text += (f"service {name}\n{{\ntype = INTERNAL UNLISTED\nid = {name}-{kind}\n"
                     f"port = {port}\nsocket_type = {kind}\nprotocol = {protocol}\n"
                     f"user = {os.geteuid()}\nwait = {wait}\nbind = 127.0.0.1\n}}\n")
    conf = w.write("xinetd.conf", text)
    p = w.process("xinetd", [find("usr/sbin/xinetd"), "-dontfork", "-f", conf, "-filelog",
                             w.path("xinetd.out"), "-pidfile", w.path("xinetd.pid")],
                  env={**environment(), "TZ": "UTC"})
    p.expected = {0, 1, -15}
    p.start()
    wait_for(lambda: p.alive() and answers(w, f"time://127.0.0.1:{ports['time']}"), 20,
             "xinetd answers")
    return ports


def inetd(w, name, argv, net):
    """An inetd with its services on their own ports, in a namespace. OpenBSD's answers no
    datagram that comes from loopback."""
    end = net.end("b")
    lines = "".join(f"{name_} {kind} {protocol} {wait} root internal\n"
                    for name_ in ("daytime", "time")
                    for kind, protocol, wait in (("stream", "tcp", "nowait"),
                                                 ("dgram", "udp", "wait")))
    conf = w.write(name + ".conf", lines)
    p = w.process(name, [*argv, conf], env={**environment(), "TZ": "UTC"}, ns=end)
    p.expected = {0, 1, -15}
    p.start()
    wait_for(lambda: p.alive() and answers(w, f"daytime://{net.address['b']}", "--tcp",
                                           ns=net.end("a")), 20, f"{name} answers")
    return net.address["b"]


def test_xinetd(w):
    ports = xinetd(w)
    for how in ("--udp", "--tcp"):
        # Some builds say the zone.
        r = query(w, f"daytime://127.0.0.1:{ports['daytime']}", how)
        check(r["format"] in ("smtp", "xinetd"), r)
        holds_the_truth(r)
        r = query(w, f"time://127.0.0.1:{ports['time']}", how, "--rounding", "truncate", "-n", 4,
                  "-i", 0.27)
        check(r["answered"] == 4, r)
        for sample in r["samples"]:
            holds_the_truth(sample)
        check(r["fused_lower_s"] <= 2e-6 and r["fused_upper_s"] >= -2e-6, r)
        w.note(how, "four questions of 1 s:", r["fused_lower_s"], "to", r["fused_upper_s"])


def test_openbsd_inetd(w):
    program = find("usr/sbin/inetd")
    net = w.net()
    host = inetd(w, "inetd", [program, "-d"], net)
    a = net.end("a")
    for how in ("--udp", "--tcp"):
        r = query(w, f"daytime://{host}", how, ns=a)
        check(r["format"] == "ctime" and r["zone_said"] is False, r)
        holds_the_truth(r)
        holds_the_truth(query(w, f"time://{host}", how, ns=a))


def test_gnu_inetd(w):
    """Its time is eight bytes long where that is the size of a C long: not RFC 868, and told."""
    program = find("usr/sbin/inetutils-inetd")
    net = w.net()
    host = inetd(w, "inetutils", [program, "-d", f"--pidfile={w.path('inetutils.pid')}"], net)
    a = net.end("a")
    for how in ("--udp", "--tcp"):
        r = query(w, f"daytime://{host}", how, ns=a)
        check(r["format"] == "ctime", r)
        holds_the_truth(r)
        done = w.tool("query", f"time://{host}", how, "-t", 2, ns=a)
        check(done.returncode == 0 or "too long" in done.stderr, done.stderr)


def test_rdate(w):
    program = find("usr/sbin/rdate")
    port = free_port()
    w.daemon("served", {"clock": {"type": "system-read-only"},
                        "server": {"listen": [f"127.0.0.1:{free_port()}"], "local-stratum": 5},
                        "time": {"listen": [f"127.0.0.1:{port}", f"[::1]:{port}"]}}).start()
    for how, host in (([], "127.0.0.1"), (["-u"], "127.0.0.1"), (["-6"], "::1"),
                      (["-6", "-u"], "::1")):
        before = int(time.time())
        # -p: print, do not set.
        done = subprocess.run([program, "-p", *how, "-o", str(port), host], capture_output=True,
                              text=True, timeout=20 * PATIENCE,
                              env={**os.environ, **environment(), "TZ": "UTC", "LC_ALL": "C"})
        check(done.returncode == 0, done.stderr)
        words = done.stdout.split()
        said = calendar.timegm(time.strptime(" ".join(words[:4] + words[-1:]),
                                             "%a %b %d %H:%M:%S %Y"))
        check(before <= said <= time.time(), before, done.stdout)


if __name__ == "__main__":
    sys.exit(main(globals()))
