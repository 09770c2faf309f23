#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TAP: a program of bench/ ends well and prints the figures that it promises. Nothing is asserted of a timing.

Usage: test_bench.py PROGRAM BENCH_FOLDER NOONMARKD NOONMARK
"""
import json
import math
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PEERS = pathlib.Path(os.environ.get("NOON_PEERS", HERE.parent / "build/peers"))
LIMIT_S = 240


class Skip(Exception):
    pass


class World:
    """What a program needs to run beside: a folder, and processes that end with it."""

    def __init__(self, folder, bench, daemon, tool):
        self.folder, self.bench, self.daemon, self.tool = folder, pathlib.Path(bench), daemon, tool
        self.env = {**os.environ, "NOON_BENCH": bench, "NOON_DAEMON": daemon, "NOON_TOOL": tool,
                    "NOON_PEERS": str(PEERS)}
        self.children = []

    def start(self, *argv):
        child = subprocess.Popen(list(map(str, argv)), env=self.env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(child)
        return child

    def end(self):
        for child in self.children:
            child.terminate()
            child.wait()

    def run(self, *argv):
        """The standard output of a program, which must end with 0."""
        r = subprocess.run(list(map(str, argv)), env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, timeout=LIMIT_S)
        if r.returncode != 0:
            raise AssertionError(f"{argv[0]} ended with {r.returncode}:\n{r.stdout}\n{r.stderr}")
        return r.stdout

    def server(self):
        """noonmarkd as an NTP and NTS-KE server: its process, two ports and certificate."""
        ntp, ke = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
        conf = self.folder / "server.conf"
        conf.write_text(f"""
state-directory = "{self.folder}/server"
control-socket = ""
shared-page = "{self.folder}/server/clock"
user = ""
clock {{ type = "system-read-only" }}
server {{ listen = {{"127.0.0.1:{ntp}"}} local-stratum = 1 }}
nts-ke {{ listen = {{"127.0.0.1:{ke}"}} ntp-port = {ntp} names = {{"localhost"}} }}
""")
        child = self.start(self.daemon, "-f", conf)
        wait_for(lambda: answers(ke), "noonmarkd")
        return child, ntp, ke, self.folder / "server/ntske.crt"


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def wait_for(condition, what):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come up")
        time.sleep(0.05)


def number(text, least=0.0):
    """A figure: finite, and above `least`."""
    value = float(text)
    if not math.isfinite(value) or value <= least:
        raise AssertionError(f"expected a figure above {least:g}, got {text}")
    return value


def figures(text, pattern, count=1):
    """Each match of a pattern has a figure in every group."""
    found = re.findall(pattern, text, re.M)
    if len(found) < count:
        raise AssertionError(f"expected {count} of {pattern!r} in:\n{text}")
    for groups in found:
        for value in groups if isinstance(groups, tuple) else (groups,):
            number(value)


def need(program):
    if not (PEERS / "usr/sbin" / program).exists():
        raise Skip(f"no {program} in {PEERS} (scripts/peers)")


def load_floor(w):
    port = free_port(socket.SOCK_DGRAM)
    child = w.start(w.bench / "bench_floor", port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)

        def turned():
            s.sendto(b"there and back", ("127.0.0.1", port))
            try:
                return s.recv(100) == b"there and back"
            except OSError:
                return False
        wait_for(turned, "bench_floor")
    check_load(json.loads(w.run(w.bench / "bench_load", "ntp", child.pid, port, 1)), "ntp")
    if child.poll() is not None:
        raise AssertionError("bench_floor ended")


def check_load(told, what):
    if told["what"] != what:
        raise AssertionError(f"expected {what}: {told}")
    for key in ("done", "per_second", "server_cpu_s", "per_cpu_second"):
        number(told[key])


def bench_load(w):
    child, ntp, ke, ca = w.server()
    load = w.bench / "bench_load"
    check_load(json.loads(w.run(load, "ntp", child.pid, ntp, 1)), "ntp")
    check_load(json.loads(w.run(load, "nts", child.pid, ke, ca, 1, 7)), "nts")
    check_load(json.loads(w.run(load, "ke", child.pid, ke, ca, 1)), "ke")


def bench_now(w):
    _, _, ke, ca = w.server()
    page = w.folder / "client/clock"
    conf = w.folder / "client.conf"
    conf.write_text(f"""
state-directory = "{w.folder}/client"
control-socket = ""
shared-page = "{page}"
user = ""
clock {{ type = "virtual" }}
source "127.0.0.1" {{ ntsport = {ke} ntstrustedcerts = "{ca}" certificate-name = "localhost"
  minpoll = 0 burst-interval = "200ms" }}
""")
    w.start(w.daemon, "-f", conf)
    told = {}

    def measured():
        r = subprocess.run([w.bench / "bench_now", page], capture_output=True, text=True, timeout=LIMIT_S)
        if r.returncode == 0:
            told.update(json.loads(r.stdout))
        return r.returncode == 0
    wait_for(measured, "the page of a client")
    for key in ("noon_now_ns", "clock_read_ns", "ratio", "half_width_ns"):
        number(told[key])


def bench_law(w):
    out = w.run(w.bench / "bench_law", 200)
    figures(out, r"^router draws, \d threads?: (\S+) per s, (\S+) per s and core$", 2)
    figures(out, r"^exact table, (\d+) sizes: (\S+) s by convolution, (\S+) s by saddlepoint$")
    figures(out, r"^law of a channel: (\S+) s; CUSUM for it: (\S+) s$")


def key_and_certificate(w):
    cert, key = w.folder / "tsa.pem", w.folder / "tsa.key"
    w.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "10",
          "-subj", "/CN=bench", "-addext", "extendedKeyUsage=critical,timeStamping", "-keyout", key, "-out", cert)
    return cert, key


def bench_tsa(w):
    told = json.loads(w.run(w.bench / "bench_tsa", *key_and_certificate(w), 1))
    for kind in ("bare", "ours", "ours_in_ledger", "openssl_ts"):
        number(told[kind])
        number(told[kind + "_of_bare"])


def script_run(w):
    out = w.run(HERE / "run", "--rounds", 1, "--simulate", 0.02, 0.5)
    peer = r"(\S+)" if (PEERS / "usr/sbin/chronyd").exists() else "-"
    figures(out, rf"^NTP requests, 48 B +(\S+) +{peer} +(\S+) +{peer} +(\S+)$")
    for kind in ("NTS requests, 1 cookie", "NTS requests, 8 cookies", "key exchanges"):
        figures(out, rf"^{kind} +(\S+) +{peer} +- +{peer} +-$")
    figures(out, r"^noon_now\(\): (\S+) ns, one read of CLOCK_MONOTONIC_RAW: (\S+) ns, ratio (\S+)$")
    figures(out, r"^simulator, .*: (\S+) simulated seconds for one of the CPU, a year in (\S+) s$")


def script_beside_chrony(w):
    need("chronyd")
    out = w.run(HERE / "beside_chrony", "--rounds", 1, "--for", 1)
    figures(out, r"per CPU-second +(\S+) +(\S+) +(\S+) +(\S+) \.\. (\S+)$", 3)
    figures(out, r"per second +(\S+) +(\S+) +(\S+) +(\S+) \.\. (\S+)$", 3)
    figures(out, r"latency 50 %, us +(\S+) +(\S+) +(\S+) +(\S+) \.\. (\S+)$", 3)
    figures(out, r"latency 99 %, us +(\S+) +(\S+) +(\S+) +(\S+) \.\. (\S+)$", 3)


def script_ptp_noise(w):
    need("ptp4l")
    if os.geteuid() != 0:
        raise Skip("needs root, for network namespaces")
    out = w.run(HERE / "ptp_noise", "--for", 1, 1)
    for case in ("ptp4l from ptp4l", "ours from ptp4l", "ptp4l from ours", "ours from ours",
                 "ours from ours, HMAC-SHA256-128"):
        figures(out, rf"^{case} +(\d+) windows +rms median +(\S+) ns +best +(\S+) +worst +(\S+) +ratio +(\S+)$")


def script_tunnel(w):
    if os.geteuid() != 0:
        raise Skip("needs root, for network namespaces")
    out = w.run(HERE / "tunnel", "--for", 1, "--rounds", 1, "--repeat", 2, "--refreshes", 4)
    for kind in ("ESP", "ESP, cells of 160", r"ESP \+ AH", "ESP, warm-up"):
        for row in ("exact", "statistical", "uncorrected", "decrypted"):
            figures(out, rf"^{kind} +{row} +n +(\d+) +rms +(\S+) +sigma +(\S+) +median +\S+ +ratio +(\S+)$")
    figures(out, r"^1 kHz to 8 Hz, 44 B +Sync +\S+ \+- (\S+) us +Delay_Req +\S+ \+- (\S+) us ")
    figures(out, r"^refreshed +(\d+) refreshes, (\d+) packets, \d+ lost;")
    figures(out, r"^random 0-256 .*tells (\S+) bits$")


def script_stability(w):
    # The interpreter of the system has NumPy.
    out = w.run("/usr/bin/python3", HERE / "stability", 1, "--samples", 20000, "--mtie-samples", 10000)
    figures(out, r"ratio (\d+\.\d+)$", 11)


def script_tsa_tokens(w):
    out = w.run(HERE / "tsa_tokens", "--rounds", 1, "--for", 1, "--keys", "P-256")
    figures(out, r"^P-256 +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+) +(\S+)$")
    figures(out, r"^ *(\d+) connections: +(\d+) tokens a second, +(\d+) per CPU-second of the daemon$", 4)


def script_capture(w):
    out = w.run(HERE / "capture", "--mb", 3, "--beside", 2)
    for mb in (2, 3):
        figures(out, rf"^noonmark, {mb} MB +(\S+) s +(\S+) CPU s +(\d+) frames/s +(\d+) exchanges/s +(\S+) MB$")
    if shutil.which("tshark"):
        figures(out, r"^tshark takes (\S+) times as long$")


PROGRAMS = {"load": bench_load, "floor": load_floor, "now": bench_now, "law": bench_law, "tsa": bench_tsa,
            "run": script_run, "beside_chrony": script_beside_chrony, "ptp_noise": script_ptp_noise,
            "stability": script_stability, "tsa_tokens": script_tsa_tokens, "capture": script_capture, "tunnel": script_tunnel}


def main():
    name = sys.argv[1]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="noonmark-bench."))
    w = World(folder, *map(os.path.abspath, sys.argv[2:5]))
    print("1..1")
    try:
        PROGRAMS[name](w)
        print(f"ok 1 - bench {name} prints its figures")
        return 0
    except Skip as why:
        print(f"ok 1 - bench {name} # SKIP {why}")
        return 0
    except (AssertionError, ValueError, KeyError, subprocess.SubprocessError) as why:
        print(f"not ok 1 - bench {name} prints its figures")
        print("\n".join("# " + line for line in str(why).splitlines()))
        return 1
    finally:
        w.end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
