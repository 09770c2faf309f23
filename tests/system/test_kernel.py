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
    state = libc.adjtimex(at)
    modes, offset, freq, maxerror, esterror, status = struct.unpack_from("IxxxxqqqqI", tx)
    with open("adjtimex", "a") as f:
        f.write(f"tx state={state} freq={freq} maxerror={maxerror} esterror={esterror} "
                f"status={status}\\n")
    time.sleep(0.25)
"""

STA_UNSYNC, STA_FREQHOLD = 0x40, 0x80


def between(said, begin, end):
    """What adjtimex said between two marks."""
    part, inside = [], begin is None
    for line in said:
        if line.startswith("adjtimex mark "):
            inside = line.split()[2] == begin or (inside and line.split()[2] != end)
        elif inside and line.startswith("adjtimex tx "):
            part.append({k: int(v) for k, v in re.findall(r"(\w+)=(-?\d+)", line)})
    return part


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


if __name__ == "__main__":
    sys.exit(main(globals()))
