# SPDX-License-Identifier: Apache-2.0
"""Linux as a judge of ESP and AH: a guest at the other end of a tap device of the test's namespace.

Its associations are set by ip-xfrm(8). What goes over the tap are raw frames, so that the kernel of
this machine takes no part; it only carries the questions to the agent in the guest.
"""
import json
import pathlib
import shutil
import socket
import struct
import subprocess
import time

import peers  # noqa: F401  (finds the harness)
from harness import PATIENCE, Failed, Skip, check, ip, wait_for
from esp import UDP_PORT, version
from guest import Guest

CONTROL = ("192.0.2.1", "192.0.2.2")
PORT = 7000
MAC = ("02:00:00:00:00:01", "02:00:00:00:00:02")
HERE = pathlib.Path(__file__).resolve().parent
MODULES = ("ipv6 xfrm_user esp4 ah4 esp6 ah6 crypto_null gcm ghash-generic seqiv ctr hmac "
           "sha256_generic sha512_generic authenc drbg jitterentropy_rng").split()

SCRIPT = """
ip link set vec0 address {mac}
ip link set vec0 up
{addresses}
exec python3 {agent} {control} {port} {inner}
"""


def on_tap(mine, peer):
    """Commands for an address of the guest's, and of its peer, which nobody asks for."""
    bits = 64 if ":" in mine else 24
    return (f"ip addr add {mine}/{bits} dev vec0" + (" nodad" if ":" in mine else "") +
            f"\nip neigh add {peer} lladdr {MAC[0]} dev vec0 nud permanent")


class Linux:
    """`outer` and `inner` are lists of (address here, address of the guest)."""

    def __init__(self, w, outer, inner):
        for program, package in (("linux.uml", "user-mode-linux"), ("modprobe", "kmod")):
            if not shutil.which(program):
                raise Skip(f"{package} is not installed")
        done = subprocess.run(["ip", "tuntap", "add", "dev", "tap0", "mode", "tap"],
                              capture_output=True, text=True)
        if done.returncode:
            raise Skip("no tap device here: " + done.stderr.strip())
        ip("link", "set", "tap0", "address", MAC[0], "up", "txqueuelen", "1000")
        ip("addr", "add", CONTROL[0] + "/24", "dev", "tap0")
        addresses = [on_tap(b, a) for a, b in [CONTROL, *outer, *inner]]
        agent = w.write("agent.py", (HERE / "esp_agent.py").read_text())
        self.guest = Guest(w, SCRIPT.format(
            mac=MAC[1], addresses="\n".join(addresses), agent=agent, control=CONTROL[1], port=PORT,
            inner=" ".join(b for _, b in inner)), MODULES, network="tap0").start()
        wait_for(lambda: "agent: ready" in self.guest.said() or not self.guest.alive(), 60,
                 "the guest is ready")
        check(self.guest.alive(), "the guest ended:", "\n".join(self.guest.said()[-15:]))
        self.control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.control.bind((CONTROL[0], 0))
        self.frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.frames.bind(("tap0", 0))
        self.frames.setblocking(False)
        self.number = 0

    def ask(self, what, *args):
        """Have the agent do something; it is asked again when a question or an answer is lost."""
        self.number += 1
        question = json.dumps([self.number, what, args]).encode()
        end = time.monotonic() + 20 * PATIENCE
        while time.monotonic() < end:
            self.control.sendto(question, (CONTROL[1], PORT))
            self.control.settimeout(2)
            try:
                while True:
                    number, answer = json.loads(self.control.recv(65536))
                    if number == self.number:
                        return answer
            except TimeoutError:
                check(self.guest.alive(), "the guest ended:", "\n".join(self.guest.said()[-15:]))
        raise Failed(f"the agent in the guest does not answer: {what}")

    def ip(self, lines):
        wrong = self.ask("ip", lines)
        check(not wrong, "ip in the guest:", wrong, "\n".join(lines))

    def give(self, packets):
        """IP packets onto the wire; returns the datagrams that came out of them."""
        for p in packets:
            kind = 0x0800 if p[0] >> 4 == 4 else 0x86dd
            self.frames.send(bytes.fromhex((MAC[1] + MAC[0]).replace(":", "")) +
                             struct.pack(">H", kind) + p)
        # The question is behind them in the same queues.
        return [(s, d, bytes.fromhex(data)) for s, d, data in self.ask("take")]

    def take(self, to, datagrams):
        """Have the guest send datagrams; returns the packets that they came in."""
        self.captured()
        self.ask("send", version(to), to, [(s, d, data.hex()) for s, d, data in datagrams])
        return self.captured()

    def captured(self):
        """Packets of ESP, of AH, and of ESP in UDP, that came from the guest."""
        out = []
        while True:
            try:
                frame, address = self.frames.recvfrom(65536)
            except BlockingIOError:
                return out
            p = frame[14:]
            if address[2] == socket.PACKET_OUTGOING or frame[12:14] not in (b"\x08\0", b"\x86\xdd"):
                continue
            kind = p[9 if p[0] >> 4 == 4 else 6]
            if kind in (socket.IPPROTO_ESP, socket.IPPROTO_AH) or kind == socket.IPPROTO_UDP and \
                    struct.unpack_from(">2H", p, 20) == (UDP_PORT, UDP_PORT):
                out.append(p)

    def statistics(self):
        return self.ask("statistics")

    def end(self):
        self.ask("end")
        self.frames.close()
        self.control.close()
        self.guest.finish()


def state(a, inbound, align4=True):
    """Commands that add the states of an association; `inbound`, seen from the guest. Without
    `align4` AH is padded to a multiple of 8 bytes over IPv4 too."""
    ids = f"src {a.outer[0]} dst {a.outer[1]}"
    # The number before the first one: the last that was used.
    low, high = a.first - 1 & 0xffffffff, a.first - 1 >> 32
    numbers = (f"replay-seq {low}" if inbound else f"replay-oseq {low}")
    if a.esn:
        numbers += f" replay-seq-hi {high}" if inbound else f" replay-oseq-hi {high}"
    flags = ["esn"] if a.esn else []
    if version(a.outer[0]) != version(a.inner[0]):
        flags.append("af-unspec")
    ah_flags = flags + (["align4"] if align4 and version(a.outer[0]) == 4 else [])

    def flag(words):
        return "flag " + " flag ".join(words) if words else ""
    pad = 300 if a.padding["pad"] != "none" and not inbound else 0
    out = [f"xfrm state add {ids} proto esp spi {a.spi} mode tunnel reqid 1 replay-window 64 "
           f"{numbers} {flag(flags)} aead rfc4106(gcm(aes)) 0x{a.key.hex()} 128"
           + (f" encap espinudp {UDP_PORT} {UDP_PORT} 0.0.0.0" if a.udp else "")
           + (f" tfcpad {pad}" if pad else "")]
    if a.ah_spi:
        out.append(f"xfrm state add {ids} proto ah spi {a.ah_spi} mode transport reqid 2 "
                   f"replay-window 64 {numbers} {flag(ah_flags)} "
                   f"auth-trunc hmac(sha256) 0x{a.ah_key.hex()} 128")
    return out


def end_of_state(a):
    ids = f"src {a.outer[0]} dst {a.outer[1]}"
    return [f"xfrm state delete {ids} proto esp spi {a.spi}",
            *([f"xfrm state delete {ids} proto ah spi {a.ah_spi}"] if a.ah_spi else [])]


def policies(a, direction, ports=(319, 320)):
    ids = f"src {a.outer[0]} dst {a.outer[1]}"
    return [f"xfrm policy add src {a.inner[0]} dst {a.inner[1]} proto udp dport {port} "
            f"dir {direction} tmpl {ids} proto esp mode tunnel reqid 1"
            + (f" tmpl {ids} proto ah mode transport reqid 2" if a.ah_spi else "")
            for port in ports]
