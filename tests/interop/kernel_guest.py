#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs in the guest of test_kernel_tunnel.py: two ends of a tunnel in namespaces of one kernel that
has ESP and AH.

use: kernel_guest.py SCENARIO DAEMON [PTP4L [LIBRARIES]]

Prints what it saw; exit status 0 if all was as it has to be.
"""
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system"))

from harness import Control, Failed, check, config_text  # noqa: E402

OUTER = {4: {"a": "192.0.2.1", "b": "192.0.2.2"}, 6: {"a": "2001:db8::1", "b": "2001:db8::2"}}
INNER = {4: {"a": "10.9.0.1", "b": "10.9.0.2"}, 6: {"a": "fd09::1", "b": "fd09::2"}}
OTHER = {"a": "b", "b": "a"}
SECRET = hashlib.sha256(b"a test of the kernel").hexdigest()
RATES = {"logSyncInterval": -3, "logAnnounceInterval": -2, "logMinDelayReqInterval": -3}


def wait_for(condition, seconds, what):
    """The guest is slow, and waits in vain only in a test that fails."""
    end = time.monotonic() + 4 * seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise Failed(f"timed out: {what}")


def run(*argv, ns=None):
    argv = (["ip", "netns", "exec", ns] if ns else []) + list(argv)
    done = subprocess.run(argv, capture_output=True, text=True)
    check(done.returncode == 0, argv, done.stderr)
    return done.stdout


def note(*what):
    print("note", *what, flush=True)


def build():
    """Namespaces a and b, a cable between them, and inner addresses with routes."""
    os.makedirs("/run/netns", exist_ok=True)
    for end in "ab":
        run("ip", "netns", "add", end)
    run("ip", "link", "add", "veth0", "netns", "a", "type", "veth", "peer", "name", "veth0", "netns", "b")
    for end in "ab":
        run("ip", "-n", end, "link", "set", "lo", "up")
        run("ip", "-n", end, "addr", "add", OUTER[4][end] + "/24", "dev", "veth0")
        run("ip", "-n", end, "addr", "add", OUTER[6][end] + "/64", "dev", "veth0", "nodad")
        run("ip", "-n", end, "addr", "add", INNER[4][end] + "/24", "dev", "veth0")
        run("ip", "-n", end, "addr", "add", INNER[6][end] + "/64", "dev", "veth0", "nodad")
        run("ip", "-n", end, "link", "set", "veth0", "up")
    time.sleep(1)


class Program:
    def __init__(self, end, name, argv, env=None):
        self.end, self.name = end, name
        self.log_path = f"/run/{name}.log"
        with open(self.log_path, "w") as log:
            self.popen = subprocess.Popen(["ip", "netns", "exec", end, *argv], stdout=log, stderr=log,
                                          env={**os.environ, **(env or {})})

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def alive(self):
        return self.popen.poll() is None

    def stop(self, signo=signal.SIGTERM):
        self.popen.send_signal(signo)
        self.popen.wait(60)


class Daemon(Program):
    def __init__(self, end, conf, daemon):
        self.conf = {"state-directory": f"/run/{end}", "control-socket": f"/run/{end}.sock", "shared-page": "",
                     "user": "", "utc_offset": 37, **conf}
        self.socket, self.daemon = self.conf["control-socket"], daemon
        path = f"/run/{end}.conf"
        with open(path, "w") as f:
            f.write(config_text(self.conf))
        super().__init__(end, f"daemon-{end}", [daemon, "-f", path])
        wait_for(lambda: not self.alive() or self.answers(), 15, f"daemon {end} answers: {self.log()}")
        check(self.alive(), f"daemon {end} ended:", self.log())

    def answers(self):
        try:
            return self.status()
        except (OSError, ValueError):
            return None

    def status(self):
        control = Control(self.socket)
        try:
            return control.ask(command="status")
        finally:
            control.close()

    def tunnel(self):
        return self.status()["tunnels"][0]

    def ptp(self):
        return self.status()["sources"][0]["ptp"]

    def truth(self):
        """A reading, which has to have the truth in it. true_error_s is the difference of two clocks that are
        read one after the other: a machine that stops the guest between them makes one wrong, not four."""
        wrong = []
        for _ in range(4):
            s = self.status()
            if "true_error_s" not in s or "bound_s" not in s or \
                    s["lower_s"] - 2e-6 <= -s["true_error_s"] <= s["upper_s"] + 2e-6:
                return s
            wrong.append({k: s[k] for k in ("true_error_s", "lower_s", "upper_s")})
        raise Failed(f"the truth is outside: {wrong}")


def section(end, version, backend, **options):
    path = f"/run/key-{end}"
    with open(path, "w") as f:
        f.write(SECRET + "\n")
    os.chmod(path, 0o600)
    found = {"backend": backend, "local": OUTER[version][end], "peer": OUTER[version][OTHER[end]],
             "inner-local": INNER[version][end], "inner-peer": INNER[version][OTHER[end]],
             "role": "initiator" if end == "b" else "responder", "key-file": path, **options}
    found = {k: v for k, v in found.items() if v is not None}
    return {"tunnel": [("timing", found)]}


def transmitter(daemon, version, backend, end="a", top=None, **options):
    return Daemon(end, {
        **(top or {}),
        "clock": {"type": "system-read-only"}, **section(end, version, backend, **options),
        "ptp-transmitter": [("gm", {
            "tunnel": "timing", "multicast": False, "local-clockClass": 6, "local-bound": "2us",
            "network_transport": f"UDPv{version}", **RATES})]}, daemon)


def receiver(daemon, version, backend, end="b", more=None, **options):
    return Daemon(end, {
        "clock": {"type": "virtual", "offset": "3ms", "frequency-error": "20ppm"}, "alert-limit": "5ms",
        "wander": "5ppm", "max-age": "30s", **section(end, version, backend, **options),
        "ptp-receiver": [("gm", {
            "tunnel": "timing", "network_transport": f"UDPv{version}",
            "transmitter": (OUTER if "inner-peer" in options else INNER)[version][OTHER[end]],
            **RATES, **(more or {})})]}, daemon)


def measures(r, more=8, seconds=30):
    """A number of exchanges from now on."""
    first = r.ptp()["samples"]
    wait_for(lambda: r.truth() and r.ptp()["samples"] >= first + more, seconds,
             f"exchanges: {json.dumps(r.status()['sources'])} {json.dumps(r.tunnel())} {r.log()[-1500:]}")


def works(t, r):
    wait_for(lambda: r.truth()["state"] == "ok", 40,
             f"state ok: {json.dumps(r.status()['sources'])} {json.dumps(r.tunnel())} "
             f"{json.dumps(t.tunnel())} {r.log()[-1500:]}")
    measures(r)
    for d in (t, r):
        s = wait_for(lambda d=d: (s := d.tunnel())["events_sent_stamped"] > 10 and s, 20, "stamps")
        check(s["up"] and s["mode"] == "exact", s)
        check(s["events_sent"] - s["events_sent_stamped"] <= 2, s)
        check(s["received"] - s["received_stamped"] <= 3, s)
        # What sealing and opening take, whoever does it.
        check({e["side"] for e in s["edges"]} == {"out", "in"}, s["edges"])
        for e in (e for e in s["edges"] if e["n"] > 10):
            check(1e-6 < e["median_s"] < 50e-3, e)
    check(r.status()["sources"][0]["authenticated"], r.status()["sources"][0])


def errors(end):
    """What the kernel counted that should not be."""
    found = dict(line.split() for line in run("cat", "/proc/net/xfrm_stat", ns=end).splitlines())
    return {k: int(v) for k, v in found.items() if int(v)}


def kernel_has(end):
    states = run("ip", "-s", "xfrm", "state", ns=end)
    policies = run("ip", "xfrm", "policy", ns=end)
    return (len(re.findall("^src", states, re.M)), len(re.findall("^src", policies, re.M)))


def said(d, t, what):
    s = d.truth()
    u = d.tunnel()
    note(what, json.dumps({
        "backend": u["backend"], "transport": u["transport"], "sent": u["datagrams_sent"],
        "edges_us": {f"{e['side']} {e['message']}": round(e["median_s"] * 1e6) for e in u["edges"] if e["n"] > 10},
        "verdicts": u["verdicts"], "refreshes": u["refreshes"], "followed": u["followed"],
        "true_error_s": s.get("true_error_s"), "bound_s": s.get("bound_s"),
        "rtt_s": s["sources"][0].get("rtt_s") if s["sources"] else None, "errors": errors(d.end)}))


# Both ends sealed by whom; the options of both.
PAIRS = {
    "kernel": ("kernel", "kernel"),
    "kernel-user": ("kernel", "user"),
    "user-kernel": ("user", "kernel"),
}


def clear_text_is_refused(port=320):
    """Datagrams of the inner addresses and ports, by a packet socket, which no policy concerns."""
    before = errors("b").get("XfrmInTmplMismatch", 0)
    code = ("import socket, struct\n"
            "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
            "s.bind(('veth0', 0x0800))\n"
            "mac = bytes.fromhex(open('/sys/class/net/veth0/address').read().strip().replace(':', ''))\n"
            "ip = bytearray.fromhex('4500004800000000401100000a0900010a090002')\n"
            "c = sum(struct.unpack('>10H', ip)); c = (c & 0xffff) + (c >> 16); c = ~((c & 0xffff) + (c >> 16)) & 0xffff\n"
            "ip[10:12] = struct.pack('>H', c)\n"
            f"udp = struct.pack('>4H', {port}, {port}, 52, 0) + bytes(44)\n"
            "[s.send(b'\\xff' * 6 + mac + b'\\x08\\0' + bytes(ip) + udp) for i in range(10)]\n")
    run("/usr/bin/python3", "-c", code, ns="a")
    time.sleep(0.5)
    seen = errors("b").get("XfrmInTmplMismatch", 0) - before
    note("10 datagrams in the clear,", seen, "refused by the kernel")
    return seen


def pair(daemon, kind, version=4, users=None, alone=False, **options):
    backends = PAIRS[kind]
    t = transmitter(daemon, version, backends[0], top={"user": (users or {}).get("a", "")}, **options)
    if alone:
        # It tells the other end of its epoch, which is all that it says.
        note("packets of AH, and no others, of an end that is alone:", nothing_in_the_clear("a"))
    r = receiver(daemon, version, backends[1], **options)
    works(t, r)
    # Another refresh each few seconds, from now on as well.
    first = r.tunnel()["out"]["epoch"]
    wait_for(lambda: r.truth() and r.tunnel()["out"]["epoch"] >= first + 3, 40, f"refreshes: {r.tunnel()}")
    measures(r)
    for d, what in ((t, "transmitter"), (r, "receiver")):
        said(d, t, f"{kind} IPv{version} {what}")
    for d, backend in ((t, backends[0]), (r, backends[1])):
        if backend == "kernel":
            wrong = {k: v for k, v in errors(d.end).items()
                     if k not in ("XfrmInNoStates", "XfrmOutNoStates", "XfrmInStateProtoError")}
            check(not wrong, d.end, wrong)
            states, policies = kernel_has(d.end)
            check(policies == 8 and states <= (2 if options.get("ah") else 1) * 7, states, policies)
    return t, r


def ended(*daemons):
    """Nothing of it is left in the kernel."""
    for d in daemons:
        d.stop()
        check(d.popen.returncode == 0 and "runtime error" not in d.log(), d.log()[-1500:])
        states, policies = kernel_has(d.end)
        check((states, policies) == (0, 0), "left in the kernel:", states, policies)


FAST = {"ah": True, "lifetime": "3s", "grace": "2s"}


def scenario_kernel(daemon):
    t, r = pair(daemon, "kernel", alone=True, **FAST)
    check(clear_text_is_refused() == 10, errors("b"))
    text = run("ip", "-s", "xfrm", "state", ns="b")
    check("esn" in text and "align4" in text and "rfc4106(gcm(aes))" in text and "hmac(sha256)" in text, text)
    ended(t, r)


def scenario_kernel_user(daemon):
    """The kernel's end gives root up."""
    ended(*pair(daemon, "kernel-user", users={"a": "nobody"}, **FAST))


def scenario_user_kernel(daemon):
    ended(*pair(daemon, "user-kernel", **FAST))


def scenario_ipv6(daemon):
    ended(*pair(daemon, "kernel", version=6, **FAST))
    ended(*pair(daemon, "kernel-user", version=6, encryption="aes256gcm16", **FAST))


def scenario_plain_numbers(daemon):
    """Without extended numbers and AH; cells; inside, the outer addresses."""
    t, r = pair(daemon, "kernel-user", esn=False, lifetime="3s", padding="cell 200")
    seen = [sizes_of_esp(end) for end in "ab"]
    note("sizes of ESP in cells, of the kernel's end and of ours:", *seen)
    # Each message of PTP has the size of the others, and that of the other end's.
    check(len(seen[0]) == 1 and seen[0] == seen[1], seen)
    ended(t, r)
    outer = {"inner-local": None, "inner-peer": None}
    ended(*pair(daemon, "kernel", esn=False, lifetime="3s", encryption="aes256gcm16", **outer))


def loses_nothing(t, r, epochs, what):
    """So many refreshes, and no packet that a kernel did not know what to do with."""
    before = [errors(d.end) for d in (t, r)]
    first, sent = r.tunnel()["out"]["epoch"], [d.tunnel()["datagrams_sent"] for d in (t, r)]
    wait_for(lambda: r.truth() and r.tunnel()["out"]["epoch"] >= first + epochs, 60, f"refreshes: {r.tunnel()}")
    measures(r)
    after = [errors(d.end) for d in (t, r)]
    check(after == before, "lost:", before, after)
    check(set(r.tunnel()["verdicts"]) <= {"accepted"}, r.tunnel()["verdicts"])
    note(what, r.tunnel()["out"]["epoch"] - first, "epochs,", *(
        f"{d.tunnel()['datagrams_sent'] - n} packets from {d.end}," for d, n in zip((t, r), sent)),
        "none lost; true error", r.truth()["true_error_s"])


def scenario_refreshes(daemon):
    how = {"ah": True, "lifetime": "1s", "grace": "2s"}
    t, r = transmitter(daemon, 4, "kernel", **how), receiver(daemon, 4, "kernel", **how)
    works(t, r)
    loses_nothing(t, r, 30, "30 refreshes:")
    ended(t, r)


def scenario_exchanged(daemon, alice, bob):
    """Secrets that are exchanged, a fresh one each two seconds."""
    for backends in (("kernel", "kernel"), ("kernel", "user"), ("user", "kernel")):
        found = []
        for end, backend, mine, other in (("a", backends[0], alice, bob), ("b", backends[1], bob, alice)):
            how = {"ah": True, "lifetime": "3s", "grace": "2s", "rekey": "2s", "key-file": None,
                   "certificate": mine + ".crt", "certificate-key": mine + ".key",
                   "peer-certificates": other + ".crt", "peer-name": os.path.basename(other)}
            found.append((transmitter if end == "a" else receiver)(daemon, 4, backend, **how))
        t, r = found
        works(t, r)
        wait_for(lambda: r.truth() and r.tunnel()["exchange"]["done"] >= 3, 60, f"exchanges: {r.tunnel()}")
        if backends == ("kernel", "kernel"):
            loses_nothing(t, r, 300, "exchanged secrets:")
        measures(r)
        check(r.tunnel()["exchange"]["failed"] == 0, r.tunnel()["exchange"])
        said(r, t, f"{'-'.join(backends)} with {r.tunnel()['exchange']['done']} secrets exchanged")
        ended(t, r)


def scenario_restart(daemon):
    """One end is killed, then stopped; the other goes on."""
    for kind in ("kernel", "user-kernel"):
        t, r = pair(daemon, kind, **FAST)
        epoch = r.tunnel()["out"]["epoch"]
        r.stop(signal.SIGKILL)
        check(kernel_has("b")[1] == 8, "the policies of a killed daemon stay")
        r = receiver(daemon, 4, "kernel", **FAST)
        check("of an earlier run were removed" in r.log(), r.log())
        check(r.tunnel()["out"]["epoch"] > epoch, r.tunnel(), epoch)
        works(t, r)
        note(kind, "receiver killed: epoch", epoch, "then", r.tunnel()["out"]["epoch"])
        epoch = t.tunnel()["out"]["epoch"]
        t.stop()
        t = transmitter(daemon, 4, PAIRS[kind][0], **FAST)
        check(t.tunnel()["out"]["epoch"] > epoch, t.tunnel(), epoch)
        wait_for(lambda: r.tunnel()["up"] and t.tunnel()["up"], 60, f"both are up: {t.tunnel()} {r.tunnel()}")
        measures(r, seconds=60)
        note(kind, "transmitter restarted: epoch", epoch, "then", t.tunnel()["out"]["epoch"])
        ended(t, r)


def scenario_flushed(daemon):
    """Somebody else empties the kernel's tables."""
    t, r = pair(daemon, "kernel", **FAST)
    for what in ("state", "policy"):
        run("ip", "xfrm", what, "flush", ns="b")
        if what == "policy":
            began = time.monotonic()
            wait_for(lambda: kernel_has("b")[1] == 8, 5, "the policies are back")
            note("policies back", f"{time.monotonic() - began:.2f} s after their removal, as seen from outside")
        time.sleep(3)
        measures(r, seconds=60)
        check(kernel_has("b")[1] == 8, kernel_has("b"))
    k = r.tunnel()["kernel"]
    check(k["associations_lost"] > 0 and k["policies_lost"] > 0 and k["failure"] == "", k)
    check("removed an association" in r.log() and "removed its policies" in r.log(), r.log())
    ended(t, r)


class Ptp4l(Program):
    """With software stamps, on veth0, in unicast on the inner addresses. It knows nothing of the tunnel."""

    def __init__(self, end, program, libraries, table="", port="", **options):
        conf = {"time_stamping": "software", "network_transport": "UDPv4", "free_running": 1,
                "freq_est_interval": 0, **RATES, "announceReceiptTimeout": 4, "verbose": 1, "use_syslog": 0,
                "uds_address": f"/run/uds-{end}", **options}
        path = f"/run/ptp4l-{end}.cfg"
        with open(path, "w") as f:
            f.write("[global]\n" + "".join(f"{k} {v}\n" for k, v in conf.items()) + table + f"[veth0]\n{port}\n")
        super().__init__(end, f"ptp4l-{end}", [program, "-f", path, "-m"], {"LD_LIBRARY_PATH": libraries})

    def rms(self):
        """(rms, max, delay) of each report, ns."""
        return [tuple(int(x) for x in m) for m in re.findall(
            r"rms\s+(\d+) max\s+(\d+) .*?delay\s+(-?\d+)", self.log())]


def only_a_tunnel(daemon, end, **options):
    """A daemon whose tunnel is for another program."""
    d = Daemon(end, {"clock": {"type": "system-read-only"}, **section(end, 4, "kernel", **options)}, daemon)
    wait_for(lambda: "its ports are for other programs" in d.log(), 10, "the log says so")
    return d


def nothing_in_the_clear(end):
    """What leaves an end for a while is AH and nothing else of IPv4; returns how many packets."""
    code = ("import socket, time\n"
            "s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))\n"
            "s.bind(('veth0', 0)); s.settimeout(0.2)\n"
            "end = time.monotonic() + 4\n"
            "seen = {}\n"
            "while time.monotonic() < end:\n"
            "    try:\n"
            "        p, a = s.recvfrom(4096)\n"
            "    except OSError:\n"
            "        continue\n"
            "    if a[1] == 0x0800 and a[2] == 4: seen[p[9]] = seen.get(p[9], 0) + 1\n"
            "print(seen.pop(51, 0), *seen)\n")
    number, *others = run("/usr/bin/python3", "-c", code, ns=end).split()
    check(int(number) > 0 and not others, "in the clear:", others)
    return number


def sizes_of_esp(end):
    """Lengths of the ESP packets that leave an end for a while."""
    code = ("import socket, time\n"
            "s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))\n"
            "s.bind(('veth0', 0)); s.settimeout(0.2)\n"
            "end = time.monotonic() + 4\n"
            "seen = set()\n"
            "while time.monotonic() < end:\n"
            "    try:\n"
            "        p, a = s.recvfrom(4096)\n"
            "    except OSError:\n"
            "        continue\n"
            "    if a[1] == 0x0800 and a[2] == 4 and p[9] == 50: seen.add(len(p))\n"
            "print(*sorted(seen))\n")
    return run("/usr/bin/python3", "-c", code, ns=end).split()


def scenario_follows_ptp4l(daemon, ptp4l, libraries):
    for backend in ("user", "kernel"):
        t = only_a_tunnel(daemon, "a", **FAST)
        master = Ptp4l("a", ptp4l, libraries, port="masterOnly 1", unicast_listen=1, inhibit_multicast_service=1)
        r = receiver(daemon, 4, backend, more={"arbitrary-is-utc": True, "accuracy": "2us"}, **FAST)
        wait_for(lambda: r.truth()["state"] == "ok", 60, f"state ok: {r.status()['sources']} {r.log()} {master.log()}")
        first = r.tunnel()["out"]["epoch"]
        wait_for(lambda: r.truth() and r.tunnel()["out"]["epoch"] >= first + 2, 40, f"refreshes: {r.tunnel()}")
        measures(r)
        check(r.ptp()["clock_class"] == 248, r.ptp())
        said(r, t, f"{backend} follows ptp4l over the kernel's tunnel")
        note("packets of AH, and no others, from a and b:", nothing_in_the_clear("a"), nothing_in_the_clear("b"))
        master.stop()
        ended(r, t)


def scenario_leads_ptp4l(daemon, ptp4l, libraries):
    table = "[unicast_master_table]\ntable_id 1\nlogQueryInterval 0\nUDPv4 10.9.0.1\n"
    for backend in ("user", "kernel"):
        t = transmitter(daemon, 4, backend, **FAST)
        r = only_a_tunnel(daemon, "b", **FAST)
        slave = Ptp4l("b", ptp4l, libraries, table, "unicast_master_table 1", slaveOnly=1, unicast_req_duration=60)
        wait_for(lambda: not slave.alive() or len([1 for rms, _, _ in slave.rms() if rms < 200000]) > 1, 90,
                 f"ptp4l follows: {slave.log()[-1500:]} {t.tunnel()} {r.tunnel()}")
        check(slave.alive() and "bad message" not in slave.log(), slave.log()[-1000:])
        check(t.tunnel()["refreshes"] >= 2, t.tunnel())
        rms, top, delay = min(slave.rms())
        note(f"{backend} leads ptp4l over the kernel's tunnel: rms", rms, "max", top, "delay", delay, "ns;",
             json.dumps(r.tunnel()["verdicts"]))
        slave.stop()
        ended(t, r)


def scenario_ntp(daemon):
    """NTP through the tunnel: a client on the kernel's, a server on either."""
    how = {"port": [123], **FAST}
    for backend, server in (("kernel", {"listen": INNER[4]["a"] + ":123"}), ("user", {"tunnel": ["timing"]})):
        t = Daemon("a", {"clock": {"type": "system-read-only"}, **section("a", 4, backend, **how),
                         "server": {**server, "local-stratum": 1, "local-bound": "2us"}}, daemon)
        r = Daemon("b", {"clock": {"type": "virtual", "offset": "3ms"}, "alert-limit": "5ms", "wander": "5ppm",
                         **section("b", 4, "kernel", **how),
                         "source": [(INNER[4]["a"], {"tunnel": "timing", "minpoll": -3, "maxpoll": -2})]}, daemon)
        wait_for(lambda: r.truth()["state"] == "ok", 40, f"state ok: {r.status()['sources']} {r.log()} {t.log()}")
        s = wait_for(lambda: (s := r.truth()["sources"][0])["accepted"] > 40 and s, 40, "NTP answers")
        check(s["authenticated"] and s["nts"] is None and s["tx_stamp"] == s["rx_stamp"] == "kernel", s)
        check(r.tunnel()["up"] and r.tunnel()["refreshes"] > 0, r.tunnel())
        if backend == "kernel":
            check(clear_text_is_refused(123) == 10, errors("b"))
        said(r, t, f"NTP, server on {backend}")
        ended(r, t)


def by_hand(end):
    """States and policies of a tunnel that somebody else keeps, by ip-xfrm(8)."""
    key = "0x000102030405060708090a0b0c0d0e0f01020304"
    for src, dst, spi in (("a", "b", 0x80001001), ("b", "a", 0x80001002)):
        ids = ["src", OUTER[4][src], "dst", OUTER[4][dst]]
        run("ip", "xfrm", "state", "add", *ids, "proto", "esp", "spi", str(spi), "mode", "tunnel", "reqid", "7",
            "replay-window", "64", "flag", "esn", "aead", "rfc4106(gcm(aes))", key, "128", ns=end)
        run("ip", "xfrm", "policy", "add", "src", INNER[4][src], "dst", INNER[4][dst], "dir",
            "out" if src == end else "in", "tmpl", *ids, "proto", "esp", "mode", "tunnel", "reqid", "7", ns=end)


def observed(end):
    return {"tunnel": [("site", {"backend": "observe", "peer": OUTER[4][OTHER[end]], "inner-local": INNER[4][end],
                                 "inner-peer": INNER[4][OTHER[end]], "local": OUTER[4][end]})]}


def scenario_observed(daemon):
    """Others keep the kernel's states: our stamps are of after encryption, and it is seen."""
    def section_of(end):
        return {"network_transport": "UDPv4", "tunnel": "site", **RATES}
    for is_there in (False, True):
        if is_there:
            for end in "ab":
                by_hand(end)
        t = Daemon("a", {"clock": {"type": "system-read-only"}, **observed("a"), "ptp-transmitter": [("gm", {
            **section_of("a"), "multicast": False, "unicast_listen": True, "local-clockClass": 6,
            "local-bound": "2us"})]}, daemon)
        r = Daemon("b", {"clock": {"type": "virtual", "offset": "3ms"}, "alert-limit": "5ms", "max-age": "30s",
                         "wander": "5ppm", **observed("b"), "ptp-receiver": [("gm", {
                             **section_of("b"), "transmitter": INNER[4]["a"], "allow-unauthenticated": True})]},
                   daemon)
        wait_for(lambda: r.truth()["state"] == "ok", 40, f"state ok: {r.log()}")
        measures(r)
        word = "after encryption" if is_there else "no tunnel is seen"
        for d in (t, r):
            s = wait_for(lambda d=d: (s := d.tunnel())["stamps"] == word and s, 10, f"{word}: {d.tunnel()}")
            check(s["up"] == is_there and s["inner_device"] == s["device"] == "veth0", s)
            check(not is_there or s["out"]["packets"] > 10 and s["out"]["spi"] in ("0x80001001", "0x80001002"), s)
        check(not r.status()["sources"][0]["authenticated"], r.status()["sources"][0])
        note(word, "true error", r.truth()["true_error_s"], "bound", r.truth()["bound_s"], "edges", {
            f"{e['side']} {e['message']}": round(e["median_s"] * 1e6) for e in s["edges"] if e["n"] > 10})
        for d in (t, r):
            d.stop()
            # They are not ours.
            check(kernel_has(d.end) == ((2, 2) if is_there else (0, 0)), kernel_has(d.end))


def main():
    name, daemon = sys.argv[1], sys.argv[2]
    build()
    try:
        globals()["scenario_" + name](daemon, *sys.argv[3:])
    except Failed as e:
        print("failed:", e, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
