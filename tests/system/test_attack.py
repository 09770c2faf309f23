#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A relay attacks a client; the bound stays true and the alarm comes before the limit is passed."""
import os
import socket
import struct
import sys
import time

from harness import TOOL, Process, check, free_port, main, wait_for

CALM = "clear,delay=100us,jitter=30us"
LIMIT = {"alert-limit": "500us"}


def attacked(w, top=None, source=None, clock=None, tcp=True, settle=0):
    """Server, relay before it, and a client through the relay that is synchronised."""
    ntp, ke = free_port(), free_port()
    server = w.server(announce=ntp)
    relay = w.relay(server, udp=ntp, tcp=ke if tcp else None)
    options = {"ntsport": ke if tcp else server.ke}
    options.update(source or {})
    host, inside = w.nts_source(server)
    inside.update(options)
    conf = dict(LIMIT)
    conf.update(top or {})
    client = w.client([(host, inside)], clock=clock, top=conf)
    client.wait_state("ok", 30)
    time.sleep(settle)
    return server, relay, client


def alarm_and_recovery(relay, client, seconds, way="reverse", calm=CALM):
    began = time.monotonic()
    client.wait_state("alarm", seconds)
    took = time.monotonic() - began
    time.sleep(2)
    relay.set(**{way: calm})
    client.wait_state("ok", 30)
    return took


def test_delayed_replies(w):
    _, relay, client = attacked(w)
    page = w.page_watch(client)
    time.sleep(5)
    relay.set(reverse="delay=20ms")
    w.note("alarm after", alarm_and_recovery(relay, client, 60), "s")
    r = page.result()
    check(r["ok"] > 0 and r["alarm"] > 0, r)


def test_delayed_requests(w):
    _, relay, client = attacked(w)
    page = w.page_watch(client)
    time.sleep(5)
    relay.set(forward="delay=20ms")
    w.note("alarm after", alarm_and_recovery(relay, client, 60, "forward"), "s")
    check(page.result()["alarm"] > 0, page.result())


def test_delay_from_the_first_packet(w):
    """The client never knew a calm path: the bound must be as wide as the attack."""
    ntp, ke = free_port(), free_port()
    server = w.server(announce=ntp)
    w.relay(server, udp=ntp, tcp=ke, reverse="delay=20ms")
    host, inside = w.nts_source(server, ntsport=ke)
    client = w.client([(host, inside)], top=LIMIT)
    wait_for(lambda: client.status().get("bound_s"), 20, "a bound")
    page = w.page_watch(client)
    time.sleep(6)
    s = client.status()
    check(s["state"] != "ok", "ok with an error of", s["true_error_s"])
    check(s["bound_s"] >= 0.0099, s["bound_s"])
    check(page.result()["ok"] == 0, page.result())


def test_delay_that_ramps(w):
    """Too slow to be seen in any one exchange."""
    _, relay, client = attacked(w, top={"max-age": "20s"})
    page = w.page_watch(client)
    time.sleep(3)
    relay.set(reverse="delay=100us,jitter=30us,ramp=100us/s")
    w.note("alarm after", alarm_and_recovery(relay, client, 50), "s")
    check(page.result()["alarm"] > 0, page.result())


def test_delay_on_and_off(w):
    """Bursts of delay in one direction, each shorter than the window."""
    _, relay, client = attacked(w, top={"alert-limit": "2ms"})
    page = w.page_watch(client)
    for way in ("reverse", "forward", "reverse", "forward"):
        relay.set(**{way: "delay=5ms"})
        time.sleep(1.5)
        relay.set(**{way: CALM})
        time.sleep(1.5)
    client.wait_state("ok", 20)
    page.result()


def test_silence(w):
    """Everything is lost: holdover with a growing bound, then the alarm."""
    _, relay, client = attacked(w, top={"alert-limit": "3ms"}, settle=5)
    page = w.page_watch(client)
    relay.set(forward="loss=1")
    client.wait_state("holdover", 20)
    first = client.status()["bound_s"]
    time.sleep(2)
    check(client.status()["bound_s"] > first, "the bound does not grow in holdover")
    client.wait_state("alarm", 90)
    relay.set(forward=CALM)
    client.wait_state("ok", 60)
    check(client.watcher.saw("holdover") and client.watcher.saw("alarm"), client.watcher.states)
    r = page.result()
    check(r["holdover"] > 0 and r["alarm"] > 0, r)


def test_half_is_lost(w):
    _, relay, client = attacked(w, top={"alert-limit": "20ms"}, settle=4)
    relay.set(forward=CALM + ",loss=0.4", reverse=CALM + ",loss=0.2")
    time.sleep(15)
    check(client.state() in ("ok", "holdover"), client.status())
    relay.set(forward=CALM, reverse=CALM)
    client.wait_state("ok", 20)
    # Lost replies cost cookies; they are asked for again.
    wait_for(lambda: client.source()["nts"]["cookies"] == 8, 20, "a full jar")
    check(client.source()["nts"]["ke_ok"] <= 2, client.source()["nts"])


def counted(clients):
    """The verdicts of all of them, added up."""
    total = {}
    for c in clients:
        for word, n in c.verdicts().items():
            total[word] = total.get(word, 0) + n
    return total


def test_mixture(w):
    """Duplicated, replayed, reordered, truncated and damaged packets: counted, not believed."""
    ntp, ke = free_port(), free_port()
    server = w.server(announce=ntp)
    relay = w.relay(server, udp=ntp, tcp=ke)
    clients = [w.client([w.nts_source(server, ntsport=ke, maxpoll=-1)], name=f"client{i}",
                        top={"alert-limit": "20ms"}) for i in range(5)]
    for c in clients:
        c.wait_state("ok", 20)
    time.sleep(3)
    page = w.page_watch(clients[0])
    lines = {d: d.log().count("\n") for d in clients + [server]}
    bad = CALM + (",duplicate=0.3,replay=0.3,reorder=0.2,reorder-delay=300ms,truncate=0.15"
                  ",flip=0.15")
    relay.set(forward=bad, reverse=bad)
    w.tool("query", f"nts://127.0.0.1:{ke}", "--ca", server.cert, "--count", 200,
           "--interval", 0.02, "--timeout", 0.1, timeout=60)
    time.sleep(12)
    # What chance has not brought in that time it brings later: each kind is seen once at least.
    kinds = ("bad-auth", "ext-format", "duplicate")
    wait_for(lambda: all(counted(clients).get(k, 0) > 0 for k in kinds) and
             server.status()["server"]["verdicts"].get("ext-format", 0) > 0, 60,
             f"each of {kinds}, and truncated requests at the server")
    relay.set(forward=CALM, reverse=CALM)
    for c in clients:
        c.wait_state("ok", 40)
    mine = counted(clients)
    theirs = server.status()["server"]["verdicts"]
    shown = relay.show()
    w.note("clients", mine)
    w.note("server", theirs)
    w.note("relay", shown)
    check(theirs.get("ext-format", 0) > 0, "truncated requests are not counted:", theirs)
    check(theirs.get("bad-auth", 0) + theirs.get("cookie-key", 0) > 0,
          "damaged requests are not counted:", theirs)
    for d, before in lines.items():
        more = d.log().count("\n") - before
        check(more < 16, d.name, "wrote", more, "lines about", shown)
    page.result()


def test_flipped_requests_get_no_time(w):
    """Damage on the way to the server only: NAK or silence, and no new exchange for a few."""
    server, relay, client = attacked(w, top={"alert-limit": "20ms"},
                                     source={"maxpoll": -1}, settle=4)
    relay.set(forward=CALM + ",flip=0.7")
    time.sleep(10)
    relay.set(forward=CALM)
    client.wait_state("ok", 20)
    check(client.source()["authenticated"], client.source())
    w.note(client.verdicts(), server.status()["server"])
    check(client.source()["nts"]["ke_ok"] <= 3, client.source()["nts"])


def test_key_exchange_damaged(w):
    """The handshake is flipped: a reason, a pause that grows, no time; then recovery."""
    ntp, ke = free_port(), free_port()
    server = w.server(announce=ntp)
    relay = w.relay(server, udp=ntp, tcp=ke, forward="flip=1", reverse="flip=1")
    host, inside = w.nts_source(server, ntsport=ke)
    client = w.client([(host, inside)], watch=False)
    failed = wait_for(lambda: (n := client.source()["nts"])["ke_failed"] > 0 and n, 20, "a failure")
    check(failed["ke_last"] not in ("", "success", "none yet"), failed)
    w.note("reason:", failed["ke_last"])
    check("key exchange failed" in client.log(), client.log())
    time.sleep(5)
    n = client.source()["nts"]["ke_failed"]
    check(n <= 2, n, "attempts in the first seconds: no pause between them")
    check(client.state() == "unsynchronised", client.state())
    relay.set(forward=CALM, reverse=CALM)
    client.watcher = client.watch()
    client.wait_state("ok", 45)


def test_liar_is_named(w):
    """One of three servers is wrong by 100 ms."""
    good = [w.server(name=f"good{i}", host=f"127.0.0.{i}") for i in (1, 2)]
    liar = w.server(name="liar", host="127.0.0.3",
                    clock={"type": "virtual", "offset": "100ms", "frequency-error": "0"})
    client = w.client([w.nts_source(s) for s in good + [liar]],
                      top={"alert-limit": "2ms", "max-liars": 1})
    client.wait_state("ok", 30)
    time.sleep(4)
    s = client.status()
    by_name = {x["name"]: x["verdict"] for x in s["sources"]}
    check(by_name["127.0.0.3"] == "falseticker", by_name)
    check(all(by_name[f"127.0.0.{i}"] != "falseticker" for i in (1, 2)), by_name)
    check(s["state"] == "ok", s["state"])
    check(any(e.get("source") == "127.0.0.3" for e in s["events"]), s["events"])
    w.note(s["findings"], by_name)


def test_a_liar_by_two_names_has_one_vote(w):
    """One server of two is wrong by 100 ms, and is configured twice: it must not outvote the other."""
    honest = w.server(name="honest", host="127.0.0.2")
    liar = w.server(name="liar", host="127.0.0.1",
                    clock={"type": "virtual", "offset": "100ms", "frequency-error": "0"})
    twins = [w.nts_source(liar), w.nts_source(liar, host="localhost", family="ipv4")]
    for order in (twins + [w.nts_source(honest)], [w.nts_source(honest)] + twins):
        client = w.client(order, name=f"client{len(w.processes)}", top={"alert-limit": "2ms"},
                          watch=False)
        wait_for(lambda: all(x["accepted"] > 3 for x in client.status()["sources"]), 30, "all answer")
        s = client.status()
        by_name = {x["name"]: x for x in s["sources"]}
        check(by_name["localhost"].get("duplicate_of") == "127.0.0.1", by_name["localhost"])
        check("duplicate_of" not in by_name["127.0.0.1"], by_name["127.0.0.1"])
        check("duplicate_of" not in by_name["127.0.0.2"], by_name["127.0.0.2"])
        check("127.0.0.1 and localhost are one machine" in client.log(), client.log())
        check("NO VOTE: the same machine as 127.0.0.1" in
              w.tool("status", "--socket", client.socket).stdout, "status")
        # Two that contradict each other: nobody can say which is right, and nobody does.
        check(s["state"] != "ok" and "state ok" not in client.log(), s["state"], client.log())
        client.stop()


def test_two_servers_with_one_certificate_are_one(w):
    """Behind two addresses is one machine, or one operator's: it shows the same key."""
    first = w.server(name="first", host="127.0.0.2")
    cert, key = w.certificate("shared", names=("127.0.0.2", "127.0.0.3"))
    first.stop()
    first.conf["nts-ke"].update({"ntsservercert": cert, "ntsserverkey": key})
    first.start()
    second = w.server(name="second", host="127.0.0.3",
                      ke={"ntsservercert": cert, "ntsserverkey": key})
    other = w.server(name="other", host="127.0.0.4")
    sources = [w.nts_source(x) for x in (first, second, other)]
    for _, inside in sources[:2]:
        inside["ntstrustedcerts"] = cert
    client = w.client(sources, top={"alert-limit": "2ms"})
    client.wait_state("ok", 30)
    wait_for(lambda: all(x["accepted"] > 3 for x in client.status()["sources"]), 30, "all answer")
    s = client.status()
    why = [x.get("duplicate_why") for x in s["sources"]]
    check(why == [None, "the same key in the certificate", None], why)
    check(s["voting"] == 2 and s["max_liars"] == 1, s["voting"], s["max_liars"])
    # By the saved sessions, too: no key exchange shows the certificate then.
    client.stop()
    client.start()
    client.wait_state("ok", 30)
    wait_for(lambda: all(x["accepted"] > 0 for x in client.status()["sources"]), 30, "all answer")
    s = client.status()
    check([x.get("duplicate_of") for x in s["sources"]] == [None, "127.0.0.2", None], s["sources"])
    check(all(x["nts"]["ke_ok"] == 0 for x in s["sources"]), [x["nts"] for x in s["sources"]])


def test_server_that_starts_to_lie(w):
    """A trusted server jumps by 50 ms: its authentication is good, the client says so and holds."""
    good = w.server(name="good", host="127.0.0.1")
    other = w.server(name="other", host="127.0.0.3")
    client = w.client([w.nts_source(good), w.nts_source(other)], top={"alert-limit": "2ms"})
    client.wait_state("ok", 30)
    # The same state, key and ports, but another clock.
    other.stop()
    other.conf["clock"] = {"type": "virtual", "offset": "50ms"}
    other.start()
    time.sleep(8)
    s = client.status()
    w.note(s["state"], s["findings"], {x["name"]: x["verdict"] for x in s["sources"]})
    check(s["findings"], "two servers contradict each other and nothing is found")
    check(s["state"] == "alarm", s["state"])
    check(abs(s["true_error_s"]) < 2e-3, "followed the liar:", s["true_error_s"])


def test_reflection_and_strays(w):
    """Packets that nobody asked for, sent to the server and to the client's port."""
    server, _, client = attacked(w, tcp=False)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(0.2)
    before = server.status()["server"]["verdicts"]
    strays = [b"", b"\x23", b"\x23" + b"\0" * 46, b"\x16\x02" + b"\0" * 46,
              b"\x17\x00\x03\x2a" + b"\0" * 188, b"\x24" + b"\0" * 47, b"\x00" * 48,
              b"\x23" + b"\0" * 47 + struct.pack("!HH", 0x0104, 65535) + b"\0" * 32,
              b"\x23" + b"\0" * 47 + struct.pack("!HH", 0x0104, 0) + b"\0" * 28,
              b"\x23" + os.urandom(1400), os.urandom(2000)]
    for _ in range(20):
        for data in strays:
            s.sendto(data, (server.host, server.ntp))
        time.sleep(0.02)
    answers = 0
    end = time.monotonic() + 2
    while time.monotonic() < end:
        try:
            s.recvfrom(4096)
            answers += 1
        except socket.timeout:
            break
    s.close()
    after = server.status()["server"]["verdicts"]
    w.note("verdicts", after)
    w.note("answers to strays:", answers)
    counted = sum(after.values()) - sum(before.values())
    check(counted >= 11 * 20 - 20, "only", counted, "of", 20 * len(strays), "strays were counted")
    for word in ("short", "mode", "ext-format"):
        check(after.get(word, 0) > before.get(word, 0), word, "is not counted:", after)
    check(server.log().count("\n") < 8, "the server writes a line per packet")
    check(client.state() == "ok", client.state())


def beside(w):
    """What lies in the folder of the test whose name begins with that of the relay's socket."""
    return sorted(f for f in os.listdir(w.dir) if f.startswith("relay.sock"))


def test_relay_obeys_from_outside_its_namespace(w):
    """The answer comes back, and no socket of the asker is left behind."""
    net = w.net()
    path = w.path("relay.sock")
    Process(w, "relay", [TOOL, "relay", "--control", path, "--udp",
                         "127.0.0.1:5123=127.0.0.1:5124"], ns=net.end("a")).start()
    wait_for(lambda: os.path.exists(path), 5, "the relay")
    for ns in (None, net.end("b"), net.end("a")):
        done = w.tool("relay", "--control", path, "--set", "--forward", "delay=1ms", status=0,
                      ns=ns)
        check(not done.stderr, done.stderr)
        done = w.tool("relay", "--control", path, "--show", status=0, ns=ns)
        check('"packets": 0' in done.stdout, done.stdout)
        check(beside(w) == ["relay.sock"], beside(w))


def test_relay_that_does_not_answer(w):
    """It is told within some seconds, and nothing is left behind either."""
    path = w.path("relay.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(path)
        done = w.tool("relay", "--control", path, "--show", timeout=10)
        check(done.returncode != 0 and "relay.sock" in done.stderr, done.stderr)
        check(beside(w) == ["relay.sock"], beside(w))
    done = w.tool("relay", "--control", path, "--show", timeout=10)
    check(done.returncode != 0 and "refused" in done.stderr, done.stderr)
    check(beside(w) == ["relay.sock"], beside(w))


if __name__ == "__main__":
    sys.exit(main(globals()))
