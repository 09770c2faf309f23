#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark capture: real traffic of noonmarkd, curl and noonmark, heard on the interface and read
back from files; tshark judges the numbers; and captures that are none."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import harness
import tsa
from harness import Skip, check, main, needs_root, wait_for

QUERIES = 12
BACKLOG = 0.3   # s that a capture takes to have seen what has passed


def heard(text):
    """(exchanges, summary) of the output of --json"""
    lines = [json.loads(x) for x in text.splitlines() if x.startswith("{")]
    check(lines and "summary" in lines[-1], text[-500:])
    return lines[:-1], lines[-1]["summary"]


def read_back(w, *args, status=0):
    return heard(w.tool("capture", *args, "--json", status=status).stdout)


def name_of(e):
    """What is the same in every capture of an exchange, whoever stamped it."""
    return (e["kind"], e["client_port"], e["server_port"],
            e.get("nonce") or e.get("transmit") or e.get("why"))


def need(*programs):
    for p in programs:
        if not shutil.which(p):
            raise Skip("no " + p)


class Traffic:
    """A server of NTP and a time-stamp authority, a capture by noonmark and one by dumpcap."""

    def __init__(self, w, fmt="pcapng"):
        needs_root()
        need("dumpcap", "tshark", "curl", "openssl")
        self.w = w
        self.server = w.server(nts=False)
        self.tsa = tsa.authority(w)
        self.ports = f"{self.server.ntp},{self.tsa.http}"
        self.file = w.path("traffic." + fmt)
        self.other = w.process("dumpcap", ["dumpcap", "-q", "-i", "lo", "-w", self.file,
                                           *(["-P"] if fmt == "pcap" else [])])
        self.other.start()
        self.live = w.process("capture", [harness.TOOL, "capture", "-i", "lo", "-p", self.ports,
                                          "--json"])
        self.live.start()
        wait_for(lambda: "listening on lo" in self.live.log(), 10, "capture listens")
        wait_for(lambda: os.path.exists(self.file) and os.path.getsize(self.file) > 0, 10,
                 "dumpcap listens")
        with open(f"/proc/{self.live.pid}/status") as f:
            rights = [x.split()[1] for x in f if x.startswith(("CapEff", "CapPrm"))]
        check(rights == ["0" * 16] * 2, "frames are read with rights", rights)
        time.sleep(BACKLOG)

    def ask(self):
        w = self.w
        url = f"http://127.0.0.1:{self.tsa.http}/"
        w.tool("query", f"ntp://127.0.0.1:{self.server.ntp}", "-n", 5, "-i", 0.05, status=0)
        with open(w.path("what"), "w") as f:
            f.write("what is to be stamped\n")
        w.tool("stamp", w.path("what"), "--tsa", url, "--ca", self.tsa.cert)
        harness.run_quiet(["openssl", "ts", "-query", "-data", w.path("what"), "-sha256", "-out",
                           w.path("q.tsq")])
        # One connection for all of them; every other one chunked and behind 100-continue.
        argv = ["curl", "-sS", "--fail"]
        for i in range(QUERIES):
            how = ["-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue"]
            argv += [*(["--next"] if i else []), "-H", "Content-Type: " + tsa.QUERY,
                     "--data-binary", "@" + w.path("q.tsq"), *(how if i % 2 else []),
                     "-o", w.path(f"r{i}.tsr"), url]
        harness.run_quiet(argv)

    def end(self):
        time.sleep(BACKLOG)
        for p in (self.live, self.other):
            p.signal(signal.SIGINT)
            p.wait()
        return heard(self.live.log())


def tshark_counts(path, ports):
    """Messages that tshark's own dissectors find: (ntp packets, queries, replies)."""
    ntp, http = ports.split(",")
    base = ["tshark", "-n", "-r", path, "-d", f"udp.port=={ntp},ntp", "-d",
            f"tcp.port=={http},http"]

    def count(what):
        done = subprocess.run(base + ["-Y", what], capture_output=True, text=True)
        check(done.returncode == 0, done.stderr)
        return len(done.stdout.splitlines())

    return (count("ntp"), count('http.content_type == "application/timestamp-query"'),
            count('http.content_type == "application/timestamp-reply"'))


def check_intervals(exchanges, most):
    """Server, capture and all have the clock of this machine: every interval contains 0."""
    for e in exchanges:
        check(e["good"], e)
        check(e["lower_s"] <= 0 <= e["upper_s"], e)
        check(e["upper_s"] - e["lower_s"] < most, e)
        check(0 <= e["after_s"] < most, e)


def traffic_is_heard_and_read_back(w, fmt):
    t = Traffic(w, fmt)
    t.ask()
    live, summary = t.end()
    check_intervals(live, 1.0)
    kinds = [e["kind"] for e in live]
    check(kinds.count("tsp") == QUERIES + 1, kinds)
    check(kinds.count("ntp") >= 5, kinds)
    check(summary["stamped_by"] == "kernel" and summary["dropped"] == 0, summary)
    # noonmark stamp and curl have a connection each: curl's is kept for all of its queries.
    check(summary["tcp_flows"] == 2, summary)
    check(summary["queries_without_answer"] == summary["gaps"] == 0, summary)
    back, summary = read_back(w, t.file, "-p", t.ports)
    check(sorted(map(name_of, back)) == sorted(map(name_of, live)), "not the same exchanges")
    check_intervals(back, 1.0)
    ntp, queries, replies = tshark_counts(t.file, t.ports)
    check(ntp == summary["ntp_queries"] + summary["ntp_answers"], ntp, summary)
    check(queries == summary["tsp_queries"] == QUERIES + 1, queries, summary)
    check(replies == summary["tsp_answers"] == QUERIES + 1, replies, summary)
    # Standard input, and one server of several.
    with open(t.file, "rb") as f:
        done = subprocess.run([harness.TOOL, "capture", "-", "-p", t.ports, "--json"], stdin=f,
                              capture_output=True, text=True)
    check(heard(done.stdout)[0] == back, done.stderr)
    check(read_back(w, t.file, "--server", "127.0.0.2", status=1)[0] == [], "another server")
    shown = w.tool("capture", t.file, "-p", t.ports, "--server", "127.0.0.1", status=0).stdout
    check(shown.count("\ntsp ") == QUERIES + 1, shown)
    check("frames" in shown and "NTP requests" in shown, shown)
    return t, back


def test_pcapng_with_nanoseconds(w):
    t, back = traffic_is_heard_and_read_back(w, "pcapng")
    check(any(e["capture_unit_s"] == 1e-9 for e in back), back[-1])
    # A file that is cut off is used up to there, and the message says where that is.
    with open(t.file, "rb") as f:
        whole = f.read()
    w.write("cut.pcapng", whole[:len(whole) - 700])
    done = w.tool("capture", w.path("cut.pcapng"), "-p", t.ports, "--json", status=3)
    check("cut.pcapng: damaged behind frame " in done.stderr, done.stderr)
    part, _ = heard(done.stdout)
    check(0 < len(part) < len(back) and part == back[:len(part)], len(part), len(back))
    w.note(len(back), "exchanges")


def test_pcap_with_microseconds(w):
    t, back = traffic_is_heard_and_read_back(w, "pcap")
    w.note(len(back), "exchanges")
    # Editcap makes microseconds of it, and a snap length that cuts the tokens off.
    need("editcap")
    harness.run_quiet(["editcap", "-F", "pcap", t.file, w.path("us.pcap")])
    again, _ = read_back(w, w.path("us.pcap"), "-p", t.ports)
    check(list(map(name_of, again)) == list(map(name_of, back)), "not the same exchanges")
    check(all(e["capture_unit_s"] in (1e-6, 1e-9) for e in again), again[0])
    harness.run_quiet(["editcap", "-F", "pcap", "-s", "300", t.file, w.path("short.pcap")])
    short, summary = read_back(w, w.path("short.pcap"), "-p", t.ports)
    check(all(e["kind"] == "ntp" for e in short if e["good"]), short)
    check(summary["truncated"] > 0, summary)


def test_nts_is_read_and_tls_is_counted(w):
    """The header of NTP is readable under NTS; key exchange and a time stamp over TLS are not."""
    needs_root()
    need("curl", "openssl")
    server = w.server()
    tls = w.certificate("https")
    authority = tsa.authority(w, tls=tls)
    ports = f"{server.ntp},{server.ke},{authority.https}"
    live = w.process("capture", [harness.TOOL, "capture", "-i", "lo", "-p", ports, "--json"])
    live.start()
    wait_for(lambda: "listening on lo" in live.log(), 10, "capture listens")
    time.sleep(BACKLOG)
    w.tool("query", f"nts://127.0.0.1:{server.ke}", "--ca", server.cert, "-n", 4, "-i", 0.05,
           status=0)
    w.write("what", "what is to be stamped\n")
    harness.run_quiet(["openssl", "ts", "-query", "-data", w.path("what"), "-sha256", "-out",
                       w.path("q.tsq")])
    harness.run_quiet(["curl", "-sS", "--fail", "--cacert", tls[0], "-H",
                       "Content-Type: " + tsa.QUERY, "--data-binary", "@" + w.path("q.tsq"), "-o",
                       w.path("r.tsr"), f"https://127.0.0.1:{authority.https}/"])
    time.sleep(BACKLOG)
    live.signal(signal.SIGTERM)
    live.wait()
    exchanges, summary = heard(live.log())
    check([e["kind"] for e in exchanges] == ["ntp"] * 4, exchanges)
    check_intervals(exchanges, 1.0)
    check(summary["tls_flows"] == summary["tcp_flows"] == 2, summary)
    check(summary["tsp_queries"] == 0, summary)


def test_frames_of_other_links(w):
    """The same exchange behind VLAN tags, in IPv6, as raw IP, and in cooked frames (scapy)."""
    script = r'''
import sys
from scapy.all import *
folder = sys.argv[1]
def ntp(mode, origin, receive, transmit):
    b = bytearray(48)
    b[0] = 4 << 3 | mode
    b[1] = 2
    for at, v in ((24, origin), (32, receive), (40, transmit)):
        b[at:at + 8] = v.to_bytes(8, "big")
    return bytes(b)
t = 3990000000 << 32
q, a = ntp(3, 0, 0, t), ntp(4, t, t + (1 << 31), t + (1 << 31) + 1)
def pair(low, ip1, ip2):
    frames = [low() / ip1 / UDP(sport=5000, dport=123) / q, low() / ip2 / UDP(sport=123, dport=5000) / a]
    for i, f in enumerate(frames):
        f.time = 3990000000 - 2208988800 + i
    return frames
v4 = IP(src="192.0.2.1", dst="192.0.2.2"), IP(src="192.0.2.2", dst="192.0.2.1")
v6 = [IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrDestOpt(), IPv6(src="fd00::2", dst="fd00::1")]
wrpcap(folder + "/vlan.pcap", pair(lambda: Ether() / Dot1Q(vlan=5) / Dot1Q(vlan=6), *v4))
wrpcap(folder + "/v6.pcap", pair(Ether, *v6))
wrpcap(folder + "/sll.pcap", pair(CookedLinux, *v4))
def raw(ip1, ip2):
    out = [ip1 / UDP(sport=5000, dport=123) / q, ip2 / UDP(sport=123, dport=5000) / a]
    for i, f in enumerate(out):
        f.time = 3990000000 - 2208988800 + i
    return out
wrpcap(folder + "/raw.pcap", raw(*v4), linktype=101)
wrpcap(folder + "/fragments.pcap", [f for p in pair(Ether, *v4) for f in fragment(p, fragsize=24)])
wrpcap(folder + "/unknown.pcap", raw(*v4), linktype=147)
'''
    done = subprocess.run(["/usr/bin/python3", "-c", script, w.dir], capture_output=True, text=True)
    if "No module named 'scapy'" in done.stderr:
        raise Skip("no scapy")
    check(done.returncode == 0, done.stderr)
    for name in ("vlan", "v6", "sll", "raw"):
        (e,), summary = read_back(w, w.path(name + ".pcap"))
        check(e["server"] in ("192.0.2.2", "fd00::2") and e["server_port"] == 123, name, e)
        check(abs(e["lower_s"] + 0.5) < 1e-5 and abs(e["upper_s"] - 0.5) < 1e-5, name, e)
        check(summary["frames"]["read"] == 2, name, summary)
    got, summary = read_back(w, w.path("fragments.pcap"), status=1)
    check(got == [] and summary["frames"]["fragment"] == 6, summary)
    done = w.tool("capture", w.path("unknown.pcap"), status=3)
    check("link layer" in done.stderr and "(147)" in done.stderr, done.stderr)


def test_input_that_is_no_capture(w):
    w.write("text", "this is no capture, and long enough to be looked at\n" * 10)
    w.write("nothing", "")
    w.write("header.pcap", bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    for name, why in (("text", "unknown file format"), ("nothing", "truncated"),
                      ("missing", "No such file"), (".", "directory")):
        done = w.tool("capture", w.path(name), status=3)
        check(f"{w.path(name)}: " in done.stderr and why in done.stderr, name, done.stderr)
    # An empty capture is one; there is nothing in it.
    got, summary = read_back(w, w.path("header.pcap"), status=1)
    check(got == [] and sum(summary["frames"].values()) == 0, summary)
    for args, why in (((), "expected FILE"), (("a", "-i", "lo"), "not both"),
                      (("a", "--port", "0"), "--port"), (("a", "--server", "x"), "--server"),
                      (("a", "--duration", "3"), "--interface")):
        done = w.tool("capture", *args, status=2)
        check(why in done.stderr, args, done.stderr)


def test_interfaces_that_cannot_be_heard(w):
    needs_root()
    done = w.tool("capture", "-i", "nothere0", status=3)
    check("nothere0" in done.stderr and "no such interface" in done.stderr, done.stderr)
    done = w.tool("capture", "-i", "lo", "--filter", "port of call", status=3)
    check('filter "port of call"' in done.stderr and "pcap-filter" in done.stderr, done.stderr)
    done = w.tool("capture", "-i", "lo", "--stamps", "adapter-clock", status=3)
    check("adapter-clock" in done.stderr, done.stderr)
    done = w.tool("capture", "-i", "lo", "--duration", "0.2", "--json", status=1)
    check(heard(done.stdout)[1]["exchanges"] == 0, done.stdout)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                           "--inh-caps=-all", "--bounding-set=-all", harness.TOOL, "capture",
                           "-i", "lo"], capture_output=True, text=True, timeout=30)
    if "Permission denied" not in done.stderr:   # the tool itself, in a private folder
        check(done.returncode == 3 and "CAP_NET_RAW" in done.stderr, done.stderr)


def test_campaigns_of_files(w):
    """What was heard makes a campaign of each server; two files of one capture make it as well."""
    t = Traffic(w)
    t.ask()
    t.end()
    tool = ["calibrate", "capture", "--port", t.ports, "--database", w.path("heard.db"), "--json"]
    done = w.tool(*tool, t.file, "--reference-bound", "200us", status=0)
    o = json.loads(done.stdout)
    check({c["campaign"]["kind"]: c["used"] for c in o["campaigns"]} == {"ntp": 5, "tsp": QUERIES + 1}, done.stdout)
    check(o["capture"]["exchanges"] == QUERIES + 6 and o["capture"]["tls_flows"] == 0, o["capture"])
    for c in o["campaigns"]:
        # All have the clock of this machine.
        check(c["bound"]["lower_s"] <= 2e-4 and c["bound"]["upper_s"] >= -2e-4 and c["stated"], c)
        check(abs(c["x_s"]) <= c["U_s"] + 2e-4 and c["campaign"]["method"] == "passive", c)
        check(c["campaign"]["ip_version"] == 4 and c["complete"], c)
    one = json.loads(w.tool(*tool, t.file, "--reference-bound", "1ms", "--server", "192.0.2.1", status=1).stdout)
    check(one["campaigns"] == [], one)
    for args, status, words in (([], 2, ["expected FILE... or --interface"]),
                                ([t.file, "--interface", "lo"], 2, ["not both"]),
                                ([t.file, "--reference", "page"], 2, ["captured files", "--reference-bound"]),
                                ([t.file], 3, ["--reference-bound"]),
                                (["--interface", "lo", "--stamps", "adapter-clock", "--reference-bound", "1ms"], 2,
                                 ["adapter-clock"]),
                                ([w.path("none"), "--reference-bound", "1ms"], 3, ["none"])):
        err = w.tool(*tool, *args, status=status).stderr
        check(all(word in err for word in words), args, err)


if __name__ == "__main__":
    sys.exit(main(globals()))
