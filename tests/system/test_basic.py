#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client finds the time from a server, and the tool tells it."""
import json
import re
import os
import subprocess
import signal
import socket
import sys
import time

from harness import (PATIENCE, Failed, Skip, check, free_port, main, ns, wait_for)


def test_nts(w):
    server = w.server()
    client = w.client([w.nts_source(server)])
    first = client.wait_state("ok", 20)
    page = w.page_watch(client)
    check(first["bound_s"] < first["alert_limit_s"], first["bound_s"])
    time.sleep(5)
    s = client.status()
    source = s["sources"][0]
    check(s["state"] == "ok", s["state"])
    check(source["authenticated"] and source["nts"]["aead"] == 15, source)
    # Each reply brings the cookie back that its request took; one request may be on its way.
    check(7 <= source["nts"]["cookies"] <= 8 and source["nts"]["ke_ok"] == 1, source["nts"])
    check(source["stratum"] == 1 and source["verdict"] == "selected", source)
    check(abs(s["true_error_s"]) <= s["bound_s"] + 2e-6, s)
    answered = server.status()
    check(answered["server"]["nts_replies"] >= source["accepted"] > 0, answered["server"])
    check(answered["server"]["ntsn_replies"] == 0, answered["server"])
    check(page.result()["ok"] > 500, page.result())


def poll_only(daemon):
    """One thread, and no descriptor that a simulator of sockets would not know."""
    tasks = os.listdir(f"/proc/{daemon.pid}/task")
    check(len(tasks) == 1, daemon.name, "has", len(tasks), "threads")
    for fd in os.listdir(f"/proc/{daemon.pid}/fd"):
        try:
            to = os.readlink(f"/proc/{daemon.pid}/fd/{fd}")
        except FileNotFoundError:
            continue
        check("anon_inode" not in to and "pipe:" not in to, daemon.name, "fd", fd, "is", to)


def test_poll_backend(w):
    server = w.server(backend="poll")
    client = w.client([w.nts_source(server)], backend="poll")
    client.wait_state("ok", 20)
    for _ in range(20):
        poll_only(server)
        poll_only(client)
        time.sleep(0.1)
    check(client.state() == "ok", client.state())
    check(client.source()["authenticated"], client.source())
    for d in (client, server):
        began = time.monotonic()
        d.stop()
        check(time.monotonic() - began < 3 * PATIENCE, d.name, "took long to stop")


def test_event_backend_named(w):
    server = w.server(backend="event", server={"threads": 2})
    client = w.client([w.nts_source(server)], backend="event")
    client.wait_state("ok", 20)


def test_ipv6(w):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
            s.bind(("::1", 0))
    except OSError:
        raise Skip("no IPv6 on loopback") from None
    server = w.server(host="::1")
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    check(client.source()["address"].startswith("[::1]"), client.source()["address"])
    w.tool("query", f"nts://[::1]:{server.ke}", "--ca", server.cert, status=0)
    w.tool("query", f"ntp://[::1]:{server.ntp}", status=0)


def test_plain_ntp(w):
    server = w.server(nts=False)
    source = ("127.0.0.1", {"nts": False, "allow-unauthenticated": True, "port": server.ntp,
                            "minpoll": -1, "maxpoll": 0, "burst-interval": "300ms"})
    client = w.client([source])
    client.wait_state("ok", 20)
    s = client.source()
    check(not s["authenticated"] and s["nts"] is None, s)
    check("NOT AUTHENTICATED" in w.tool("status", "--socket", client.socket, status=0).stdout,
          "the screen hides that the source is not authenticated")


def test_aead_30_only(w):
    server = w.server()
    client = w.client([w.nts_source(server, ntsaeads=[30])])
    client.wait_state("ok", 20)
    check(client.source()["nts"]["aead"] == 30, client.source()["nts"])


def test_tool_reads_the_daemon(w):
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    socket_option = ["--socket", client.socket]

    before = time.time_ns()
    now = json.loads(w.tool("now", "--json", "--page", client.page, status=0).stdout)
    after = time.time_ns()
    check(now["status"] == "ok", now)
    check(ns(now["latest"]) >= before and ns(now["earliest"]) <= after, before, now, after)
    plain = w.tool("now", "--page", client.page, status=0).stdout
    check(all(x in plain for x in ("earliest", "latest", "status    ok")), plain)

    screen = w.tool("status", *socket_option, status=0).stdout
    for word in ("state       ok", "bound", "path", "drift", "server", "quantisation", "NTS aead",
                 "offset", "rtt", "interval", "packets: accepted"):
        check(word in screen, word, "is not on the screen:", screen)
    s = json.loads(w.tool("status", "--json", *socket_option, status=0).stdout)
    for key in ("version", "state", "bound_s", "lower_s", "upper_s", "terms", "sources", "events"):
        check(key in s, key, "is not in status --json")

    lines = w.tool("watch", "--lines", "--count", 3, "--interval", 0.2, *socket_option,
                   status=0).stdout.splitlines()
    check(len(lines) in (3, 4, 5) and any("ok" in x for x in lines), lines)
    objects = w.tool("watch", "--json", "--count", 2, "--interval", 0.2, *socket_option,
                     status=0).stdout.splitlines()
    check(len(objects) == 2 and json.loads(objects[1])["state"] == "ok", objects)

    w.tool("step", *socket_option, status=0)
    check(client.wait_state("ok", 10), "not ok after a step")
    w.tool("accept", *socket_option, status=0)
    w.tool("accept", "127.0.0.1", *socket_option, status=0)
    refused = w.tool("accept", "nobody.example", *socket_option, status=1)
    check("no such source" in refused.stderr, refused.stderr)


def test_tool_exit_statuses(w):
    gone = w.path("gone")
    check("running" in w.tool("status", "--socket", gone, status=3).stderr, "no hint")
    check("running" in w.tool("now", "--page", gone, status=3).stderr, "no hint")
    w.tool("watch", "--socket", gone, "--count", 1, status=3)
    w.tool("step", "--socket", gone, status=3)
    w.tool("status", "--no-such-option", status=2)
    w.tool("no-such-verb", status=2)
    w.tool("query", "http://localhost", status=2)
    w.tool("query", "nts://localhost:0", status=2)
    w.tool("query", status=2)
    w.tool("version", status=0)
    w.tool("--help", status=0)
    for verb in ("now", "status", "watch", "query", "step", "accept", "relay", "demo"):
        check("Usage:" in w.tool(verb, "--help", status=0).stdout, verb)
    w.write("page", b"\0" * 8192)
    w.tool("now", "--page", w.path("page"), status=3)
    # A daemon that knows nothing yet: status says so by its exit status.
    client = w.client([("127.0.0.1", {"ntsport": free_port(), "minpoll": 0})], watch=False)
    w.tool("status", "--socket", client.socket, status=1)
    w.tool("now", "--page", client.page, status=3)
    w.tool("step", "--socket", client.socket, status=1)


def query(w, *args, status=0, **kw):
    done = w.tool("query", *args, "--json", status=status, **kw)
    return json.loads(done.stdout) if status == 0 else done


def test_query(w):
    server = w.server()
    url = f"nts://127.0.0.1:{server.ke}"
    for aead in (15, 30):
        r = query(w, url, "--ca", server.cert, "--aead", aead)
        for key in ("authenticated", "offset_s", "lower_s", "upper_s", "rtt_s", "stratum"):
            check(key in r, key, "is not in", r)
        check(r["authenticated"] is True and r["stratum"] == 1, r)
        # The server serves the clock of this machine.
        check(r["lower_s"] <= 2e-6 and r["upper_s"] >= -2e-6, r)
        check(0 < r["rtt_s"] < 1 and r["lower_s"] <= r["offset_s"] <= r["upper_s"], r)
    many = query(w, url, "--ca", server.cert, "--count", 4, "--interval", 0.05)
    check(many["answered"] == 4 and len(many["samples"]) == 4, many)
    check(many["fused_lower_s"] <= 2e-6 and many["fused_upper_s"] >= -2e-6, many)
    r = query(w, f"ntp://127.0.0.1:{server.ntp}")
    check(r["authenticated"] is False, r)
    named = query(w, f"nts://localhost:{server.ke}", "--ca", server.cert, "-4")
    check(named["authenticated"] is True, named)
    text = w.tool("query", url, "--ca", server.cert, "--count", 2, "--interval", 0.05,
                  status=0).stdout
    check("authenticated" in text and "together" in text, text)


def test_query_refusals(w):
    server = w.server()
    url = f"nts://127.0.0.1:{server.ke}"
    wrong = w.tool("query", url, status=1).stderr
    check("certificate" in wrong, wrong)
    wrong = w.tool("query", url, "--ca", server.cert, "--server-name", "else.test",
                   status=1).stderr
    check("certificate" in wrong or "name" in wrong, wrong)
    wrong = w.tool("query", f"nts://127.0.0.1:{free_port()}", status=1).stderr
    check("refused" in wrong, wrong)
    wrong = w.tool("query", f"ntp://127.0.0.1:{free_port()}", "--timeout", 1, status=1).stderr
    check("answer" in wrong, wrong)
    missing = w.tool("query", url, "--ca", w.path("none"))
    check(missing.returncode == 3 and "none" in missing.stderr, missing)
    wrong = w.tool("query", "nts://does-not-exist.invalid", status=1).stderr
    check("does-not-exist.invalid" in wrong, wrong)


def test_chain_of_two(w):
    """A server that is itself a client: the bound of what it serves holds too."""
    top = w.server()
    middle = w.server(name="middle", start=False, server={"local-stratum": 0},
                      clock={"type": "virtual", "offset": "-80ms", "frequency-error": "-30ppm"},
                      top={"alert-limit": "5ms", "wander": "5ppm", "max-age": "30s"})
    middle.conf["source"] = [w.nts_source(top)]
    middle.start()
    middle.watch()
    middle.wait_state("ok", 20)
    client = w.client([w.nts_source(middle)], top={"alert-limit": "10ms"})
    client.wait_state("ok", 30)
    check(client.source()["stratum"] == 2, client.source())
    time.sleep(5)


def test_a_bound_above_the_alert_limit_is_served(w):
    """20 ms away with an alert limit of 5 ms: never ok, and yet of use to others, up to serve-limit."""
    top = w.server()
    far = w.server(name="far", start=False, server={"local-stratum": 0},
                   clock={"type": "virtual", "offset": "-80ms", "frequency-error": "-30ppm"},
                   top={"alert-limit": "5ms", "wander": "5ppm"})
    relay = w.relay(top, udp=(port := free_port()), forward="delay=20ms", reverse="delay=20ms")
    far.conf["source"] = [("127.0.0.1", {"nts": False, "allow-unauthenticated": True,
                                         "port": port, "minpoll": -1, "maxpoll": 0})]
    far.start()
    far.watch()
    served = wait_for(lambda: (s := far.status()["server"])["has_time"] and s, 20, "it gives time")
    s = far.status()
    check(s["state"] == "unsynchronised" and 0.02 < s["bound_s"] < 0.1, s["state"], s["bound_s"])
    check(served["root_dispersion_s"] >= 0.02, served)
    # The limit is out of reach: in the status, in the page, and once in the log.
    wait_for(lambda: far.status()["reason"] == "out-of-reach", 20, "it says so")
    why = far.status()["why"]
    # 20 ms and what a busy machine adds.
    said = re.compile(r"cannot be within 5 ms: path [23]\d(\.\d)? ms; nearer server, `distance-m`")
    check(said.search(why), why)
    text = w.tool("status", "--socket", far.socket).stdout  # an exchange later, maybe
    check(said.search(text), "not in the status for people:", text)
    now = json.loads(w.tool("now", "--json", "--page", far.page, status=1).stdout)
    check(now["reason"] == "out-of-reach", now)
    time.sleep(2)
    check(len(said.findall(far.log())) == 1, far.log())
    client = w.client([("127.0.0.1", {"nts": False, "allow-unauthenticated": True,
                                      "port": far.ntp, "minpoll": -1, "maxpoll": 0})],
                      top={"alert-limit": "200ms"})
    client.wait_state("ok", 30)
    check(client.status()["bound_s"] > 0.02 and client.source()["stratum"] == 2, client.status())
    # Not beyond serve-limit.
    relay.set(forward="delay=200ms", reverse="delay=200ms")
    far.stop()
    far.conf["serve-limit"] = "100ms"
    far.start()
    wait_for(lambda: far.status().get("bound_s", 9) < 0.5, 20, "it knows the time")
    check(far.status()["server"]["has_time"] is False, far.status()["server"])


def test_page_of_a_dead_daemon(w):
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    page = w.page_watch(client)
    time.sleep(1)
    client.kill()  # SIGKILL: the page stays as it was
    def stale():
        done = w.tool("now", "--json", "--page", client.page)
        return done.returncode == 1 and json.loads(done.stdout)["status"] == "stale"
    wait_for(stale, 10, "the page is stale")
    r = page.result()
    check(r["stale"] > 0 and r["ok"] > 0, r)
    client.start()
    client.wait_state("ok", 20)
    check(json.loads(w.tool("now", "--json", "--page", client.page, status=0).stdout)["status"] ==
          "ok", "the page of the new daemon")


def test_page_of_a_stopped_daemon(w):
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    page = w.page_watch(client)
    time.sleep(0.5)
    client.stop()
    def not_ok():
        return w.tool("now", "--json", "--page", client.page).returncode in (1, 3)
    wait_for(not_ok, 10, "the page is not ok any more")
    r = page.result()
    check(r["ok"] > 0 and r["stale"] + r["none"] > 0, r)


def test_query_intervals_hold_on_a_busy_machine(w):
    """Server and asker share one clock here, so 0 must lie in every interval that is printed, also
    when the asker is interrupted between any two of its steps."""
    server = w.server()
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        out = w.tool("query", f"nts://127.0.0.1:{server.ke}", "--ca", server.cert, "--count", "200",
                     "--interval", "0.01", "--json", status=0).stdout
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    answer = json.loads(out)
    wrong = [s for s in answer["samples"] if not s["lower_s"] <= 0 <= s["upper_s"]]
    check(not wrong, wrong[:3])
    check(answer["fused_lower_s"] <= 0 <= answer["fused_upper_s"], answer["fused_lower_s"],
          answer["fused_upper_s"])
    w.note(len(answer["samples"]), "answers, widest",
           max(s["upper_s"] - s["lower_s"] for s in answer["samples"]))


def test_frozen_daemon_is_noticed(w):
    """A daemon that hangs keeps nobody believing: its page gets stale, and then true again."""
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    page = w.page_watch(client)
    client.signal(signal.SIGSTOP)
    try:
        wait_for(lambda: "stale" in w.tool("now", "--json", "--page", client.page).stdout, 15,
                 "stale page")
    finally:
        client.signal(signal.SIGCONT)
    wait_for(lambda: w.tool("now", "--json", "--page", client.page).returncode == 0, 20,
             "page is good again")
    check(page.result()["stale"] > 0, page.result())


def test_without_configuration(w):
    """No file, no privileges needed: a virtual clock and a local server."""
    for port in (11123, 14460):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                raise Skip(f"port {port} is in use") from None
    from harness import DAEMON
    env = {"XDG_RUNTIME_DIR": w.dir}
    d = w.process("default", [DAEMON], env=env).start()
    made = [w.path("noonmark/" + name) for name in ("noonmarkd.sock", "ntske.crt")]
    wait_for(lambda: all(map(os.path.exists, made)) or not d.alive(), 10, "up")
    check(d.alive(), d.log())
    r = query(w, "nts://127.0.0.1:14460", "--ca", w.path("noonmark/ntske.crt"))
    check(r["authenticated"] and r["stratum"] == 10, r)
    check("virtual" in w.tool("status", status=1, env=env).stdout, "clock")


if __name__ == "__main__":
    sys.exit(main(globals()))
