#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Campaigns of calibration of real services, whose clocks are wrong by what is known, behind a
relay that delays both ways unlike: chrony, NTPsec, xinetd, OpenSSL's time stamps, and our own.

The hard bound has the truth in every one of them; U has it too, since half of what is not known of
the round trips is in it."""
import glob
import http.server
import os
import subprocess
import sys
import threading

from peers import ChronyServer, environment, find, ntpsec_server
import ptp
import tsa
from harness import Relay, Skip, check, free_port, main, wait_for
from test_calibrate import authority, calibrate, contains, result

# Towards the service four times what it is on the way back: offsets are wrong by 1.5 ms.
FORWARD, REVERSE = "delay=4ms,jitter=100us", "delay=1ms,jitter=100us"
REFERENCE = 200e-6  # the system clock is the truth; this is for the rate at which it may be slewed
COMMON = ["--reference-bound", "200us"]
MOST = 1e-3  # beside the round trip: a busy machine


def faked(seconds):
    """Environment of a program whose clock is ahead by that."""
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not found:
        raise Skip("libfaketime is not installed")
    return {"LD_PRELOAD": found[0], "FAKETIME": f"{seconds:+f}", "DONT_FAKE_MONOTONIC": "1"}


def answers(w, url, *how):
    return w.tool("query", url, *how, "-t", 0.5).returncode == 0


def relay(w, udp=None, tcp=None, name="relay"):
    port = free_port()
    r = Relay(w, name, udp=[(f"127.0.0.1:{port}", udp)] if udp else [],
              tcp=[(f"127.0.0.1:{port}", tcp)] if tcp else [], forward=FORWARD, reverse=REVERSE)
    r.start()
    return port


def measured(w, name, truth, url, *args, ns=None, granted=0.0):
    """Run a campaign and hold it against the truth. @param granted  what a bound has beside round
    trip and reference, s"""
    o = result(w, "run", url, *COMMON, *args, ns=ns)
    b = o["bound"]
    w.note(f"{name}: truth {truth * 1e3:+.3f} ms, x {o['x_s'] * 1e3:+.3f} ms, U {o['U_s'] * 1e3:.3f} ms, bound "
           f"[{b['lower_s'] * 1e3:+.3f}, {b['upper_s'] * 1e3:+.3f}] ms, rtt {o['rtt']['min_s'] * 1e3:.3f} ms, "
           f"{o['samples']} samples")
    contains(o, truth, REFERENCE)
    check(abs(o["x_s"] - truth) <= o["U_s"] + REFERENCE, o["x_s"], truth, o["U_s"])
    check(o["missed"] <= o["samples"] // 10, o["misses"])
    width = b["upper_s"] - b["lower_s"]
    # On each side of the edge the luckiest question decides, and on a busy machine few are lucky.
    check(width <= 2 * o["rtt"]["p95_s"] + 2 * REFERENCE + granted + MOST, width, o["rtt"])
    return o


def test_chrony(w):
    server = ChronyServer(w).start()
    port = relay(w, udp=f"127.0.0.1:{server.ntp}")
    wait_for(lambda: w.tool("query", f"ntp://127.0.0.1:{port}", "-t", 1).returncode == 0, 20, "chronyd answers")
    o = measured(w, "chrony, NTP", 0, f"ntp://127.0.0.1:{port}", "--interval", "0.1", "--count", 60)
    # What is not known of the path is what it is wrong by.
    check(1e-3 < abs(o["x_s"]) < 2e-3, o["x_s"])
    o = measured(w, "chrony, NTS", 0, f"nts://127.0.0.1:{server.ke}", "--ca", server.cert, "--interval", "0.1",
                 "--count", 40)
    check(o["authenticated"] == o["samples"], o)


def test_ntpsec(w):
    net = w.net()
    cert, key = w.certificate("ntpd", (net.address["b"], "b.noon.test"))
    ntpsec_server(w, net.end("b"), cert, key).start()
    url = f"ntp://{net.address['b']}"
    wait_for(lambda: w.tool("query", url, "-t", 0.5, ns=net.end("a")).returncode == 0, 40, "ntpd serves time",
             every=0.3)
    measured(w, "NTPsec, NTP", 0, url, "--interval", "0.1", "--count", 60, ns=net.end("a"))


def test_path_that_is_known(w):
    """What is known of the path is in bound and estimate: 3 ms of fibre to the service, and none back."""
    server = w.server(clock={"type": "virtual", "offset": "-250ms"})
    port = relay(w, udp=f"127.0.0.1:{server.ntp}")
    url = f"ntp://127.0.0.1:{port}"
    plain = measured(w, "own, NTP", -0.25, url, "--interval", "0.1", "--count", 60)
    # 114 bytes at 250 kbit/s take 3.648 ms; back at 1 Gbit/s they take none.
    known = measured(w, "own, NTP, slow link declared", -0.25, url, "--interval", "0.1", "--count", 60, "--link",
                     "0m,1,250kbit/s,1Gbit/s")
    widths = [o["bound"]["upper_s"] - o["bound"]["lower_s"] for o in (plain, known)]
    check(widths[0] - widths[1] > 3e-3, widths)
    check(abs(known["x_s"] + 0.25) < abs(plain["x_s"] + 0.25) / 2, known["x_s"], plain["x_s"])
    check(known["U_s"] < plain["U_s"] / 2, known["U_s"], plain["U_s"])


def test_nts(w):
    announced = free_port()
    server = w.server(clock={"type": "virtual", "offset": "73ms"}, announce=announced)
    w.relay(server, udp=announced, forward=FORWARD, reverse=REVERSE)
    measured(w, "own, NTS", 0.073, f"nts://127.0.0.1:{server.ke}", "--ca", server.cert, "--interval", "0.1",
             "--count", 60)


def test_ptp(w):
    net = w.net()
    keys = ptp.sa_file(w)
    ptp.transmitter(w, net, clock={"type": "virtual", "offset": "2500us"}, **ptp.secured(keys))
    o = measured(w, "own, PTP", 0.0025, f"ptp://{net.address['a']}", "--sa-file", keys, "--spp", "1", "--interval",
                 "0.25", "--count", 40, ns=net.end("b"))
    check(o["authenticated"] == o["samples"], o)


def xinetd(w, ahead):
    ports = {name: free_port() for name in ("daytime", "time")}
    text = "".join(
        f"service {name}\n{{\ntype = INTERNAL UNLISTED\nid = {name}-{kind}\nport = {port}\nsocket_type = {kind}\n"
        f"protocol = {protocol}\nuser = {os.geteuid()}\nwait = {wait}\nbind = 127.0.0.1\n}}\n"
        for name, port in ports.items()
        for kind, protocol, wait in (("stream", "tcp", "no"), ("dgram", "udp", "yes")))
    conf = w.write("xinetd.conf", text)
    p = w.process("xinetd", [find("usr/sbin/xinetd"), "-dontfork", "-f", conf, "-filelog", w.path("xinetd.out"),
                             "-pidfile", w.path("xinetd.pid")],
                  env={**environment(), "TZ": "UTC", **faked(ahead)})
    p.expected = {0, 1, -15}
    p.start()
    wait_for(lambda: p.alive() and answers(w, f"time://127.0.0.1:{ports['time']}"), 20, "xinetd answers")
    return ports


def test_one_way(w):
    ahead = -0.412
    ports = xinetd(w, ahead)
    # time(2) turns to the next second up to 10 ms late.
    how = ["--rounding", "truncate", "--interval", "0.3", "--duration", "30s"]
    port = relay(w, udp=f"127.0.0.1:{ports['time']}")
    measured(w, "xinetd, time over UDP", ahead, f"time://127.0.0.1:{port}", *how, granted=10e-3)
    # TCP: the question is there when the connection is: a round trip more.
    port = relay(w, tcp=f"127.0.0.1:{ports['daytime']}", name="second")
    measured(w, "xinetd, daytime over TCP", ahead, f"daytime://127.0.0.1:{port}", "--tcp", *how, granted=10e-3)


# --- OpenSSL's time stamps ---


class OpensslTsa:
    """openssl ts behind HTTP, a process for each question, on a clock of its own."""

    CONFIG = """
[ tsa ]
default_tsa = tsa_config
[ tsa_config ]
serial = {dir}/serial
crypto_device = builtin
signer_cert = {cert}
signer_key = {key}
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
clock_precision_digits = {digits}
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""

    def __init__(self, w, ahead, digits):
        w.pki = tsa.Pki(w)
        cert, key = w.pki.make("openssl-tsa")
        self.conf = w.write("openssl-tsa.cnf", self.CONFIG.format(dir=w.dir, cert=cert, key=key, digits=digits))
        w.write("serial", "01\n")
        self.env = {**os.environ, **faked(ahead)}
        self.dir = w.dir
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                answer = outer.answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, query):
        name = os.path.join(self.dir, f"q{threading.get_ident()}")
        with open(name, "wb") as f:
            f.write(query)
        done = subprocess.run(["openssl", "ts", "-reply", "-config", self.conf, "-queryfile", name], env=self.env,
                              capture_output=True, check=False)
        check(done.returncode == 0, done.stderr[-800:])
        return done.stdout

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


def openssl_campaign(w, ahead, digits, *args):
    service = OpensslTsa(w, ahead, digits)
    try:
        port = relay(w, tcp=f"127.0.0.1:{service.port}")
        return measured(w, f"openssl ts, {digits} digits", ahead, f"tsp+http://127.0.0.1:{port}/", "--ca", w.pki.ca,
                        *args)
    finally:
        service.stop()


def test_openssl_whole_seconds(w):
    # A TSA of whole seconds is bounded to about a round trip, which begins with a process.
    openssl_campaign(w, 0.287, 0, "--interval", "0.3", "--duration", "40s")


def test_openssl_microseconds(w):
    openssl_campaign(w, 3.25, 6, "--interval", "0.2", "--count", 30)


def test_own_authority_overheard(w):
    """The same authority actively, and by its traffic with somebody else."""
    _, url = authority(w, clock_precision_digits=3)
    server = w.server(clock={"type": "virtual", "offset": "37ms"})
    ports = f"{url.split(':')[-1].strip('/')},{server.ntp}"
    heard = w.process("overheard", [os.environ["NOON_TOOL"], "calibrate", "capture", "--interface", "lo", "--port",
                                    ports, "--reference-bound", "200us", "--duration", "14", "--json", "--database",
                                    w.path("overheard.db")])
    heard.expected = {0, 1}
    heard.start()
    wait_for(lambda: "listening on lo" in heard.log(), 15, "somebody listens")
    active = measured(w, "own, RFC 3161", 0.037, url, "--ca", w.pki.ca, "--interval", "0.1", "--duration", "5s")
    measured(w, "own, NTP", 0.037, f"ntp://127.0.0.1:{server.ntp}", "--interval", "0.05", "--count", 100)
    wait_for(lambda: not heard.alive(), 30, "it ends")
    check(heard.wait() == 0, heard.log()[-1500:])
    listed = calibrate(w, "list", "--database", "overheard.db")[0]
    check("passive" in listed and "tsp+http" in listed and "ntp://" in listed, listed)
    for ident in (1, 2):
        o = result(w, "show", ident, "--database", "overheard.db", "--trials", 0)
        contains(o, 0.037, REFERENCE)
        check(abs(o["x_s"] - 0.037) <= o["U_s"] + REFERENCE, o["x_s"], o["U_s"])
        check(abs(o["x_s"] - active["x_s"]) <= (o["U_s"]**2 + active["U_s"]**2)**0.5 + REFERENCE, o["x_s"],
              active["x_s"])
        w.note("passive", o["campaign"]["service"], o["x_s"], "+-", o["U_s"], o["bound"])


if __name__ == "__main__":
    sys.exit(main(globals()))
