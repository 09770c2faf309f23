#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon says to the kernel of its clock, by a guest whose clock may be set and steered."""
import json
import re
import sys

from guest import Guest, for_guest
from harness import DAEMON, TOOL, check, main

# A server with a clock of its own, and a client that steers the kernel's; what adjtimex(2) says of
# that four times a second, and what the client says of itself each second.
SCRIPT = """
adjtimex() {{
	/usr/bin/python3 {watch} >> adjtimex &
}}
{daemon} -f {server} > server.log 2>&1 &
server=$!
adjtimex
sleep 1
{daemon} -f {client} > client.log 2>&1 &
client=$!
state() {{
	for i in $(seq 1 $2); do
		{tool} status --socket /run/client.sock --json 2>/dev/null | tr -d '\\n' > now || true
		grep -q "\\"state\\": \\"$1\\"" now && return 0
		kill -0 $client || break
		sleep 0.5
	done
	echo "never $1"
	cat client.log
	return 1
}}
mark() {{ echo "mark $1" >> adjtimex; }}
state ok 120
sleep 2
mark ok
sleep 4
mark step
date -s '+2 seconds' > /dev/null
sleep 3
mark stepped
{tool} status --socket /run/client.sock --json | tr -d '\\n' | sed 's/^/status /'
echo
{tool} step --socket /run/client.sock > /dev/null || true
state ok 120
mark again
sleep 2
kill -STOP $server
mark silent
state alarm 240
sleep 2
mark alarm
sleep 3
mark stop
kill -TERM $client
wait $client || true
sleep 3
mark stopped
sleep 1
kill -KILL $server
sed 's/^/adjtimex /' adjtimex
sed 's/^/log /' client.log
"""

WATCH = """
import ctypes, struct, time
libc = ctypes.CDLL("libc.so.6", use_errno=True)
while True:
    tx = bytearray(256)
    at = (ctypes.c_char * 256).from_buffer(tx)
    raw = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
    real = time.clock_gettime_ns(time.CLOCK_REALTIME)
    took = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) - raw
    state = libc.adjtimex(at)
    modes, offset, freq, maxerror, esterror, status = struct.unpack_from("IxxxxqqqqI", tx)
    tai, = struct.unpack_from("i", tx, 160)
    with open("adjtimex", "a") as f:
        f.write(f"tx state={state} freq={freq} maxerror={maxerror} esterror={esterror} "
                f"status={status} tai={tai} raw={raw} real={real} took={took}\\n")
    time.sleep(0.25)
"""

STA_INS, STA_UNSYNC, STA_FREQHOLD = 0x10, 0x40, 0x80
STATES = {0: "TIME_OK", 1: "TIME_INS", 2: "TIME_DEL", 3: "TIME_OOP", 4: "TIME_WAIT", 5: "TIME_ERROR"}

MIDNIGHT = 1798761600  # 2027-01-01

# A server whose clock is the guest's at its start, and goes on by CLOCK_MONOTONIC_RAW alone; at
# midnight it inserts a leap second, of which it tells before.
LEAP_SERVER = """
import socket, struct, time
raw = lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
base = time.clock_gettime_ns(time.CLOCK_REALTIME) - raw()
print("base", base, flush=True)
MIDNIGHT = %d * 10**9
def utc():
    t = base + raw()
    return t - 10**9 if t >= MIDNIGHT else t
def ntp(t):
    s, ns = divmod(t, 10**9)
    return struct.pack(">II", s + 2208988800 & 0xffffffff, (ns << 32) // 10**9)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("127.0.0.1", 11123))
while True:
    q, peer = sock.recvfrom(512)
    t2 = utc()
    li = 1 if base + raw() < MIDNIGHT else 0
    head = struct.pack(">BBbbII4s", li << 6 | 4 << 3 | 4, 1, 4, -20, 0, 4, b"TEST")
    sock.sendto(head + ntp(t2) + q[40:48] + ntp(t2) + ntp(utc()), peer)
""" % MIDNIGHT

# The leap second at the end of 2026 by the list, in the guest's own time.
LEAP_SCRIPT = """
date -u -s '2026-12-31 23:59:15' > /dev/null
/usr/bin/python3 {server} > base &
server=$!
sleep 1
/usr/bin/python3 {watch} &
{daemon} -f {client} > client.log 2>&1 &
client=$!
for i in $(seq 1 80); do
	sleep 1
	{tool} status --socket /run/client.sock --json 2>/dev/null | tr -d '\\n' | sed 's/^/status /' || true
	echo
done
kill -TERM $client
wait $client || true
kill -KILL $server
sed 's/^/adjtimex /' adjtimex
sed 's/^/truth /' base
sed 's/^/log /' client.log
"""


def between(said, begin, end):
    """What adjtimex said between two marks."""
    part, inside = [], begin is None
    for line in said:
        if line.startswith("adjtimex mark "):
            inside = line.split()[2] == begin or (inside and line.split()[2] != end)
        elif inside and line.startswith("adjtimex tx "):
            part.append({k: int(v) for k, v in re.findall(r"(\w+)=(-?\d+)", line)})
    return part


def table(w, said):
    """What adjtimex(2) says, once a second and at each change."""
    last = None
    for x in said:
        key = (x["state"], x["status"], x["tai"], x["real"] // 10**9)
        if key != last:
            at = x["real"] // 10**9 - MIDNIGHT
            w.note(f'{at if abs(at) < 1000 else x["real"] // 10**9 % 1000:+4d} s'
                   f'  {STATES[x["state"]]:10}'
                   f' {"UNSYNC" if x["status"] & STA_UNSYNC else "      "}'
                   f' {"INS" if x["status"] & STA_INS else "   "}  maxerror {x["maxerror"]:8d} us'
                   f'  esterror {x["esterror"]:6d} us  tai {x["tai"]}')
        last = key


def test_the_kernel_is_told_the_bound(w):
    server = w.write("server.conf", """
clock { type = "virtual" }
user = "root"
state-directory = "/run/server"
control-socket = "/run/server.sock"
shared-page = ""
server { listen = {"127.0.0.1:11123"} local-stratum = 1 local-bound = "20us" }
""")
    client = w.write("client.conf", """
clock { type = "system" }
user = "root"
state-directory = "/run/client"
control-socket = "/run/client.sock"
shared-page = ""
alert-limit = "5ms"
wander = "2000ppm"
maxclockerror = "2000ppm"
source "127.0.0.1" {
	port = 11123
	nts = false
	allow-unauthenticated = true
	minpoll = -1
	maxpoll = 0
}
""")
    g = Guest(w, SCRIPT.format(daemon=for_guest(DAEMON), tool=for_guest(TOOL), server=server,
                               client=client, watch=w.write("watch.py", WATCH))).start()
    said = g.finish(240)

    for begin, end in (("ok", "step"), ("step", "again"), ("alarm", "stop"), ("stop", "")):
        w.note(f"from {begin}:")
        table(w, between(said, begin, end))
    at_start = between(said, None, "ok")
    check(at_start[0]["status"] & STA_UNSYNC, "before anything is known", at_start[0])

    good = between(said, "ok", "step")
    check(len(good) > 6, good)
    for x in good:
        check(not x["status"] & STA_UNSYNC and x["status"] & STA_FREQHOLD, "in OK", x)
        check(20 <= x["maxerror"] < 10_000 and x["esterror"] <= x["maxerror"], "in OK", x)
    w.note("in OK: maxerror", sorted(x["maxerror"] for x in good), "us")

    # Somebody else moves the clock by 2 s: the bound holds that as well.
    for x in between(said, "step", "stepped")[6:]:
        check(x["status"] & STA_UNSYNC and x["maxerror"] > 1_900_000, "after a step", x)
    status = json.loads(next(x[7:] for x in said if x.startswith("status ")))
    check(status["state"] == "alarm", status["state"])
    check(any("somebody else stepped the clock by 2.0" in x or
              "somebody else stepped the clock by 1.9" in x for x in said), "the log",
          [x for x in said if x.startswith("log ")])

    # The bound grows past the limit while nobody answers.
    for x in between(said, "alarm", "stop"):
        check(x["status"] & STA_UNSYNC and x["maxerror"] > 5_000, "in ALARM", x)
    alarmed = between(said, "alarm", "stop")
    check(alarmed[-1]["maxerror"] > alarmed[0]["maxerror"], "it grows", alarmed)

    # The clock goes on at its own rate, and is no better for it.
    after = between(said, "stopped", "")
    check(after and all(x["status"] & STA_UNSYNC for x in after), after)
    check(len({x["freq"] for x in after}) == 1, after)


def test_a_leap_second_is_the_kernels(w):
    """Told by STA_INS on its day, carried out by the kernel, TAI - UTC with it; nobody steps."""
    leaps = w.write("leap-seconds.list",
                    f"#@ 4100000000\n3692217600 37\n{MIDNIGHT + 2208988800} 38\n")
    client = w.write("client.conf", f"""
clock {{ type = "system" }}
user = "root"
state-directory = "/run/client"
control-socket = "/run/client.sock"
shared-page = ""
leapseclist = "{leaps}"
alert-limit = "20ms"
source "127.0.0.1" {{
	port = 11123
	nts = false
	allow-unauthenticated = true
	minpoll = -1
	maxpoll = 0
}}
""")
    g = Guest(w, LEAP_SCRIPT.format(daemon=for_guest(DAEMON), tool=for_guest(TOOL), client=client,
                                    server=w.write("server.py", LEAP_SERVER),
                                    watch=w.write("watch.py", WATCH))).start()
    said = g.finish(300)
    base = int(next(x for x in said if x.startswith("truth base ")).split()[2])
    seen = [{k: int(v) for k, v in re.findall(r"(\w+)=(-?\d+)", x)} for x in said
            if x.startswith("adjtimex tx ")]
    table(w, seen)
    log = "\n".join(x for x in said if x.startswith("log "))

    def count(x):  # of UTC, as if there were no leap second
        return base + x["raw"]
    before = [x for x in seen if count(x) < (MIDNIGHT - 3) * 10**9]
    after = [x for x in seen if count(x) > (MIDNIGHT + 8) * 10**9]
    # Announced on the day, once synchronised; taken back afterwards.
    check(before and before[-1]["status"] & STA_INS and before[-1]["state"] == 1, before[-1:])
    # While the state is not ok, which a leap second may bring about, the kernel says TIME_ERROR
    # instead of TIME_OOP; that TAI - UTC has changed shows the inserted second all the same.
    inserted = [x for x in seen if 0 <= count(x) - MIDNIGHT * 10**9 < 10**9]
    check(any(x["state"] == 3 or (x["state"] == 5 and x["status"] & STA_INS and x["tai"] == 38)
              for x in inserted), "the inserted second was never there:", inserted)
    check(after and all(x["state"] in (0, 4) for x in after), [x["state"] for x in after])
    check(not after[-1]["status"] & (STA_INS | STA_UNSYNC) and after[-1]["state"] == 0, after[-1])
    check(before[-1]["tai"] == 37 and all(x["tai"] == 38 for x in after), "TAI - UTC")
    # Nobody stepped it, and it is right, by what the kernel itself says of it.
    check("the UTC count moves by -1 s" in log and "somebody else" not in log and
          "clock stepped" not in log.split("state ok")[-1], log)
    wrong = []
    for x in seen:
        true = count(x) - (10**9 if count(x) >= MIDNIGHT * 10**9 else 0)
        error = abs(x["real"] - true) - x["took"]
        near = abs(count(x) - MIDNIGHT * 10**9) < 50_000_000  # the kernel waits for its tick
        if not x["status"] & STA_UNSYNC and not near and error > x["maxerror"] * 1000:
            wrong.append((error, x))
    check(not wrong, "wrong by more than maxerror:", wrong[:3])
    states = [json.loads(x[7:])["state"] for x in said if x.startswith("status {")]
    check(states[-1] == "ok" and states.count("ok") > 40, states)


if __name__ == "__main__":
    sys.exit(main(globals()))
