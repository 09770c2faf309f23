#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tshark reads what we send: nothing malformed, no warning, and what RFC 8915 wants is there."""
import os
import shutil
import subprocess
import sys
import time

import peers  # noqa: F401  (finds the harness)
from harness import PATIENCE, Process, Skip, check, main, wait_for


class Capture(Process):
    """dumpcap on the loopback of a namespace of the test's."""

    def __init__(self, w, ns):
        if not shutil.which("tshark") or not shutil.which("dumpcap"):
            raise Skip("tshark is not installed")
        self.file = w.path("capture.pcap")
        super().__init__(w, "dumpcap", ["dumpcap", "-q", "-i", "lo", "-P", "-w", self.file], ns=ns)
        self.start()
        wait_for(lambda: "File:" in self.log() or not self.alive(), 10, "dumpcap captures")
        if not self.alive():
            self.expected = {self.popen.returncode}
            raise Skip("cannot capture here: " + self.log()[-200:])
        time.sleep(0.5)


# What the TCP of the kernel does when the machine is busy, in words of tshark.
TRANSPORT = ("D-SACK", "retransmission", "Previous segment", "Out-Of-Order", "Duplicate ACK")


def tshark(path, ntp, ke, *args):
    argv = ["tshark", "-n", "-r", path, "-d", f"udp.port=={ntp},ntp", "-d", f"tcp.port=={ke},tls",
            *args]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60 * PATIENCE,
                          env={**os.environ, "HOME": os.path.dirname(path)})
    check(done.returncode == 0, "tshark:", done.stderr[-500:])
    return done.stdout.splitlines()


def fields(path, ntp, ke, display, *names):
    args = ["-Y", display, "-T", "fields", "-E", "separator=|", "-E", "aggregator=,"]
    for name in names:
        args += ["-e", name]
    return [line.split("|") for line in tshark(path, ntp, ke, *args)]


def captured(w, aead=15, backend=None):
    net = w.net()
    ns = net.end("a")
    capture = Capture(w, ns)
    server = w.server(ns=ns, backend=backend)
    client = w.client([w.nts_source(server, ntsaeads=[aead])], ns=ns, backend=backend)
    client.wait_state("ok", 20)
    time.sleep(2)
    plain = w.tool("query", f"ntp://127.0.0.1:{server.ntp}", ns=ns, status=0)
    check(plain.stdout, "no answer")
    time.sleep(0.5)
    capture.stop()
    return capture.file, server


def no_complaints(w, path, server):
    bad = fields(path, server.ntp, server.ke, "_ws.malformed || _ws.expert.severity >= \"Warning\"",
                 "frame.number", "_ws.expert.message", "_ws.col.Info")
    bad = [b for b in bad if not any(word in b[1] for word in TRANSPORT)]
    check(not bad, "tshark complains:", bad[:5])


def nts_packets(path, server, aead):
    requests = fields(path, server.ntp, server.ke,
                      f"ntp && udp.dstport == {server.ntp} && ntp.ext", "udp.length", "udp.srcport",
                      "ntp.flags.mode", "ntp.flags.vn", "ntp.ext.type", "ntp.stratum", "ntp.xmt")
    replies = fields(path, server.ntp, server.ke,
                     f"ntp && udp.srcport == {server.ntp} && ntp.ext", "udp.length", "udp.dstport",
                     "ntp.flags.mode", "ntp.flags.vn", "ntp.ext.type", "ntp.stratum")
    check(len(requests) >= 5 and len(replies) == len(requests), len(requests), len(replies))
    for q in requests:
        types = [int(x, 16) for x in q[4].split(",")]
        check(types[0] == 0x0104 and types[1] == 0x0204 and types[-1] == 0x0404, q)
        check(all(x in (0x0104, 0x0204, 0x0304, 0x0404) for x in types), q)
        check(q[2] == "3" and q[3] == "4", q)
        check(q[5] == "0", "a client need not tell its stratum:", q)
    for r in replies:
        check([int(x, 16) for x in r[4].split(",")] == [0x0104, 0x0404], r)
        check(r[2] == "4" and r[3] == "4", r)
    ports = [q[1] for q in requests]
    check(len(set(ports)) == len(ports), "a source port was used twice:", ports)
    check(len({q[6] for q in requests}) == len(requests), "transmit timestamps repeat")
    by_port = {q[1]: int(q[0]) for q in requests}
    for r in replies:
        check(int(r[0]) <= by_port[r[1]], "a reply is longer than its request:", r, by_port[r[1]])
    del aead


def test_nts_packets(w):
    path, server = captured(w)
    no_complaints(w, path, server)
    nts_packets(path, server, 15)


def test_nts_packets_aead_30(w):
    path, server = captured(w, aead=30)
    no_complaints(w, path, server)
    nts_packets(path, server, 30)


def test_nts_packets_poll_backend(w):
    path, server = captured(w, backend="poll")
    no_complaints(w, path, server)
    nts_packets(path, server, 15)


def test_plain_packets(w):
    path, server = captured(w)
    plain = fields(path, server.ntp, server.ke, f"ntp && udp.port == {server.ntp} && !ntp.ext",
                   "ntp.flags.mode", "udp.length", "ntp.stratum", "ntp.refid", "ntp.rootdispersion")
    w.note(plain)
    check([p[0] for p in plain] == ["3", "4"] and all(p[1] == "56" for p in plain), plain)
    check(plain[1][2] == "1", plain)


def test_key_exchange_on_the_wire(w):
    path, server = captured(w)
    hello = fields(path, server.ntp, server.ke, "tls.handshake.type == 1",
                   "tls.handshake.extensions_alpn_str", "tls.handshake.extensions.supported_version")
    check(len(hello) == 1 and hello[0][0] == "ntske/1", hello)
    check(hello[0][1] == "0x0304", "the client offers other versions than TLS 1.3:", hello)
    answer = fields(path, server.ntp, server.ke, "tls.handshake.type == 2",
                    "tls.handshake.extensions.supported_version", "tls.handshake.ciphersuite")
    check(len(answer) == 1 and answer[0][0] == "0x0304", answer)
    w.note("cipher suite", answer[0][1])
    # Both sides close in order: a FIN each way, no reset.
    resets = fields(path, server.ntp, server.ke, f"tcp.port == {server.ke} && tcp.flags.reset == 1",
                    "frame.number")
    check(not resets, "a connection was reset:", resets)
    check(not fields(path, server.ntp, server.ke, f"tcp.port == {server.ke} && tls.alert_message"
                     " && tls.alert_message.level == 2", "frame.number"), "a fatal alert in clear")


if __name__ == "__main__":
    sys.exit(main(globals()))
