#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Daytime and time: the services of real daemons, and questions to servers good and bad."""
import calendar
import json
import os
import re
import socket
import struct
import subprocess
import threading
import time

from harness import DAEMON, PATIENCE, Skip, check, free_port, main, wait_for

EPOCH = 2208988800
LOCAL = {"local-stratum": 5, "local-bound": "1us"}


class Served:
    """A daemon with both services on loopback, IPv4 and IPv6."""

    def __init__(self, w, name="served", clock=None, daytime=None, time_=None, server=None,
                 top=None, source=None, **kw):
        self.daytime, self.time = free_port(), free_port()
        conf = dict(top or {})
        conf["clock"] = clock or {"type": "system-read-only"}  # true time
        conf["server"] = {"listen": [f"127.0.0.1:{free_port()}"], **LOCAL, **(server or {})}
        if source:
            conf["source"] = source
        for key, port, more in (("daytime", self.daytime, daytime), ("time", self.time, time_)):
            conf[key] = {"listen": [f"127.0.0.1:{port}", f"[::1]:{port}"], "ratelimit": 0.0,
                         **(more or {})}
        self.daemon = w.daemon(name, conf, **kw).start()

    def urls(self):
        for host in ("127.0.0.1", "[::1]"):
            yield f"daytime://{host}:{self.daytime}"
            yield f"time://{host}:{self.time}"

    def counters(self, service):
        return next(x for x in self.daemon.status()["one_way"] if x["service"] == service)


def query(w, *args, status=0):
    # Whoever is to be answered waits for as long as a busy machine needs.
    patience = () if status or "-t" in args else ("-t", 20)
    done = w.tool("query", *args, *patience, "--json", status=status, timeout=60)
    if status != 0:
        return done
    # What was missed is told there.
    return {**json.loads(done.stdout), "stderr": done.stderr}


def over_udp(port, host="127.0.0.1", text=b"", seconds=5.0, source=0):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(seconds)
        if source:
            s.bind((host, source))
        s.connect((host, port))
        s.send(text)
        try:
            return s.recv(2000)
        except socket.timeout:
            return None


def over_tcp(port, host="127.0.0.1", text=b""):
    """All that comes until the server ends."""
    with socket.create_connection((host, port), 5) as s:
        s.settimeout(5)
        if text:
            s.sendall(text)
        got = b""
        while True:
            more = s.recv(2000)
            if not more:
                return got
            got += more


def second_of(reply):
    check(len(reply) == 4, "time reply of", len(reply), "bytes")
    return struct.unpack(">I", reply)[0] - EPOCH


def current(before, said):
    """The second said was current between two readings of the clock."""
    check(int(before) <= said <= int(time.time()), before, said, time.time())


def instant(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def holds_the_truth(r):
    """The server's clock is that of this machine: the true offset is zero."""
    check(r["lower_s"] <= 2e-6 and r["upper_s"] >= -2e-6, r)
    check(r["authenticated"] is False, r)
    for key in ("stratum", "root_delay_s", "root_dispersion_s", "precision"):
        check(key not in r, key, "is in", r)


def test_the_current_second_is_said(w):
    served = Served(w)
    for host in ("127.0.0.1", "::1"):
        for ask in (over_udp, over_tcp):
            for text in (b"", b"x" * 500):
                before = time.time()
                current(before, second_of(ask(served.time, host, text)))
                before = time.time()
                reply = ask(served.daytime, host, text)
                check(reply.endswith(b"Z\r\n") and len(reply) == 22, reply)
                current(before, instant(reply.decode().strip()))


def test_the_poll_backend_serves_too(w):
    served = Served(w, backend="poll")
    for ask in (over_udp, over_tcp):
        before = time.time()
        current(before, second_of(ask(served.time)))
        check(ask(served.daytime).endswith(b"Z\r\n"))


def test_the_truth_lies_in_what_query_prints(w):
    served = Served(w)
    for url in served.urls():
        for how in ("--udp", "--tcp"):
            for rounding in ("unknown", "truncate"):
                r = query(w, url, how, "--rounding", rounding, "-n", 4, "-i", 0.27)
                check(r["answered"] == 4 and r["rounding"] == rounding, r)
                check(r["transport"] == how[2:] and r["resolution_s"] == 1.0, r)
                for sample in r["samples"]:
                    holds_the_truth(sample)
                check(r["fused_lower_s"] <= 2e-6 and r["fused_upper_s"] >= -2e-6, r)
                width = r["fused_upper_s"] - r["fused_lower_s"]
                first = r["samples"][0]
                check(width <= first["upper_s"] - first["lower_s"], r)


def test_every_format_is_asked_and_answered(w):
    for name in ("iso8601", "ctime", "xinetd", "smtp", "smtp-2", "weekday", "nist"):
        served = Served(w, name, daytime={"format": name})
        url = f"daytime://127.0.0.1:{served.daytime}"
        r = query(w, url)
        check(r["format"] == name and r["zone_said"] == (name not in ("ctime", "xinetd")), r)
        holds_the_truth(r)
        query(w, url, "--format", name)
        other = "smtp" if name != "smtp" else "ctime"
        wrong = query(w, url, "--format", other, "-t", 0.3, status=1).stderr
        check("dialect" in wrong, wrong)
        check(len(over_udp(served.daytime)) <= 64, name)
        served.daemon.stop()


def test_text_says_what_is_true(w):
    served = Served(w, daytime={"format": "ctime"})
    text = w.tool("query", f"daytime://127.0.0.1:{served.daytime}", "-t", 20, status=0).stdout
    for words in ("NOT AUTHENTICATED", "resolution 1.000 s", "ctime", "taken as UTC",
                  "rounding unknown"):
        check(words in text, words, "is not in", text)
    check("stratum" not in text, text)
    text = w.tool("query", f"time://127.0.0.1:{served.time}", "--tcp", "-t", 20, status=0).stdout
    check("RFC 868" in text and "TCP" in text and "NOT AUTHENTICATED" in text, text)
    screen = w.tool("status", "--socket", served.daemon.socket).stdout
    check(re.search(r"daytime +1 requests, 1 replies, 0 silent", screen), screen)


def test_a_client_of_sources_serves_what_it_knows(w):
    """Silent until the engine has a time to give; then the second of true UTC."""
    source = w.server()
    late = free_port()
    served = Served(w, clock={"type": "virtual", "offset": "0.3s", "frequency-error": "20ppm"},
                    server={"local-stratum": 0}, top={"alert-limit": "100ms"},
                    source=[("127.0.0.1", {"ntsport": late, "ntstrustedcerts": source.cert,
                                           "minpoll": -2, "maxpoll": 0})])
    check(over_udp(served.time, seconds=0.5) is None, "a reply before there was a time")
    check(over_tcp(served.time) == b"" and over_tcp(served.daytime) == b"", "text without time")
    check(served.counters("time")["silent"] == 2, served.counters("time"))
    w.relay(source, tcp=late)
    served.daemon.wait_state("ok", 60)
    for url in served.urls():
        holds_the_truth(query(w, url))
        holds_the_truth(query(w, url, "--tcp"))


def test_a_clock_that_is_fit_no_longer_falls_silent(w):
    source = w.server()
    served = Served(w, server={"local-stratum": 0},
                    clock={"type": "virtual", "frequency-error": "20ppm"},
                    top={"alert-limit": "2ms", "serve-limit": "2ms", "wander": "50ppm"},
                    source=[w.nts_source(source)])
    served.daemon.wait_state("ok", 60)
    check(len(over_tcp(served.time)) == 4 and over_tcp(served.daytime) != b"")
    source.kill()
    served.daemon.wait_state(("alarm", "unsynchronised"), 240)
    check(over_tcp(served.time) == b"" and over_tcp(served.daytime) == b"")
    check(over_udp(served.time, seconds=0.3) is None)
    check(served.counters("time")["silent"] == 2, served.counters("time"))


class LeapServer:
    """An NTP server whose day, the last of a year, ends with a leap second soon."""

    MIDNIGHT = 1798761600  # 2027-01-01

    def __init__(self, seconds):
        self.ahead = self.MIDNIGHT - seconds - time.time()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(0.1)
        self.port = self.sock.getsockname()[1]
        self.stopping = False
        threading.Thread(target=self.run, daemon=True).start()

    def elapsed(self):
        """Time without a leap second: MIDNIGHT is the beginning of 23:59:60."""
        return time.time() + self.ahead

    def count(self):
        """What UTC counts: the second before midnight twice."""
        at = self.elapsed()
        return at if at < self.MIDNIGHT else at - 1

    def stamp(self):
        whole, part = divmod(self.count() + EPOCH, 1)
        return struct.pack(">II", int(whole) & 0xffffffff, int(part * 2**32))

    def run(self):
        while not self.stopping:
            try:
                request, peer = self.sock.recvfrom(2000)
            except socket.timeout:
                continue
            except OSError:
                return
            received = self.stamp()
            leap = 1 if self.elapsed() < self.MIDNIGHT else 0
            head = struct.pack(">BBbbIII", leap << 6 | 4 << 3 | 4, 1, request[2], -20, 0, 66, 0)
            try:
                self.sock.sendto(head + received + request[40:48] + received + self.stamp(), peer)
            except OSError:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.sock.close()


def test_nothing_is_said_around_a_leap_second(w):
    with LeapServer(14) as source:
        served = Served(w, clock={"type": "virtual"}, server={"local-stratum": 0},
                        top={"alert-limit": "100ms"},
                        source=[("127.0.0.1", {"port": source.port, "nts": False,
                                               "allow-unauthenticated": True, "minpoll": -2,
                                               "maxpoll": -1, "burst-interval": "100ms"})])
        served.daemon.wait_state("ok", 60)
        check(served.daemon.status()["leap"] == "insert", served.daemon.status()["leap"])
        if source.elapsed() > source.MIDNIGHT - 2:
            raise Skip("the machine took too long to get the time")
        before, after, silent = [], [], 0
        while source.elapsed() < source.MIDNIGHT + 4 or not after:
            check(source.elapsed() < source.MIDNIGHT + 60, "no reply after the leap second")
            began = source.elapsed()
            reply = over_tcp(served.time)
            ended = source.elapsed()
            if reply:
                said = second_of(reply)
                # Of 23:59:59 and 23:59:60 nothing may be said at all.
                check(said != source.MIDNIGHT - 1, "23:59:59 was said", began, ended)
                shift = 0 if said < source.MIDNIGHT else 1
                # The daemon's own clock is right within its alert limit.
                check(int(began - 0.1) <= said + shift <= int(ended + 0.1), said, began, ended)
                (after if shift else before).append(said)
            elif source.MIDNIGHT - 1 < began and ended < source.MIDNIGHT + 1:
                silent += 1
            time.sleep(0.03)
        check(before and after, "replies:", len(before), len(after))
        w.note(len(before), "replies before,", silent, "silent within two seconds,", len(after),
               "replies after")


def test_a_bound_above_the_limit_is_silence(w):
    wide = Served(w, "wide", server={"local-bound": "600ms"}, time_={"max-bound": "1s"})
    check(over_tcp(wide.daytime) == b"", "a bound of 600 ms is above the default limit")
    check(len(over_tcp(wide.time)) == 4, "a limit of 1 s")
    check(wide.counters("daytime")["silent"] == 1 and wide.counters("time")["silent"] == 0)
    fit = Served(w, "fit", server={"local-bound": "400ms"}, time_={"max-bound": "300ms"})
    check(over_tcp(fit.daytime) != b"" and over_tcp(fit.time) == b"")
    wrong = query(w, f"time://127.0.0.1:{fit.time}", "--tcp", status=1).stderr
    check("closed without an answer" in wrong, wrong)
    wrong = query(w, f"time://127.0.0.1:{fit.time}", "-t", 0.3, status=1).stderr
    check("no answer" in wrong, wrong)


def test_off_by_default(w):
    d = w.daemon("plain", {"clock": {"type": "virtual"},
                           "server": {"listen": [f"127.0.0.1:{free_port()}"], **LOCAL}}).start()
    check(d.status()["one_way"] == [], d.status()["one_way"])
    fds = f"/proc/{d.pid}/fd"
    sockets = {os.readlink(f"{fds}/{x}") for x in os.listdir(fds)}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/{d.pid}/net/{table}") as f:
            for line in f.read().splitlines()[1:]:
                at, inode = line.split()[1], line.split()[9]
                port = int(at.split(":")[1], 16)
                check(f"socket:[{inode}]" not in sockets or port not in (13, 37), line)


def test_only_the_transport_that_is_wanted(w):
    served = Served(w, daytime={"udp": False}, time_={"tcp": False})
    check(over_tcp(served.daytime) != b"" and len(over_udp(served.time)) == 4)
    for url, how in ((f"daytime://127.0.0.1:{served.daytime}", "--udp"),
                     (f"time://127.0.0.1:{served.time}", "--tcp")):
        wrong = query(w, url, how, "-t", 0.5, status=1).stderr
        check("refused" in wrong, wrong)


def test_rate_limit(w):
    # So slow a refill that no busy machine sees it.
    served = Served(w, daytime={"ratelimit": 0.001, "ratelimit-burst": 3},
                    time_={"ratelimit": 0.001, "ratelimit-burst": 3})
    for _ in range(3):
        check(over_udp(served.time) is not None and over_tcp(served.daytime) != b"")
    check(over_udp(served.time, seconds=0.3) is None, "the fourth got a reply")
    check(over_tcp(served.daytime) == b"", "the fourth got a text")
    # Another address has a bucket of its own.
    check(over_udp(served.time, "::1") is not None)
    c = served.counters("time")
    check((c["requests"], c["replies"], c["limited"]) == (5, 4, 1), c)
    c = served.counters("daytime")
    check((c["connections"], c["replies"], c["limited"]) == (4, 3, 1), c)


def test_services_do_not_answer_each_other(w):
    """One forged datagram would make two such services answer each other for ever."""
    net = w.net()
    a = net.end("a")
    served = Served(w, daytime={"listen": ["0.0.0.0:13"]}, ns=a)
    asking = ("import socket,sys\n"
              "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
              "s.bind(('127.0.0.1', int(sys.argv[1]))); s.settimeout(float(sys.argv[2]))\n"
              "s.sendto(b'', ('127.0.0.1', 13))\n"
              "try: print(len(s.recv(200)))\n"
              "except socket.timeout: print('none')\n")

    def ask(port, seconds):
        return subprocess.run(a.wrap(["python3", "-c", asking, str(port), str(seconds)]),
                              capture_output=True, text=True, timeout=20 * PATIENCE).stdout.strip()
    check(ask(0, 5) == "22", "no reply to an honest port")
    for port in (19, 37, 1023):
        check(ask(port, 0.3) == "none", "a reply to port", port)
    check(served.counters("daytime")["refused"] == 3, served.counters("daytime"))


def test_silent_connections_block_nobody(w):
    """A hundred that never end, beyond the cap, and still everybody is answered at once."""
    served = Served(w, daytime={"maxconnections": 20, "timeout": "60s"},
                    time_={"maxconnections": 20, "timeout": "60s"})
    fds = f"/proc/{served.daemon.pid}/fd"
    before = len(os.listdir(fds))
    open_ = []
    try:
        for i in range(100):
            s = socket.create_connection(("127.0.0.1", served.daytime), 5)
            s.settimeout(5)
            check(s.recv(100).endswith(b"Z\r\n"), "connection", i, "got no text")
            open_.append(s)  # and it never closes
        check(over_tcp(served.daytime).endswith(b"Z\r\n"), "the next one got no text")
        check(over_udp(served.daytime) is not None and len(over_tcp(served.time)) == 4)
        c = served.counters("daytime")
        check(c["connections"] == 101 and c["replies"] >= 101 and c["refused"] == 0, c)
        check(c["crowded_out"] >= 80, c)
        # What is crowded out is closed, too.
        check(len(os.listdir(fds)) <= before + 20 + 5, before, len(os.listdir(fds)))
    finally:
        for s in open_:
            s.close()


def test_connections_end_at_their_deadline(w):
    served = Served(w, time_={"timeout": "300ms"})
    with socket.create_connection(("127.0.0.1", served.time), 5) as s:
        s.settimeout(5)
        check(len(s.recv(100)) == 4)
        check(s.recv(100) == b"", "the server does not say its end")

        def gone():
            # A peer that is not there any more answers data with a reset.
            try:
                s.sendall(b"x")
                return False
            except OSError:
                return True
        wait_for(gone, 20, "the server is gone")


def test_configuration_errors_have_a_line(w):
    bad = [
        ('daytime {\n format = "sundial" }', 2, ["format", "iso8601", "nist"]),
        ('daytime {\n listen = {"13"} }', 2, ["listen", "ADDRESS:PORT"]),
        ('daytime {\n label = "GMT" }', 2, ["label", "UTC(NIST)"]),
        ('time {\n format = "iso8601" }', 2, ["format"]),
        ('time {\n\n maxconnections = 0 }', 3, ["maxconnections", "1 to 10000"]),
        ('time {\n max-bound = "-1s" }', 2, ["max-bound", "zero or more"]),
        ('time {\n timeout = "0" }', 2, ["timeout", "above zero"]),
        ('time {\n ratelimit = -1.0 }', 2, ["ratelimit", "zero or more"]),
        ('time {\n ratelimit-burst = 0 }', 2, ["ratelimit-burst", "1 to 65535"]),
        ('\ntime { tcp = false udp = false }', 2, ["time", "nothing would be served"]),
        ('time { }\ntime { }', 2, ["time", "one section"]),
        ('daytime { }\n\ndaytime { }', 3, ["daytime", "one section"]),
    ]
    for text, line, words in bad:
        path = w.write("bad.conf", text + "\n")
        done = subprocess.run([DAEMON, "--check", path], capture_output=True, text=True,
                              timeout=20 * PATIENCE)
        check(done.returncode != 0 and f"{path}:{line}:" in done.stderr, text, done.stderr)
        check(all(x in done.stderr for x in words), text, words, done.stderr)
    good = w.write("good.conf", 'daytime { format = "nist" label = "UTC(LAB)" }\ntime { }\n')
    done = subprocess.run([DAEMON, "--check", good], capture_output=True, text=True, timeout=20 * PATIENCE)
    check(done.returncode == 0, done.stderr)


def test_a_port_in_use_is_told(w):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        path = w.write("used.conf", f'state-directory = "{w.path("x")}"\ncontrol-socket = ""\n'
                       f'shared-page = ""\nuser = ""\ntime {{ listen = {{"127.0.0.1:{port}"}} }}')
        done = subprocess.run([DAEMON, "-f", path], capture_output=True, text=True, timeout=20 * PATIENCE)
        check(done.returncode != 0 and f"127.0.0.1:{port}" in done.stderr + done.stdout, done)


# --- questions to servers of all kinds ---------------------------------------------------------


class Wrong:
    """A server that answers every question with what the test wants; over UDP and TCP."""

    def __init__(self, reply, end=True):
        self.reply = reply  # bytes or a function; None: silence
        self.end = end      # close the connection behind it
        self.stopping = False
        self.held = []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind(("127.0.0.1", self.port))
        self.tcp.listen(50)
        for s, run in ((self.udp, self.datagrams), (self.tcp, self.streams)):
            s.settimeout(0.1)
            threading.Thread(target=run, daemon=True).start()

    def text(self):
        return self.reply() if callable(self.reply) else self.reply

    def datagrams(self):
        while not self.stopping:
            try:
                _, peer = self.udp.recvfrom(2000)
                for part in self.parts():
                    self.udp.sendto(part, peer)
            except socket.timeout:
                continue
            except OSError:
                return

    def parts(self):
        text = self.text()
        return [] if text is None else text if isinstance(text, list) else [text]

    def streams(self):
        while not self.stopping:
            try:
                s, _ = self.tcp.accept()
            except socket.timeout:
                continue
            except OSError:
                return
            try:
                for part in self.parts():
                    s.sendall(part)
                    time.sleep(0.01)
            except OSError:
                pass
            if self.end:
                s.close()
            else:
                self.held.append(s)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping = True
        for s in [self.udp, self.tcp, *self.held]:
            s.close()


def iso(ahead=0.0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ\r\n", time.gmtime(time.time() + ahead)).encode()


def number(ahead=0.0):
    return struct.pack(">I", int(time.time() + ahead) + EPOCH & 0xffffffff)


BAD = [
    # (protocol, reply, words)
    ("daytime", b"sunny, with a light breeze\r\n", "dialect"),
    ("daytime", b"\x00\xff" * 20, "dialect"),
    ("daytime", b"2026-02-30T11:11:11Z\r\n", "impossible"),
    ("daytime", b"Tuesday, February 22, 1982 17:37:43-PST\r\n", "impossible"),
    ("daytime", b"2016-12-31T23:59:60Z\r\n", "leap second"),
    ("daytime", b"61366 26-11-22 13:31:02 00 0 1 050.0 UTC(NIST) *\r\n", "healthy"),
    ("daytime", iso() + b" " * 200, "too long"),
    ("daytime", b"\r\n", "nothing in it"),
    ("time", b"\x01\x02\x03", "too short"),
    ("time", b"\x01\x02\x03\x04\x00\x00\x00\x00", "too long"),
    ("time", b"x" * 1400, "too long"),
]


def test_bad_answers_are_misses_with_a_reason(w):
    for protocol, reply, words in BAD:
        with Wrong(reply) as server:
            url = f"{protocol}://127.0.0.1:{server.port}"
            for how in ("--udp", "--tcp"):
                wrong = w.tool("query", url, how, "-t", 2, status=1).stderr
                check(words in wrong, protocol, how, reply[:60], wrong)


def test_silence_is_a_miss(w):
    for protocol in ("daytime", "time"):
        with Wrong(None) as server:
            url = f"{protocol}://127.0.0.1:{server.port}"
            check("no answer" in w.tool("query", url, "-t", 0.5, status=1).stderr)
            check("closed without an answer" in w.tool("query", url, "--tcp", status=1).stderr)
        with Wrong(None, end=False) as server:
            url = f"{protocol}://127.0.0.1:{server.port}"
            check("no answer" in w.tool("query", url, "--tcp", "-t", 0.5, status=1).stderr)
    with Wrong(iso, end=False) as server:
        wrong = w.tool("query", f"daytime://127.0.0.1:{server.port}", "--tcp", "-t", 0.5,
                       status=1).stderr
        check("did not end" in wrong, wrong)


def test_a_forged_datagram_does_not_hide_the_answer(w):
    with Wrong(lambda: [b"nonsense", iso()]) as server:
        holds_the_truth(query(w, f"daytime://127.0.0.1:{server.port}"))


def test_answers_in_pieces_are_put_together(w):
    with Wrong(lambda: [x.to_bytes(1, "big") for x in iso()]) as server:
        holds_the_truth(query(w, f"daytime://127.0.0.1:{server.port}", "--tcp", "-t", 10))
    with Wrong(lambda: [x.to_bytes(1, "big") for x in number()]) as server:
        holds_the_truth(query(w, f"time://127.0.0.1:{server.port}", "--tcp", "-t", 10))


def test_a_server_that_rounds_is_covered(w):
    """By default the truth is inside whether the server cuts off or rounds to the nearest."""
    with Wrong(lambda: number(0.5)) as server:
        url = f"time://127.0.0.1:{server.port}"
        for rounding in ("unknown", "nearest"):
            r = query(w, url, "-n", 6, "-i", 0.17, "--rounding", rounding)
            check(r["answered"] == 6, r)
            for sample in r["samples"]:
                holds_the_truth(sample)


def test_msadv_is_taken_out(w):
    def nist():
        now = time.time()
        s = int(now) + 1
        day = s // 86400 + 40587
        text = time.strftime("%y-%m-%d %H:%M:%S", time.gmtime(s))
        ahead = min((s - now) * 1000, 999.9)
        return f"\n{day} {text} 00 0 0 {ahead:05.1f} UTC(NIST) * \n".encode()
    with Wrong(nist) as server:
        url = f"daytime://127.0.0.1:{server.port}"
        r = query(w, url, "--rounding", "exact")
        check(r["format"] == "nist" and r["label"] == "UTC(NIST)" and r["leap"] == 0, r)
        check(r["resolution_s"] < 0.001 and r["rounding_s"] < 0.001, r)
        # The server's own time to print is on its path.
        check(r["lower_s"] <= 1e-4 and r["upper_s"] >= -1e-4, r)
        holds_the_truth(query(w, url))
        check("msADV" in w.tool("query", f"time://127.0.0.1:{server.port}", "--rounding", "exact",
                                status=2).stderr)


def test_options_that_do_not_fit_are_refused(w):
    w.tool("query", "time://127.0.0.1", "--format", "nist", status=2)
    w.tool("query", "daytime://127.0.0.1", "--format", "sundial", status=2)
    w.tool("query", "daytime://127.0.0.1", "--rounding", "up", status=2)
    w.tool("query", "daytime://127.0.0.1", "--rounding", "exact", "--format", "ctime", status=2)
    text = w.tool("query", "--help", status=0).stdout
    check("daytime://" in text and "--rounding" in text and "--tcp" in text, text)


if __name__ == "__main__":
    raise SystemExit(main(globals()))
