#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around the daemon: one clear line, and service for others goes on."""
import os
import re
import shutil
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

from harness import (DAEMON, PATIENCE, SOURCE, Skip, check, free_port, main, needs_root, quote,
                     wait_for)

warnings.filterwarnings("ignore", category=DeprecationWarning)  # of TLS 1.2, on purpose


def start_fails(daemon, *words):
    """The daemon must end with status 1 and say why in one line."""
    daemon.start(ready=False)
    daemon.expected = {1}
    check(daemon.wait(15) == 1, daemon.name, "status", daemon.popen.returncode)
    log = daemon.log()
    check(all(word in log for word in words), "expected", words, "in", log)
    check(log.count("\n") <= 3, "more than a few lines:", log)
    return log


# --- the machine ---


def test_port_taken(w):
    server = w.server()
    same = w.daemon("same", {"server": {"listen": [f"127.0.0.1:{server.ntp}"]}})
    start_fails(same, str(server.ntp), "in use")
    ke = w.daemon("ke", {"server": {"listen": [f"127.0.0.1:{free_port()}"]},
                         "nts-ke": {"listen": [f"127.0.0.1:{server.ke}"]}})
    start_fails(ke, str(server.ke), "in use")
    second = w.daemon("second", {"control-socket": server.socket})
    start_fails(second, server.socket, "in use")
    check(server.status(), "the first one suffered")


def as_nobody(path):
    needs_root()
    os.chmod(path, 0o700)
    os.chown(path, 65534, 65534)
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def test_no_permission(w):
    mine = w.path("nobody")
    os.makedirs(mine)
    before = as_nobody(mine)
    forbidden = w.path("forbidden")
    os.makedirs(forbidden, mode=0o700)
    run = {"control-socket": f"{mine}/sock", "shared-page": f"{mine}/clock"}
    listen = {"server": {"listen": [f"127.0.0.1:{free_port()}"]},
              "nts-ke": {"listen": [f"127.0.0.1:{free_port()}"]}}
    state = w.daemon("state", {**run, "state-directory": f"{forbidden}/x"}, before=before)
    start_fails(state, f"{forbidden}/x", "Permission denied")
    page = w.daemon("page", {**run, "state-directory": mine, "shared-page": f"{forbidden}/clock"},
                    before=before)
    start_fails(page, f"{forbidden}/clock", "Permission denied")
    sock = w.daemon("sock", {**run, "state-directory": mine,
                             "control-socket": f"{forbidden}/sock"}, before=before)
    start_fails(sock, f"{forbidden}/sock", "Permission denied")
    port = w.daemon("port", {**run, "state-directory": mine,
                             "server": {"listen": ["127.0.0.1:123"]}}, before=before)
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as f:
        if int(f.read()) > 123:
            start_fails(port, "127.0.0.1:123", "Permission denied")
    clock = w.daemon("clock", {**run, "state-directory": mine, "clock": {"type": "system"}},
                     before=before)
    start_fails(clock, "clock")
    cert, key = w.certificate("unreadable")
    k = dict(listen)
    k["nts-ke"] = {**listen["nts-ke"], "ntsservercert": cert, "ntsserverkey": key}
    start_fails(w.daemon("key", {**run, "state-directory": mine, **k}, before=before),
                key, "Permission denied")


def test_bad_key_files(w):
    cert, key = w.certificate("one")
    _, other = w.certificate("two")
    garbage = w.write("garbage.pem", "-----BEGIN NONSENSE-----\n")
    base = {"server": {"listen": [f"127.0.0.1:{free_port()}"]}}

    def ke(c, k):
        return {**base, "nts-ke": {"listen": [f"127.0.0.1:{free_port()}"],
                                   "ntsservercert": c, "ntsserverkey": k}}
    start_fails(w.daemon("none", ke(w.path("none"), key)), w.path("none"))
    start_fails(w.daemon("bad", ke(garbage, key)), garbage)
    start_fails(w.daemon("mismatch", ke(cert, other)), other)
    start_fails(w.daemon("empty", ke(cert, w.write("empty.key", ""))), "empty.key")
    bad_ca = w.daemon("ca", {"source": [("127.0.0.1", {"ntstrustedcerts": garbage})]})
    start_fails(bad_ca, garbage)
    # A cookie key of the wrong length.
    d = w.daemon("cookie", {**base, "nts-ke": {"listen": [f"127.0.0.1:{free_port()}"]}})
    os.makedirs(d.state_dir)
    with open(os.path.join(d.state_dir, "nts-cookie.key"), "wb") as f:
        f.write(b"short")
    start_fails(d, "nts-cookie.key", "32 bytes")


def test_state_directory_that_others_can_write(w):
    """Keys are not put where somebody else could have put theirs."""
    open_to_all = w.path("open")
    os.makedirs(open_to_all)
    os.chmod(open_to_all, 0o777)
    link = w.path("link")
    os.symlink(w.path("."), link)
    for name, where in (("world", open_to_all), ("linked", link)):
        d = w.daemon(name, {"state-directory": where, "control-socket": "", "shared-page": "",
                            "server": {"listen": [f"127.0.0.1:{free_port()}"],
                                       "local-stratum": 1}})
        start_fails(d, where, "not used")
        check(os.listdir(open_to_all) == [], os.listdir(open_to_all))


def test_full_disk(w):
    """A tiny file system in a mount namespace of its own."""
    disk = w.path("disk")
    os.makedirs(disk)
    d = w.daemon("full", {"state-directory": disk,
                          "control-socket": w.path("sock"), "shared-page": w.path("clock"),
                          "server": {"listen": [f"127.0.0.1:{free_port()}"]},
                          "nts-ke": {"listen": [f"127.0.0.1:{free_port()}"]}})
    script = (f"mount -t tmpfs -o size=4k,mode=755 none {quote(disk)} || exit 77; "
              f"head -c 4096 /dev/zero > {quote(disk)}/filler; exec \"$@\"")
    d.argv = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"] + d.argv
    d.start(ready=False)
    status = d.wait(15)
    if status == 77:
        d.expected = {77}
        raise Skip("cannot mount here")
    d.expected = {1}
    check(status == 1, status, d.log())
    check("No space left" in d.log() and disk in d.log(), d.log())


def test_full_disk_while_running(w):
    """The page is allocated at the start, and a session that cannot be saved costs one line."""
    disk = w.path("disk")
    os.makedirs(disk)
    server = w.server()
    d = w.client([w.nts_source(server)], start=False,
                 top={"state-directory": disk, "shared-page": f"{disk}/clock"})
    script = (f"mount -t tmpfs -o size=64k,mode=755 none {quote(disk)} || exit 77; "
              f"(sleep 3; head -c 100000 /dev/zero > {quote(disk)}/filler) & exec \"$@\"")
    d.argv = ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"] + d.argv
    d.start(ready=False)
    time.sleep(0.3)
    if not d.alive() and d.popen.returncode == 77:
        d.expected = {77}
        raise Skip("cannot mount here")
    d.wait_ready()
    d.watch()
    d.wait_state("ok", 20)
    time.sleep(5)
    check(d.state() == "ok", d.state())
    d.stop()
    check("not saved" in d.log(), d.log())


# --- certificates ---


def client_sees(w, server, *words, source=None, host=None):
    """A client that trusts the wrong thing: no time, the reason in the log, pause, one line."""
    name, inside = w.nts_source(server, host=host)
    inside.update(source or {})
    client = w.client([(name, inside)], watch=False)
    nts = wait_for(lambda: (n := client.source()["nts"])["ke_failed"] > 0 and n, 15, "a failure")
    check(any(x in nts["ke_last"] for x in words), nts["ke_last"], "expected one of", words)
    check(client.state() == "unsynchronised", client.state())
    lines = [x for x in client.log().splitlines() if "key exchange failed" in x]
    check(len(lines) == 1 and any(x in lines[0] for x in words), lines)
    client.stop()


def served_with(w, cert, key, name="server"):
    s = w.server(name=name, ke={"ntsservercert": cert, "ntsserverkey": key})
    s.cert = cert
    return s


def test_certificate_of_another_authority(w):
    server = w.server()
    other, _ = w.certificate("other")
    client_sees(w, server, "self-signed", "unable to get", "issuer",
                source={"ntstrustedcerts": other})
    good = w.client([w.nts_source(server)], name="good")
    good.wait_state("ok", 20)


def test_certificate_expired(w):
    cert, key = w.certificate("old", begin="20200101000000Z", end="20210101000000Z")
    server = served_with(w, cert, key)
    client_sees(w, server, "expired")
    # Knowing that, one may choose not to look at the times.
    name, inside = w.nts_source(server, certificate_time_check=False)
    client = w.client([(name, inside)], name="blind")
    client.wait_state("ok", 20)


def test_certificate_not_yet_valid(w):
    cert, key = w.certificate("young", begin="20900101000000Z", end="20950101000000Z")
    client_sees(w, served_with(w, cert, key), "not yet valid")


def test_certificate_of_another_name(w):
    cert, key = w.certificate("else", names=("else.test",))
    server = served_with(w, cert, key)
    client_sees(w, server, "mismatch", "name")
    name, inside = w.nts_source(server, certificate_name="else.test")
    client = w.client([(name, inside)], name="named")
    client.wait_state("ok", 20)


def test_clock_before_the_certificate(w):
    """The client's own clock is ten years behind: its certificates look not yet valid; the
    configured number of exchanges without a look at the times lets it start."""
    cert, key = w.certificate("now")
    server = served_with(w, cert, key)
    behind = {"type": "virtual", "offset": f"-{10 * 365 * 86400}s"}
    name, inside = w.nts_source(server)
    first = w.client([(name, inside)], name="first", clock=behind, watch=False)
    nts = wait_for(lambda: (n := first.source()["nts"])["ke_failed"] > 0 and n, 15, "a failure")
    check("not yet valid" in nts["ke_last"], nts)
    second = w.client([(name, inside)], name="second", clock=behind, top={"nocerttimecheck": 1})
    second.wait_state("ok", 20)


# --- peers of the key exchange that are not what they should be ---


def raw_ke(server, seconds=10):
    s = socket.create_connection((server.host, server.ke), timeout=seconds)
    return s


def tls_ke(server, alpn=("ntske/1",), version=None, seconds=10):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(server.cert)
    if version:
        context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context.wrap_socket(raw_ke(server, seconds), server_hostname=server.host)


def record(kind, body=b"", critical=True):
    return struct.pack("!HH", kind | (0x8000 if critical else 0), len(body)) + body


REQUEST = record(1, b"\0\0") + record(4, b"\0\x0f") + record(0)


def read_all(s):
    out = b""
    while True:
        try:
            got = s.recv(65536)
        except (ssl.SSLError, OSError):
            return out
        if not got:
            return out
        out += got


def ke_works(server):
    with tls_ke(server) as s:
        s.sendall(REQUEST)
        reply = read_all(s)
    check(reply.endswith(record(0)), "no end record in", len(reply), "octets")


def outcomes(server):
    time.sleep(0.3)  # counters are published a few times a second
    return server.status()["nts_ke"]["outcomes"]


def grown(before, after):
    return {k: v - before.get(k, 0) for k, v in after.items() if v > before.get(k, 0)}


def fails(call):
    try:
        with call() as s:
            s.sendall(REQUEST)
            return read_all(s) == b""
    except (ssl.SSLError, OSError):
        return True


def test_not_nts_ke(w):
    """Plain text, TLS 1.2, the wrong protocol name or none: refused, counted by reason."""
    server = w.server()
    began = server.log().count("\n")
    was = outcomes(server)
    with raw_ke(server) as s:
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        check(not read_all(s).startswith(b"HTTP"), "spoke HTTP")
    with raw_ke(server) as s:
        s.sendall(os.urandom(4000))
        read_all(s)
    now = outcomes(server)
    w.note("plain text:", grown(was, now))
    check(sum(grown(was, now).values()) == 2, was, now)
    for what, call in (
            ("TLS 1.2", lambda: tls_ke(server, version=ssl.TLSVersion.TLSv1_2)),
            ("wrong name", lambda: tls_ke(server, alpn=["h2"])),
            ("no name", lambda: tls_ke(server, alpn=None))):
        was = now
        check(fails(call), what, "got an answer")
        now = outcomes(server)
        w.note(what + ":", grown(was, now))
        check(sum(grown(was, now).values()) == 1 and "ok" not in grown(was, now), what, was, now)
    ke_works(server)
    check(server.log().count("\n") - began <= 1, "a line for each bad peer:", server.log())


def test_huge_and_endless_requests(w):
    server = w.server()
    for what, data in (("a record of 64 KiB", record(1, b"\0" * 65535, True)[:65539]),
                       ("a million records", record(0x4000, b"", False) * 250000),
                       ("a megabyte", record(0x4001, b"x" * 60000, False) * 20)):
        with tls_ke(server) as s:
            try:
                for i in range(0, len(data), 16384):
                    s.sendall(data[i:i + 16384])
                s.sendall(REQUEST)
            except OSError:
                pass  # cut off, as it should be
            reply = read_all(s)
        check(len(reply) < 100, what, "was answered with", len(reply), "octets")
        ke_works(server)
    w.note(outcomes(server))


def test_fragments(w):
    """One octet per TLS record is slow, but right."""
    server = w.server()
    with tls_ke(server) as s:
        for octet in REQUEST:
            s.sendall(bytes([octet]))
            time.sleep(0.002)
        check(read_all(s).endswith(record(0)), "no reply to a request in pieces")


def test_slow_drip(w):
    """A peer that sends an octet now and then is cut off at the time limit."""
    server = w.server(ke={"timeout": "2s"})
    began = time.monotonic()
    with tls_ke(server) as s:
        try:
            for octet in REQUEST * 100:
                s.sendall(bytes([octet]))
                time.sleep(0.4)
                check(time.monotonic() - began < 8 * PATIENCE, "still connected")
        except OSError:
            pass
    took = time.monotonic() - began
    check(1 < took < 8 * PATIENCE, "cut off after", took, "s")
    with raw_ke(server) as s:  # not even a handshake
        began = time.monotonic()
        read_all(s)
        check(time.monotonic() - began < 6 * PATIENCE, "a silent peer was kept")
    ke_works(server)


def test_half_open_flood(w):
    """300 connections that say nothing; another client finds the time all the same."""
    flood_of_connections(w, b"")


def test_flood_of_first_octets(w):
    """300 connections that begin a TLS record and then say nothing more."""
    flood_of_connections(w, b"\x16")


def flood_of_connections(w, says):
    server = w.server(ke={"timeout": "2s", "maxntsconnections": 50})
    client = w.client([w.nts_source(server)], name="before")
    client.wait_state("ok", 20)
    flood = []
    spoken = set()
    stop = threading.Event()

    def keep_flooding():
        while not stop.is_set():
            while len(flood) < 300 and not stop.is_set():
                s = socket.socket()
                s.setblocking(False)
                try:
                    s.connect((server.host, server.ke))
                except BlockingIOError:
                    pass
                except OSError:
                    s.close()
                    break
                flood.append(s)
            for s in list(flood):
                try:
                    if says and s.fileno() not in spoken:
                        s.send(says)
                        spoken.add(s.fileno())
                    if s.recv(1) == b"":
                        spoken.discard(s.fileno())
                        flood.remove(s)
                        s.close()
                except BlockingIOError:
                    pass
                except OSError:
                    spoken.discard(s.fileno())
                    flood.remove(s)
                    s.close()
            stop.wait(0.1)
    thread = threading.Thread(target=keep_flooding, daemon=True)
    thread.start()
    try:
        time.sleep(1)
        late = w.client([w.nts_source(server)], name="late")
        began = time.monotonic()
        late.wait_state("ok", 50)
        w.note("another client had the time after", round(time.monotonic() - began, 1),
               "s of the flood,", len(flood), "connections open")
        check(client.state() == "ok", "who had cookies suffered:", client.state())
        w.tool("query", f"ntp://127.0.0.1:{server.ntp}", status=0)
        with open(f"/proc/{server.pid}/status") as f:
            check(len(os.listdir(f"/proc/{server.pid}/fd")) < 100, "descriptors", f.read())
    finally:
        stop.set()
        thread.join()
        for s in flood:
            s.close()
    w.note(server.status()["nts_ke"])
    ke = server.status()["nts_ke"]
    check(ke["crowded_out"] + ke["outcomes"].get("timeout", 0) > 0, "not counted:", ke)
    ke_works(server)
    check(server.log().count("\n") < 8, "a line for each connection:", server.log()[-600:])


def test_peer_that_does_not_read(w):
    server = w.server(ke={"timeout": "2s"})
    socks = []
    for _ in range(20):
        s = tls_ke(server)
        s.sendall(REQUEST)
        socks.append(s)
    ke_works(server)
    for s in socks:
        s.close()


# --- servers that are not what they should be ---


class FakeKe:
    """A key-exchange server that answers what it is told to."""

    def __init__(self, w, reply, alpn=("ntske/1",), version=None):
        self.cert, key = w.certificate("fake")
        self.reply = reply
        self.host, self.ke = "127.0.0.1", free_port()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.cert, key)
        self.context.set_alpn_protocols(list(alpn))
        if version:
            self.context.maximum_version = version
        self.listener = socket.create_server((self.host, self.ke))
        self.count = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            self.count += 1
            plain.settimeout(5)
            try:
                with self.context.wrap_socket(plain, server_side=True) as s:
                    s.recv(4096)
                    s.sendall(self.reply)
                    s.unwrap()
            except (ssl.SSLError, OSError):
                plain.close()


def test_client_of_strange_servers(w):
    answer = record(1, b"\0\0") + record(4, b"\0\x0f", False)
    cookie = record(5, os.urandom(100), False)
    strange = [
        ("nothing", b"", {}),
        ("garbage", os.urandom(300), {}),
        ("no end", answer + cookie, {}),
        ("no cookie", answer + record(0), {}),
        ("empty cookie", answer + record(5, b"", False) + record(0), {}),
        ("huge cookie", answer + record(5, b"c" * 60000, False) + record(0), {}),
        ("error", record(2, b"\0\x01") + record(0), {}),
        ("other protocol", record(1, b"\x12\x34") + record(0), {}),
        ("other aead", record(1, b"\0\0") + record(4, b"\0\x63", False) + cookie + record(0), {}),
        ("unknown critical", answer + record(0x1234, b"x") + cookie + record(0), {}),
        ("endless", record(0x4000, b"x" * 10000, False) * 200, {}),
        ("tls 1.2", answer, {"version": ssl.TLSVersion.TLSv1_2}),
        ("other alpn", answer + cookie + record(0), {"alpn": ("h2",)}),
    ]
    seen = []
    for name, reply, how in strange:
        fake = FakeKe(w, reply, **how)
        done = w.tool("query", f"nts://127.0.0.1:{fake.ke}", "--ca", fake.cert, status=1)
        lines = done.stderr.strip().splitlines()
        check(len(lines) == 1 and "key exchange failed: " in lines[0], name, done.stderr)
        seen.append(f"{name}: {lines[0].split('failed: ')[1]}")
        fake.listener.close()
    for line in seen:
        w.note(line)


def test_server_falls_silent_after_exchange(w):
    """Cookies for a port where nobody answers: misses, no time, no storm of exchanges."""
    server = w.server(announce=free_port())
    client = w.client([w.nts_source(server)], watch=False)
    wait_for(lambda: client.source()["nts"]["ke_ok"] > 0, 15, "a key exchange")
    time.sleep(8)
    s = client.source()
    check(s["accepted"] == 0 and client.state() == "unsynchronised", s)
    check(s["nts"]["ke_ok"] <= 2, s["nts"])


def test_name_that_does_not_resolve(w):
    server = w.server()
    client = w.client([w.nts_source(server), ("does-not-exist.invalid", {}),
                       ("also-not.invalid", {"nts": False, "allow-unauthenticated": True})],
                      top={"max-liars": 0})
    wait_for(lambda: "does-not-exist.invalid" in client.log(), 20, "a line about the name")
    wait_for(lambda: "also-not.invalid" in client.log(), 20, "a line about the name")
    client.wait_state("ok", 20)
    check(client.log().count("invalid") <= 4, client.log())


# --- the control socket ---


def test_control_socket_under_abuse(w):
    server = w.server()
    path = server.socket
    for data in (b"\n", b"{\n", b'{"command": 5}\n', b'{"command": "status", "x": 1}\n',
                 b'{"command": "format-disk"}\n', b'[]\n', os.urandom(100) + b"\n",
                 b'{"command": "accept", "source": "' + b"a" * 3000 + b'"}\n'):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(path)
            s.sendall(data)
            got = s.recv(65536)
            check(b'"ok": false' in got or b'"ok":false' in got, data[:40], got[:200])
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(path)
        try:
            s.sendall(b"x" * 100000)
            check(s.recv(100) == b"", "a line without end was kept")
        except OSError:
            pass
    idle = []
    for _ in range(40):  # more than it keeps
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(1)
        try:
            s.connect(path)
        except OSError:
            s.close()
            break
        idle.append(s)
    for s in idle:
        s.close()
    wait_for(lambda: status_or_none(server), 10, "the control socket answers again")
    mode = os.stat(path).st_mode & 0o777
    check(mode & 0o007 == 0, "others may use the control socket:", oct(mode))


def status_or_none(d):
    try:
        return d.status()
    except (OSError, ValueError):
        return None


# --- a clock that somebody else steps ---

SHIM = r"""
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* CLOCK_REALTIME is off by 0.4 s while a file exists; kernel stamps are refused, since they would
 * not follow. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	int rc = real(id, ts);
	const char *flag = getenv("NOON_SHIM_FLAG");
	if (rc == 0 && id == CLOCK_REALTIME && flag != NULL && access(flag, F_OK) == 0) {
		ts->tv_nsec += 400000000;
		if (ts->tv_nsec >= 1000000000) { ts->tv_nsec -= 1000000000; ts->tv_sec++; }
	}
	return rc;
}
int setsockopt(int fd, int level, int name, const void *v, socklen_t n)
{
	static int (*real)(int, int, int, const void *, socklen_t);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "setsockopt");
	if (level == SOL_SOCKET && (name == SO_TIMESTAMPING || name == SO_TIMESTAMPNS)) {
		errno = ENOPROTOOPT;
		return -1;
	}
	return real(fd, level, name, v, n);
}
"""


def test_clock_stepped_by_somebody_else(w):
    """The system clock jumps under the daemon: one line, and the bound stays true. Only what the
    daemon reads jumps; the clock of the machine does not."""
    if not shutil.which("cc"):
        raise Skip("no C compiler")
    # A preloaded library and a sanitizer do not go together: then the release build takes over.
    program = DAEMON
    with open(DAEMON, "rb") as f:
        if b"__asan_init" in f.read():
            program = os.path.join(SOURCE, "build", "noonmarkd")
    if not os.access(program, os.X_OK):
        raise Skip("no build without a sanitizer")
    import subprocess
    source = w.write("shim.c", SHIM)
    done = subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", source, "-o",
                           w.path("shim.so"), "-ldl"], capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    server = w.server()
    flag = w.path("stepped")
    client = w.client([w.nts_source(server)], clock={"type": "system-read-only"},
                      top={"alert-limit": "5ms"}, program=program,
                      env={"LD_PRELOAD": w.path("shim.so"), "NOON_SHIM_FLAG": flag})
    client.wait_state("ok", 20)
    page = w.page_watch(client)
    time.sleep(3)
    check("no kernel time stamps" in client.log(), "the fall back to own stamps is not told")
    open(flag, "w").close()
    wait_for(lambda: re.search("else stepped the clock by 0[.](4000|3999)", client.log()), 10,
             "a line about it")
    time.sleep(6)
    s = client.status()
    w.note(s["state"], s["findings"], "bound", s.get("bound_s"))
    os.unlink(flag)
    time.sleep(4)
    w.note(client.status()["state"], client.status()["findings"])
    check(len(re.findall("somebody else stepped", client.log())) == 2, client.log())
    page.result()


if __name__ == "__main__":
    sys.exit(main(globals()))
