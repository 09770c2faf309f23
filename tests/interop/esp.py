# SPDX-License-Identifier: Apache-2.0
"""Associations of src/proto/tunnel through esp_peer, and the datagrams and faults of the tests."""
import collections
import dataclasses
import os
import random
import socket
import struct
import subprocess

import peers  # noqa: F401  (finds the harness)
from harness import PATIENCE, SOURCE, check

PEER = os.environ.get("NOON_ESP_PEER", os.path.join(SOURCE, "build", "tests/interop/esp_peer"))

COUNT = 1000  # datagrams for each judge, form and direction

EVENT, GENERAL = 319, 320
UDP_PORT = 4500  # of ESP in UDP

# Type, bytes and port of PTP messages: Sync, Delay_Req, Follow_Up, Delay_Resp, Announce.
MESSAGES = ((0x0, 44, EVENT), (0x1, 44, EVENT), (0x8, 44, GENERAL), (0x9, 54, GENERAL),
            (0xb, 64, GENERAL))

# Padding of the four modes.
NONE = {"pad": "none"}
RANDOM = {"pad": "random", "min": 0, "max": 300}
CONSTANT = {"pad": "constant", "min": 101}
CELL = {"pad": "cell", "min": 256}


def messages(n, first=0):
    """(source port, destination port, PTP message); the number is in sequenceId."""
    out = []
    for i in range(first, first + n):
        kind, size, port = MESSAGES[i % len(MESSAGES)]
        head = struct.pack(">BBHBBHqI8sHHBb", kind, 0x12, size, 24, 0, 0x0400, 0, 0,
                           bytes(range(8)), 1, i & 0xffff, min(kind & 7, 5), 0x7f)
        out.append((port, port, head + bytes(size - len(head))))
    return out


@dataclasses.dataclass
class Association:
    """One direction; addresses are (source, destination)."""
    outer: tuple
    inner: tuple
    spi: int = 0x1001
    ah_spi: int = 0
    key_len: int = 16
    esn: bool = False
    udp: bool = False  # inside UDP (RFC 3948)
    first: int = 1
    padding: dict = dataclasses.field(default_factory=lambda: NONE)

    def __post_init__(self):
        # Each association has keys of its own.
        rng = random.Random(f"{self.spi} {self.outer} {self.inner}")
        self.key = rng.randbytes(self.key_len + 4)
        self.ah_key = rng.randbytes(32)

    def options(self):
        return [f"outer={','.join(self.outer)}", f"inner={','.join(self.inner)}",
                f"spi={self.spi}", f"ah-spi={self.ah_spi}", f"key={self.key.hex()}",
                f"ah-key={self.ah_key.hex()}", f"esn={int(self.esn)}", f"udp={int(self.udp)}",
                f"first={self.first}",
                *(f"{k}={v}" for k, v in self.padding.items())]

    def run(self, verb, lines):
        done = subprocess.run([PEER, verb, *self.options()], input="".join(x + "\n" for x in lines),
                              capture_output=True, text=True, timeout=60 * PATIENCE)
        check(done.returncode == 0, "esp_peer", verb, done.stderr[-500:])
        return done.stdout.splitlines()

    def seal(self, datagrams):
        """Outer packets of datagrams; of (0, 0, bytes), a cover packet."""
        packets = [bytes.fromhex(x) for x in
                   self.run("seal", [f"{s} {d} {data.hex()}" for s, d, data in datagrams])]
        return [in_udp(p, self.outer) for p in packets] if self.udp else packets

    def open(self, packets):
        """What became of packets: (verdict, number, datagram), and how many of each verdict."""
        out, counts = [], collections.Counter()
        packets = [p[28:] for p in packets] if self.udp else packets
        for line in self.run("open", [p.hex() for p in packets]):
            word, *rest = line.split()
            if word == "count":
                counts[rest[0]] = int(rest[1])
            elif word == "accepted":
                out.append((word, int(rest[0]), (int(rest[1]), int(rest[2]),
                                                 bytes.fromhex(rest[3]))))
            else:
                out.append((word, None, None))
        check(sum(counts.values()) == len(packets) == len(out), "esp_peer lost count", counts)
        return out, counts

    def opened(self, packets):
        """The datagrams of packets which all have to be accepted."""
        out, counts = self.open(packets)
        check(counts == {"accepted": len(packets)}, f"of {len(packets)} packets", dict(counts))
        return [x[2] for x in out]


def version(address):
    return 6 if ":" in address else 4


def header_len(packet):
    return 20 if packet[0] >> 4 == 4 else 40


def flipped(packet, at):
    """With one bit changed."""
    p = bytearray(packet)
    p[at] ^= 1
    return bytes(p)


def changed(packet, at, bits=1):
    """With bits of the IP header changed, and the checksum that a router would make."""
    p = bytearray(packet)
    p[at] ^= bits
    if p[0] >> 4 == 4:
        p[10:12] = b"\0\0"
        total = sum(struct.unpack_from(">10H", p))
        total = (total & 0xffff) + (total >> 16)
        struct.pack_into(">H", p, 10, ~(total + (total >> 16)) & 0xffff)
    return bytes(p)


def in_udp(packet, outer):
    """ESP in UDP over IPv4, whose checksum is zero (RFC 3948, section 2.1)."""
    n = 28 + len(packet)
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, n, 0, 0x4000, 64, socket.IPPROTO_UDP, 0,
                       *(socket.inet_aton(a) for a in outer))
    return changed(head, 0, 0) + struct.pack(">4H", UDP_PORT, UDP_PORT, n - 20, 0) + packet


def without_ah(packet):
    """ESP alone."""
    n = header_len(packet)
    ah = 4 * (packet[n + 1] + 2)
    p = bytearray(packet[:n] + packet[n + ah:])
    p[9 if n == 20 else 6] = packet[n]
    struct.pack_into(">H", p, 2 if n == 20 else 4, len(p) - (0 if n == 20 else n))
    return changed(bytes(p), 0, 0)


def spi_of(packet):
    """Of ESP, behind AH or UDP or neither."""
    at = header_len(packet)
    kind = packet[9 if at == 20 else 6]
    if kind == socket.IPPROTO_AH:
        at += 4 * (packet[at + 1] + 2)
    elif kind == socket.IPPROTO_UDP:
        at += 8
    return struct.unpack_from(">I", packet, at)[0]


def pcap(packets):
    """A capture file of IP packets (link type RAW)."""
    out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)
    for i, p in enumerate(packets):
        out += struct.pack("<IIII", 1700000000 + i // 1000, i % 1000 * 1000, len(p), len(p)) + p
    return out
