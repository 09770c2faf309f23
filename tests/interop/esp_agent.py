#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs in the guest of esp_linux.py: does what the test asks for, a datagram of JSON at a time.

use: esp_agent.py ADDRESS PORT INNER-ADDRESS...

ESP in UDP to port 4500 of any IPv4 address is the kernel's.
"""
import json
import socket
import subprocess
import sys

PORTS = (319, 320)

UDP_ENCAP, UDP_ENCAP_ESPINUDP = 100, 2  # linux/udp.h


class Agent:
    def __init__(self, address, port, inner):
        self.control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.control.bind((address, port))
        self.encap = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.encap.setsockopt(socket.IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP)
        self.encap.bind(("0.0.0.0", 4500))
        self.inner = {}  # (IP version, port): socket
        for a in inner:
            family = socket.AF_INET6 if ":" in a else socket.AF_INET
            for p in PORTS:
                s = socket.socket(family, socket.SOCK_DGRAM)
                s.bind((a, p))
                s.setblocking(False)
                self.inner[6 if ":" in a else 4, p] = s

    def ip(self, lines):
        """Commands of ip; returns what went wrong."""
        done = subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), capture_output=True,
                              text=True)
        return done.stderr if done.returncode else ""

    def take(self):
        """Datagrams that came: [source port, destination port, data]."""
        out = []
        for (_, port), s in self.inner.items():
            while True:
                try:
                    data, source = s.recvfrom(65536)
                except BlockingIOError:
                    break
                out.append([source[1], port, data.hex()])
        return out

    def send(self, version, to, datagrams):
        for source, port, data in datagrams:
            self.inner[version, source].sendto(bytes.fromhex(data), (to, port))

    def statistics(self):
        """Counters that are not zero: of transformations, and of UDP's errors."""
        out = {}
        with open("/proc/net/xfrm_stat") as f:
            out.update(line.split() for line in f)
        with open("/proc/net/snmp") as f:
            names, values = (x.split()[1:] for x in f if x.startswith("Udp:"))
        out.update(("Udp" + k, v) for k, v in zip(names, values)
                   if k.endswith("Errors") or k == "NoPorts")
        with open("/proc/net/snmp6") as f:
            out.update(x.split() for x in f if x.startswith("Udp6") and
                       (x.split()[0].endswith("Errors") or x.split()[0] == "Udp6NoPorts"))
        return {k: int(v) for k, v in out.items() if int(v)}

    def run(self):
        last, answer = None, None
        while last != "end":
            request, whom = self.control.recvfrom(65536)
            number, what, args = json.loads(request)
            if answer is None or answer[0] != number:
                # A repeated question is not done again.
                answer = [number, getattr(self, what)(*args) if what != "end" else None]
            self.control.sendto(json.dumps(answer).encode(), whom)
            last = what


if __name__ == "__main__":
    agent = Agent(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
    print("agent: ready", flush=True)
    agent.run()
