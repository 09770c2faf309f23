#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tunnels whose secrets come from a key exchange: refreshes, restarts, certificates, strangers."""
import os
import resource
import signal
import subprocess
import sys
import time

from harness import Process, TOOL, check, main, run_quiet, wait_for
from ptp import receiver, transmitter
from test_tunnel import accounts, check_exact, check_nothing_lost, ends, tunnel, works

INNER = "10.9.0.1"


def identities(w, names=("alice.example", "bob.example")):
    """A certificate of either end, made by our tool: {"a": base, "b": base}."""
    found = {}
    for end, name in zip("ab", names):
        found[end] = w.path(name)
        run_quiet([TOOL, "tunnel", "certificate", found[end]])
    return found


def exchanged(w, net, start=True, base=None, names=("alice.example", "bob.example"), top=None, **options):
    base = base or identities(w, names)
    both = ends(w, net, **{"key-file": None, **options})
    for me, other, name in (("a", "b", names[1]), ("b", "a", names[0])):
        both[me].update({"certificate": base[me] + ".crt", "certificate-key": base[me] + ".key",
                         "peer-certificates": base[other] + ".crt", "peer-name": name})
    over = {"interface": None, "tunnel": "timing", "network_transport": "UDPv4"}
    t = transmitter(w, net, multicast=False, start=start, top={"tunnel": [("timing", both["a"])], **(top or {})},
                    **over)
    inside = {"tunnel": "timing", "network_transport": "UDPv4", "transmitter": INNER, "logSyncInterval": -3,
              "logAnnounceInterval": -2, "logMinDelayReqInterval": -3}
    r = receiver(w, net, start=start, top={"tunnel": [("timing", both["b"])], **(top or {})},
                 sources=[("gm", inside)])
    return t, r


def cpu_seconds(d):
    """User and system time of a daemon's process."""
    with open(f"/proc/{d.pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def done(d):
    return tunnel(d)["exchange"]["done"]


def test_an_exchange_brings_the_tunnel_up(w):
    net = w.net()
    t, r = exchanged(w, net)
    works(r)
    check_exact(t, r)
    for d in (t, r):
        x = tunnel(d)["exchange"]
        check(x["done"] == 1 and x["failed"] == 0 and x["failure"] == "", x)
        check("keys exchanged with" in d.log(), d.log())
    check(tunnel(r)["exchange"]["next_in_s"] > 3600 * 7, tunnel(r)["exchange"])
    text = w.tool("tunnel", "status", "--socket", r.socket, status=0).stdout
    check("1 exchanged with alice.example" in text and "the next in" in text, text)
    # Nothing of a secret is written down.
    for d in (t, r):
        check(not [f for f in os.listdir(d.state_dir) if f.endswith(".tunnel")], os.listdir(d.state_dir))
    r.watcher.stop()


def test_thirty_exchanges_lose_nothing(w):
    """Each brings a secret of its own, under traffic; epochs are refreshed in between as ever."""
    net = w.net()
    t, r = exchanged(w, net, rekey="1s", lifetime="2s", jitter=0.3)
    works(r)
    before = accounts(t, r)
    first = done(r)
    wait_for(lambda: done(r) >= first + 30, 60, "thirty exchanges")
    check_nothing_lost(w, before, t, r, "over thirty exchanges")
    for d in (t, r):
        others = {k: v for k, v in tunnel(d)["verdicts"].items() if k not in ("accepted", "cover")}
        check(not any(others.values()), others)
    check(tunnel(r)["exchange"]["failed"] == 0 and tunnel(t)["exchange"]["failed"] == 0)
    check(r.state() == "ok", r.status())
    # Once, and not for each.
    for d in (t, r):
        check(d.log().count("keys exchanged") == 1, d.log())
    r.watcher.stop()


def test_either_end_restarts(w):
    net = w.net()
    t, r = exchanged(w, net, **{"dead-after": "2s"})
    works(r)
    for d, how in ((t, "kill"), (r, "kill"), (t, "stop"), (r, "stop")):
        if d is r:
            r.watcher.stop()
        getattr(d, how)()
        d.start()
        wait_for(lambda: tunnel(t)["up"] and tunnel(r)["up"], 20, f"up again after {how} of {d.name}")
        works(r)
        if d is r:
            r.watcher = r.watch()
    r.watcher.stop()


def test_the_initiator_waits_for_the_other_end(w):
    net = w.net()
    t, r = exchanged(w, net, start=False)
    r.start()
    wait_for(lambda: "key exchange failed: Connection refused" in r.log(), 10, "it says what fails")
    time.sleep(4)
    check(r.log().count("key exchange failed") == 1, r.log())
    check("could not be sent" not in r.log() and "was not sent" not in r.log(), r.log())
    x = tunnel(r)["exchange"]
    check(x["failed"] >= 2 and "refused" in x["failure"] and not tunnel(r)["up"], x)
    t.start()
    works(r, 30)


def test_certificates_that_are_not_the_peers(w):
    net = w.net()
    base = identities(w)
    mallory = w.path("mallory")
    run_quiet([TOOL, "tunnel", "certificate", mallory, "--name", "bob.example"])
    t, r = exchanged(w, net, start=False, base=base)
    section = r.conf["tunnel"][0][1]
    t.start()
    # The right name on another key; the right key for another name; what the other end shows.
    for change, here, there in (
            ({"certificate": mallory + ".crt", "certificate-key": mallory + ".key"}, "alert", "self-signed"),
            ({"peer-name": "carol.example"}, "hostname mismatch", None),
            ({"peer-certificates": mallory + ".crt"}, "certificate refused", None)):
        was = dict(section)
        section.update(change)
        r.start()
        wait_for(lambda here=here: here in tunnel(r)["exchange"]["failure"].lower(), 10, here)
        check(not tunnel(r)["up"] and not tunnel(t)["up"])
        if there:
            wait_for(lambda there=there: there in t.log(), 10, f"the responder says {there}")
        r.stop()
        section.clear()
        section.update(was)
    t.stop()
    # The responder expects another name.
    t.conf["tunnel"][0][1]["peer-name"] = "carol.example"
    t.start()
    r.start()
    wait_for(lambda: "another name" in tunnel(r)["exchange"]["failure"], 10, "the name is refused")
    # It says so when the connection has ended, after the initiator knows.
    wait_for(lambda: "asked for what is another's" in t.log(), 10, "the responder says so")


def test_ends_that_differ_say_how(w):
    net = w.net()
    t, r = exchanged(w, net, start=False)
    t.conf["tunnel"][0][1].update({"encryption": "aes256gcm16", "ah": True})
    for d in (t, r):
        d.start()
    wait_for(lambda: "the other one has encryption aes256gcm16 ah true" in tunnel(r)["exchange"]["failure"], 10,
             "the difference is named")
    wait_for(lambda: "differs" in tunnel(t)["exchange"]["failure"], 10, "the responder names it as well")
    t.stop()
    t.conf["tunnel"][0][1].update({"encryption": "aes128gcm16", "ah": False, "inner-local": "10.9.0.7"})
    t.start()
    wait_for(lambda: "no tunnel with this end" in tunnel(r)["exchange"]["failure"], 20, "no such tunnel")


def test_clocks_that_are_wrong_at_the_start(w):
    """A receiver whose clock stands before the certificate's beginning, with and without permission."""
    net = w.net()
    base = identities(w)
    past = {"type": "virtual", "offset": "-500000000s"}
    t, r = exchanged(w, net, start=False, base=base)
    r.conf["clock"] = past
    t.start()
    r.start()
    wait_for(lambda: "not yet valid" in tunnel(r)["exchange"]["failure"], 10, "it is refused")
    r.stop()
    r.conf["nocerttimecheck"] = 1
    r.start()
    wait_for(lambda: tunnel(r)["up"], 20, "it is up")
    works(r)
    check("is not valid" not in r.log() and tunnel(r)["up"], r.log())


def test_an_expired_certificate_is_found_when_the_time_is_known(w):
    """Its keys are forgotten, and the next exchange is refused."""
    net = w.net()
    base = identities(w)
    cert, key = w.certificate("old", names=("alice.example",), begin="20200101000000Z", end="20200201000000Z")
    for made, name in ((cert, ".crt"), (key, ".key")):
        os.replace(made, base["a"] + name)
    t, r = exchanged(w, net, start=False, base=base, top={"nocerttimecheck": 1})
    r.conf["clock"] = {"type": "virtual", "offset": "-500000000s"}
    t.start()
    r.start()
    wait_for(lambda: "not valid at the time that is known now" in r.log(), 30, "it is found")
    wait_for(lambda: "expired" in tunnel(r)["exchange"]["failure"], 60, "and refused")
    check(not tunnel(r)["up"], tunnel(r))


def test_exchanges_before_the_time_is_known_are_all_judged(w):
    """Two that were under way together: times count for neither, and both are judged later."""
    net = w.net()
    base = identities(w)
    cert, key = w.certificate("old", names=("alice.example",), begin="20200101000000Z", end="20200201000000Z")
    t, r = exchanged(w, net, start=False, base=base)
    for d, end in ((t, "a"), (r, "b")):
        second = dict(d.conf["tunnel"][0][1])
        second.update({"inner-local": "10.9.1.1" if end == "a" else "10.9.1.2",
                       "inner-peer": "10.9.1.2" if end == "a" else "10.9.1.1", "exchange-port": 4462,
                       **({"certificate": cert, "certificate-key": key} if end == "a" else {"peer-certificates": cert})})
        d.conf["tunnel"].append(("second", second))
    r.conf["nocerttimecheck"] = 1
    r.conf["clock"] = {"type": "virtual", "offset": "-500000000s"}
    t.start()
    r.start()
    wait_for(lambda: "tunnel second: the other end's certificate is not valid" in r.log()
             or "tunnel second: key exchange failed" in r.log(), 30, "it is found")
    works(r)


def test_certificates_are_read_again_while_connecting(w):
    net = w.net()
    t, r = exchanged(w, net, start=False)
    t.start()
    # Nobody answers at this address until the wrong entry is gone; then Linux connects within seconds.
    run_quiet(net.end("b").wrap(["ip", "neigh", "replace", net.address["a"], "lladdr", "02:00:00:00:00:99", "dev", "veth0",
                                 "nud", "permanent"]))
    r.start()
    r.signal(signal.SIGHUP)
    wait_for(lambda: "certificates read again" in r.log(), 10, "it reads them")
    run_quiet(net.end("b").wrap(["ip", "neigh", "del", net.address["a"], "dev", "veth0"]))
    works(r, 30)


def test_a_certificate_is_renewed(w):
    net = w.net()
    base = identities(w)
    t, r = exchanged(w, net, base=base, rekey="1s")
    works(r)
    # Both files of the transmitter's identity, and what the receiver trusts.
    for suffix in (".crt", ".key"):
        os.unlink(base["a"] + suffix)
    run_quiet([TOOL, "tunnel", "certificate", base["a"]])
    for d in (t, r):
        d.signal(signal.SIGHUP)
        wait_for(lambda d=d: "certificates read again" in d.log(), 10, f"{d.name} reads them")
    before = done(r)
    wait_for(lambda: done(r) >= before + 3, 20, "exchanges go on")
    check(r.state() == "ok" and tunnel(r)["up"], r.status())
    # A file that is no certificate leaves the old one in force.
    with open(base["a"] + ".crt", "w") as f:
        f.write("no certificate\n")
    t.signal(signal.SIGHUP)
    wait_for(lambda: "no certificate in PEM form" in t.log(), 10, "it is refused")
    before = done(r)
    wait_for(lambda: done(r) >= before + 3, 20, "exchanges go on with the old one")


def asked(w, net, *options, status=0):
    """noonmark query through the tunnel, from the receiver's end."""
    done = w.tool("query", "ptp://" + INNER, "--tunnel", net.address["a"], "--tunnel-local", net.address["b"],
                  "--tunnel-inner", "10.9.0.2", *options, status=status, ns=net.end("b"), timeout=40)
    return done.stdout + done.stderr


def test_a_question_through_the_tunnel(w):
    """By certificates, and by a secret whose use is kept on disk: without a daemon at this end."""
    net = w.net()
    base = identities(w)
    t, _ = exchanged(w, net, start=False, base=base)
    t.start()
    mine = ("--certificate", base["b"] + ".crt", "--certificate-key", base["b"] + ".key", "--peer-certificates",
            base["a"] + ".crt")
    for _ in range(2):
        text = asked(w, net, *mine, "--peer-name", "alice.example", "-n", "3", "-i", "0.25")
        check(text.count("authenticated") == 3 and "NOT" not in text and "together" in text, text)
    check("certificate refused" in asked(w, net, *mine, "--peer-name", "carol.example", status=1))
    check("ah false" in asked(w, net, *mine, "--peer-name", "alice.example", "--ah", status=1))
    check("--tunnel needs" in asked(w, net, status=3))
    check("expected ptp://" in w.tool("query", "ntp://x", "--tunnel", "192.0.2.1", status=2).stderr)
    t.stop()
    secret = w.path("secret")
    run_quiet([TOOL, "tunnel", "keygen", secret])
    section = {k: v for k, v in t.conf["tunnel"][0][1].items()
               if k not in ("certificate", "certificate-key", "peer-certificates", "peer-name")}
    t.conf["tunnel"][0] = ("timing", {**section, "key-file": secret})
    t.start()
    epochs = w.path("epochs")
    for _ in range(2):
        text = asked(w, net, "--key-file", secret, "--epochs", epochs, "-n", "2", "-i", "0.25", "-t", "4")
        check(text.count("authenticated") == 2, text)
    check(os.path.getsize(epochs) > 0, "what was used is not on disk")
    check("--epochs" in asked(w, net, "--key-file", secret, status=3))


class Stranger(Process):
    """Opens connections to the port of the responder: from here, garbage, silence, half a handshake."""
    CODE = """
import signal, socket, sys, threading, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
to, port = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
kept = []
while True:
    try:
        s = socket.create_connection((to, port), timeout=1)
    except OSError:
        continue
    s.send([b"", b"GET / HTTP/1.0\\r\\n\\r\\n", b"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03"][len(kept) % 3])
    kept.append(s)
    if len(kept) > 200:
        kept.pop(0).close()
"""

    def __init__(self, w, ns, to, port):
        super().__init__(w, "stranger", [sys.executable, "-c", self.CODE, to, str(port)], ns=ns)


def test_strangers_on_the_port(w):
    """From the peer's own address, which the port is open to: exchanges go on."""
    net = w.net()
    t, r = exchanged(w, net, rekey="2s")
    works(r)
    stranger = Stranger(w, net.end("b"), net.address["a"], 4461).start()
    before = done(r)
    wait_for(lambda: done(r) >= before + 4, 60, "exchanges go on")
    check(r.state() == "ok" and tunnel(r)["up"], r.status())
    check(t.log().count("\n") < 60, "strangers cause log lines", t.log()[-2000:])
    stranger.stop()
    # Certificates are asked of whoever speaks the protocol.
    said = subprocess.run(
        net.end("b").wrap(["openssl", "s_client", "-connect", f"{net.address['a']}:4461", "-alpn", "noonmark-tunnel/1",
                           "-tls1_3", "-ign_eof"]),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    check("certificate required" in said.stderr + said.stdout, said)
    r.watcher.stop()


def test_out_of_descriptors(w):
    """Connections wait for a descriptor, and the daemon does not spin meanwhile."""
    net = w.net()
    t, r = exchanged(w, net, rekey="2s")
    works(r)
    before = resource.prlimit(t.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(t.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    started = cpu_seconds(t)
    time.sleep(5)
    used = cpu_seconds(t) - started
    resource.prlimit(t.pid, resource.RLIMIT_NOFILE, before)
    check(used < 1, f"{used} s of 5 s of a processor while no descriptor is free")
    exchanges = done(r)
    wait_for(lambda: done(r) >= exchanges + 2, 60, "exchanges go on")
    check(r.state() == "ok", r.status())
    r.watcher.stop()


def test_configurations_that_make_no_sense(w):
    net = w.net()
    base = identities(w)
    for change, what in (
            ({"key-file": w.path("x")}, "either it or key-file"), ({"certificate-key": None}, "certificate-key"),
            ({"peer-certificates": None}, "peer-certificates"), ({"certificate": None}, "certificate"),
            ({"certificate": w.path("none.crt")}, "none.crt"), ({"certificate-key": base["b"] + ".key"}, "does not belong"),
            ({"rekey": "0s"}, "rekey"), ({"exchange-port": 0}, "exchange-port")):
        t, _ = exchanged(w, net, start=False, base=base)
        section = t.conf["tunnel"][0][1]
        section.update(change)
        for k in [k for k, v in section.items() if v is None]:
            del section[k]
        t.expected = {1, 2}
        t.start(ready=False)
        wait_for(lambda t=t: not t.alive(), 10, "it refuses to start")
        check(what in t.log(), what, t.log())


if __name__ == "__main__":
    sys.exit(main(globals()))
