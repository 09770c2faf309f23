# SPDX-License-Identifier: Apache-2.0
"""Associations and tunnels of src/proto/tunnel through esp_peer and tunnel_peer, and the datagrams
and faults of the tests."""
import collections
import dataclasses
import os
import random
import socket
import struct
import subprocess

import peers  # noqa: F401  (finds the harness)
from harness import PATIENCE, SOURCE, check

BUILT = os.path.join(SOURCE, "build", "tests", "interop")
PEER = os.environ.get("NOON_ESP_PEER", os.path.join(BUILT, "esp_peer"))
TUNNEL_PEER = os.environ.get("NOON_TUNNEL_PEER", os.path.join(BUILT, "tunnel_peer"))

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
    """(source port, destination port, PTP message); the number is in sequenceId. Up to three bytes
    behind a message make ESP pad by any number."""
    out = []
    for i in range(first, first + n):
        kind, size, port = MESSAGES[i % len(MESSAGES)]
        head = struct.pack(">BBHBBHqI8sHHBb", kind, 0x12, size, 24, 0, 0x0400, 0, 0,
                           bytes(range(8)), 1, i & 0xffff, min(kind & 7, 5), 0x7f)
        out.append((port, port, head + bytes(size - len(head) + i // len(MESSAGES) % 4)))
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
    key: bytes = b""  # of AES, and the salt
    ah_key: bytes = b""

    def __post_init__(self):
        # Each association has keys of its own.
        rng = random.Random(f"{self.spi} {self.outer} {self.inner}")
        self.key = self.key or rng.randbytes(self.key_len + 4)
        self.ah_key = self.ah_key or rng.randbytes(32)

    def options(self):
        return [f"outer={','.join(self.outer)}", f"inner={','.join(self.inner)}",
                f"spi={self.spi}", f"ah-spi={self.ah_spi}", f"key={self.key.hex()}",
                f"ah-key={self.ah_key.hex()}", f"esn={int(self.esn)}", f"udp={int(self.udp)}",
                f"first={self.first}",
                *(f"{k}={v}" for k, v in self.padding.items())]

    def seal(self, datagrams):
        """Outer packets of datagrams; of (0, 0, bytes), a cover packet."""
        return seal([PEER, "seal", *self.options()], datagrams, self)

    def open(self, packets):
        """What became of packets: (verdict, number, datagram), and how many of each verdict."""
        return open_packets([PEER, "open", *self.options()], packets, self)

    def opened(self, packets):
        """The datagrams of packets which all have to be accepted."""
        out, counts = self.open(packets)
        check(counts == {"accepted": len(packets)}, f"of {len(packets)} packets", dict(counts))
        return [x[2] for x in out]


@dataclasses.dataclass
class Tunnel:
    """Both ends of a timing tunnel; addresses are (initiator, responder)."""
    outer: tuple
    inner: tuple
    secret: bytes
    epochs: int
    packets: int  # of an association at most
    key_len: int = 16
    ah: bool = False
    esn: bool = False
    udp: bool = False
    padding: int = 0  # bytes at most

    def options(self, initiator=True):
        step = 1 if initiator else -1
        return [f"secret={self.secret.hex()}", f"initiator={int(initiator)}",
                f"outer={','.join(self.outer[::step])}", f"inner={','.join(self.inner[::step])}",
                f"epochs={self.epochs}", f"packets={self.packets}", f"key-len={self.key_len}",
                f"ah={int(self.ah)}", f"esn={int(self.esn)}", f"udp={int(self.udp)}",
                f"max={self.padding}"]

    def associations(self, initiator):
        """Those with which the initiator, or the responder, sends."""
        step = 1 if initiator else -1
        out = []
        for line in run([TUNNEL_PEER, "keys", *self.options()], []):
            _, who, spi, ah_spi, key, ah_key = line.split()
            if (who == "initiator") == initiator:
                out.append(Association(
                    self.outer[::step], self.inner[::step], int(spi), int(ah_spi) * self.ah,
                    self.key_len, self.esn, self.udp,
                    padding={**RANDOM, "max": self.padding} if self.padding else NONE,
                    key=bytes.fromhex(key), ah_key=bytes.fromhex(ah_key)))
        return out

    def seal(self, datagrams, initiator=True):
        return seal([TUNNEL_PEER, "seal", *self.options(initiator)], datagrams, self)

    def open(self, packets, initiator=True):
        return open_packets([TUNNEL_PEER, "open", *self.options(initiator)], packets, self)


def run(argv, lines):
    done = subprocess.run(argv, input="".join(x + "\n" for x in lines), capture_output=True,
                          text=True, timeout=60 * PATIENCE)
    check(done.returncode == 0, *argv[:2], done.stderr[-500:])
    return done.stdout.splitlines()


def seal(argv, datagrams, form):
    lines = run(argv, [f"{s} {d} {data.hex()}" for s, d, data in datagrams])
    packets = [bytes.fromhex(x) for x in lines if not x.startswith("count")]
    return [in_udp(p, form.outer) for p in packets] if form.udp else packets


def open_packets(argv, packets, form):
    out, counts = [], collections.Counter()
    for line in run(argv, [(p[28:] if form.udp else p).hex() for p in packets]):
        word, *rest = line.split()
        if word == "count":
            counts[rest[0]] = int(rest[1])
        elif word == "accepted":
            out.append((word, int(rest[0]), (int(rest[1]), int(rest[2]), bytes.fromhex(rest[3]))))
        else:
            out.append((word, None, None))
    check(sum(counts.values()) == len(packets) == len(out), argv[:2], "lost count", counts)
    return out, counts


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
