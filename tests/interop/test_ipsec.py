#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Others judge the ESP and AH packets of our tunnel, and we theirs: tshark, scapy, Linux.

tshark knows no extended sequence numbers and does not verify AH; scapy 2.5 cannot verify its own
AH. Those are Linux's to judge, in a guest.
"""
import collections
import dataclasses
import hmac
import random
import shutil
import socket
import struct
import subprocess
import sys

from esp import (CELL, CONSTANT, COUNT, NONE, RANDOM, Association, Tunnel, changed, flipped,
                 header_len, messages, pcap, spi_of, version, without_ah)
from esp_linux import Linux, end_of_state, policies, state
from harness import PATIENCE, Skip, check, main

OUT4, OUT6 = ("10.88.0.1", "10.88.0.2"), ("fd00:88::1", "fd00:88::2")
IN4, IN6 = ("10.99.0.1", "10.99.0.2"), ("fd00:99::1", "fd00:99::2")
TAMPERED = 20

# Just before the low half of an extended number starts again.
WRAP = 2**32 - COUNT // 4


# --- tshark ------------------------------------------------------------------------------------


def tshark(w, association, packets, *args):
    if not shutil.which("tshark"):
        raise Skip("tshark is not installed")
    family = f"IPv{version(association.outer[0])}"
    row = [family, *association.outer, f"0x{association.spi:08x}",
           "AES-GCM with 16 octet ICV [RFC4106]", "0x" + association.key.hex(), "NULL", ""]
    argv = ["tshark", "-n", "-r", w.write("packets.pcap", pcap(packets)),
            "-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE",
            "-o", "uat:esp_sa:" + ",".join(f'"{x}"' for x in row), *args]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60 * PATIENCE,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": w.dir})
    check(done.returncode == 0, "tshark:", done.stderr[-500:])
    return done.stdout.splitlines()


def fields(w, association, packets, *names):
    args = ["-T", "fields", "-E", "separator=|", "-E", "aggregator=,"]
    for name in names:
        args += ["-e", name]
    return [line.split("|") for line in tshark(w, association, packets, *args)]


def test_tshark_decrypts_and_verifies(w):
    forms = [(OUT4, IN4, 16, NONE), (OUT4, IN4, 32, RANDOM), (OUT6, IN6, 16, NONE),
             (OUT6, IN6, 32, RANDOM), (OUT4, IN6, 16, CELL), (OUT6, IN4, 16, CONSTANT)]
    for outer, inner, key_len, padding in forms:
        a = Association(outer, inner, key_len=key_len, padding=padding)
        sent = messages(COUNT)
        packets = a.seal(sent)
        broken = [flipped(p, -1 - i % 40) for i, p in enumerate(packets[:TAMPERED])]
        seen = fields(w, a, packets + broken, "esp.icv_good", "esp.icv_bad", "esp.sequence",
                      "udp.dstport", "ptp.v2.messagetype", "ptp.v2.sequenceid", "esp.protocol",
                      "_ws.malformed", "esp.pad_len", "esp.pad")
        check(len(seen) == COUNT + TAMPERED, len(seen))
        good = [x for x in seen[:COUNT] if x[:2] == ["1", "0"]]
        # It states no ICV where the padding's length, decrypted, is longer than the packet.
        bad = [x for x in seen[COUNT:] if x[0] != "1"]
        w.note(f"tshark, IPv{version(inner[0])} in IPv{version(outer[0])}, AES-{8 * key_len},",
               f"padding {padding['pad']}: {COUNT} offered, {len(good)} accepted;",
               f"{TAMPERED} tampered, {len(bad)} refused")
        check(len(good) == COUNT, [x for x in seen[:COUNT] if x[:2] != ["1", "0"]][:1])
        check(len(bad) == TAMPERED, seen[COUNT:])
        for i, (x, (_, port, data)) in enumerate(zip(good, sent)):
            check(int(x[2]) == i + 1 and int(x[3]) == port, i, x)
            check(int(x[4], 0) == data[0] & 15 and int(x[5]) == i, i, x)
            check(int(x[6], 0) == (4 if inner == IN4 else 41) and not x[7], i, x)
            # The others do not look at it: 1, 2, 3, ... (RFC 4303, section 2.4).
            check(bytes.fromhex(x[9]) == bytes(range(1, int(x[8]) + 1)) and int(x[8]) < 4, i, x)


# --- scapy -------------------------------------------------------------------------------------


def scapy(association):
    """Its module, and its association."""
    try:
        from scapy.layers import inet, inet6, ipsec
    except ImportError:
        raise Skip("python3-scapy is not installed") from None
    if "AES-GCM" not in ipsec.CRYPT_ALGOS:
        raise Skip("python3-cryptography is not installed")
    header = (inet.IP if version(association.outer[0]) == 4 else inet6.IPv6)(
        src=association.outer[0], dst=association.outer[1])
    sa = ipsec.SecurityAssociation(ipsec.ESP, spi=association.spi, crypt_algo="AES-GCM",
                                   crypt_key=association.key, tunnel_header=header)
    return inet, inet6, ipsec, sa


def high_of(association, i):
    return association.first + i >> 32


def scapy_opens(association, packets):
    """Datagrams that scapy opens; None for a packet that it refuses."""
    inet, inet6, ipsec, sa = scapy(association)
    out = []
    for i, packet in enumerate(packets):
        outer = (inet.IP if version(association.outer[0]) == 4 else inet6.IPv6)(packet)
        how = {"esn_en": True, "esn": high_of(association, i)} if association.esn else {}
        try:
            # The classes of the content are its own guess; the bytes are read here.
            inner = bytes(sa.decrypt(outer, **how))
        except ipsec.IPSecIntegrityError:
            out.append(None)
            continue
        at = 20 if version(association.inner[0]) == 4 else 40
        src, dst, n, _ = struct.unpack_from(">HHHH", inner, at)
        out.append((src, dst, inner[at + 8:at + n]))
    return out


def scapy_seals(association, datagrams, pad):
    """With bytes of padding behind the inner packet."""
    inet, inet6, ipsec, sa = scapy(association)
    out = []
    for i, (src, dst, data) in enumerate(datagrams):
        inner = (inet.IP if version(association.inner[0]) == 4 else inet6.IPv6)(
            src=association.inner[0], dst=association.inner[1])
        inner = bytes(inner / inet.UDP(sport=src, dport=dst) / data)
        n = len(inner) + (pad and i * 7 % pad)
        padded = (inet.IP if version(association.inner[0]) == 4 else inet6.IPv6)(
            inner + bytes(n - len(inner)))
        number = association.first + i
        how = {"esn_en": True, "esn": number >> 32} if association.esn else {}
        sa.seq_num = number & 0xffffffff  # as an argument it takes no 0
        out.append(bytes(sa.encrypt(padded, iv=struct.pack(">Q", number ^ 0x5a5a), **how)))
    return out


SCAPY_FORMS = [
    (OUT4, IN4, {"padding": NONE}, 0),
    (OUT4, IN4, {"padding": RANDOM, "key_len": 32}, 300),
    (OUT6, IN6, {"padding": CELL}, 300),
    (OUT4, IN4, {"padding": RANDOM, "esn": True, "first": WRAP}, 300),
    (OUT6, IN6, {"padding": CONSTANT, "esn": True, "first": 5 * 2**32 + 1, "key_len": 32}, 0),
]


def described(a, padding=None):
    return (f"IPv{version(a.inner[0])} in IPv{version(a.outer[0])}, AES-{8 * a.key_len}"
            + (", AH" if a.ah_spi else "") + (", in UDP" if a.udp else "")
            + (", extended" if a.esn else "") + (f", from {a.first}" if a.first > 1 else "")
            + f", padding {padding or a.padding['pad']}")


def test_scapy_opens_ours(w):
    for outer, inner, how, _ in SCAPY_FORMS:
        a = Association(outer, inner, **how)
        sent = messages(COUNT)
        packets = a.seal(sent)
        got = scapy_opens(a, packets)
        broken = [flipped(p, -1 - i % 40) for i, p in enumerate(packets[:TAMPERED])]
        refused = scapy_opens(a, broken).count(None)
        accepted = sum(x == y for x, y in zip(got, sent))
        w.note(f"scapy, {described(a)}: {COUNT} offered, {accepted} accepted;",
               f"{TAMPERED} tampered, {refused} refused")
        check(accepted == len(got) == COUNT, [x for x in zip(got, sent) if x[0] != x[1]][:1])
        check(refused == TAMPERED, refused)


def test_we_open_scapys(w):
    for outer, inner, how, pad in SCAPY_FORMS:
        a = Association(outer, inner, **how)
        sent = messages(COUNT)
        packets = scapy_seals(a, sent, pad)
        _, counts = a.open([flipped(p, -1 - i % 40) for i, p in enumerate(packets[:TAMPERED])])
        got = a.opened(packets)
        w.note(f"ours, of scapy, {described(a, f'0 to {pad}')}: {COUNT} offered,",
               f"{len(got)} accepted;",
               f"{TAMPERED} tampered: {dict(counts)}")
        check(got == sent, [x for x in zip(got, sent) if x[0] != x[1]][:1])
        check(counts == {"bad-auth": TAMPERED}, counts)


# --- Linux -------------------------------------------------------------------------------------

BATCH = 25  # packets on their way at a time; less than the window of the kernel's

KERNEL_FORMS = [
    # Up to the last number that there is.
    (OUT4, IN4, {"padding": NONE, "first": 2**32 - COUNT // 2}),
    (OUT4, IN4, {"padding": RANDOM, "key_len": 32}),
    (OUT4, IN4, {"padding": RANDOM, "esn": True, "first": WRAP}),
    (OUT4, IN4, {"padding": CELL, "ah_spi": 0x2001}),
    (OUT4, IN4, {"padding": RANDOM, "ah_spi": 0x2001, "esn": True, "first": WRAP}),
    (OUT4, IN4, {"padding": RANDOM, "udp": True, "esn": True, "first": WRAP}),
    (OUT6, IN6, {"padding": RANDOM}),
    (OUT6, IN6, {"padding": RANDOM, "ah_spi": 0x2001, "esn": True, "first": WRAP, "key_len": 32}),
    (OUT4, IN6, {"padding": CONSTANT, "esn": True, "first": 5 * 2**32 + 1}),
    (OUT6, IN4, {"padding": CELL, "ah_spi": 0x2001}),
]


def batches(items):
    return [items[i:i + BATCH] for i in range(0, len(items), BATCH)]


def refreshed(a, spi):
    """The association that follows: other keys, SPIs and numbers."""
    return dataclasses.replace(a, spi=spi, ah_spi=a.ah_spi and a.ah_spi + 0x100,
                               first=2**32 + 1 if a.esn else 1, key=b"", ah_key=b"")


def difference(after, before):
    return {k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}


def give_all(linux, rng, packets, sent):
    """Packets in batches, out of order within each; returns how many came out as they were."""
    opened = 0
    for some, expected in zip(batches(packets), batches(sent)):
        some = rng.sample(some, len(some))
        got = linux.give(some)
        left = collections.Counter(expected)
        opened += len(got)
        check(not collections.Counter(got) - left, "not what was sent:", got, expected)
    return opened


def linux_opens_ours(w, linux, rng, a):
    """Half of the datagrams before a refresh, half after it; then what it has to refuse."""
    b = refreshed(a, 0x1101)
    sent = messages(COUNT + TAMPERED)
    half = COUNT // 2
    before = linux.statistics()
    linux.ip(state(a, True) + policies(a, "in"))
    first, second = a.seal(sent[:half]), b.seal(sent[half:])
    opened = give_all(linux, rng, first[:-BATCH], sent)
    # The new one is there before it is used; the last packets of the old one are late.
    linux.ip(state(b, True))
    opened += give_all(linux, rng, second[:BATCH], sent[half:])
    opened += give_all(linux, rng, first[-BATCH:], sent[half - BATCH:])
    linux.ip(end_of_state(a))
    opened += give_all(linux, rng, second[BATCH:half], sent[half + BATCH:])
    errors = difference(linux.statistics(), before)

    before = linux.statistics()
    spare = second[half:]
    broken = [flipped(p, -1 - i * 5 % 90) for i, p in enumerate(spare)]
    got = linux.give(broken) + linux.give(second[half - BATCH:half]) + linux.give(first[-BATCH:])
    refused = difference(linux.statistics(), before)
    came = linux.give(spare)
    w.note(f"Linux, {described(a)}: {COUNT} offered, {opened} accepted, errors {errors};",
           f"{TAMPERED} tampered, {BATCH} replayed and {BATCH} of an association that has ended:",
           f"{len(got)} accepted, {refused}")
    check(opened == COUNT and not errors, opened, errors)
    check(not got and refused == {"XfrmInStateProtoError": TAMPERED, "XfrmInStateSeqError": BATCH,
                                  "XfrmInNoStates": BATCH}, refused)
    check(sorted(came) == sorted(sent[COUNT:]), "tampering used a number up", len(came))


def we_open_linuxs(w, linux, rng, a):
    """The same in the other direction."""
    b = refreshed(a, 0x1102)
    sent = messages(COUNT)
    half = COUNT // 2
    before = linux.statistics()
    linux.ip(state(a, False) + policies(a, "out"))
    packets = []
    for i, some in enumerate(batches(sent)):
        if i * BATCH == half:
            linux.ip(state(b, False) + end_of_state(a))
        packets += rng.sample(x := linux.take(a.inner[1], some), len(x))
    errors = difference(linux.statistics(), before)
    first = [p for p in packets if spi_of(p) == a.spi]
    second = [p for p in packets if spi_of(p) == b.spi]
    check(len(first) == half and len(second) == half, len(packets), len(first), len(second),
          errors)
    sizes = {len(p) for p in packets}
    check(a.padding == NONE or len(sizes) == 1 and min(sizes) > 300, "not padded:", sizes)
    _, refused = a.open([flipped(p, -1 - i * 5 % 90) for i, p in enumerate(first[:TAMPERED])]
                        + first[:1] + first[:BATCH] + second[:BATCH])
    got = a.opened(first) + b.opened(second)
    w.note(f"ours, of Linux, {described(a, 0 if a.padding == NONE else 300)}:",
           f"{len(packets)} offered, {len(got)} accepted, errors {errors};",
           f"{TAMPERED} tampered, 1 replayed: {dict(refused)}")
    check(sorted(got) == sorted(sent) and not errors, len(got), errors)
    wrong = "bad-ah" if a.ah_spi else "bad-auth"
    check(refused == {wrong: TAMPERED, "accepted": BATCH, "replay": 1, "unknown-spi": BATCH},
          refused)


def linux_judges(w, forms):
    linux = Linux(w, [OUT4, OUT6], [IN4, IN6])
    rng = random.Random(1)
    for outer, inner, how in forms:
        linux_opens_ours(w, linux, rng, Association(outer, inner, **how))
        linux.ip(["xfrm state flush", "xfrm policy flush"])
        back = Association(outer[::-1], inner[::-1], **{**how, "spi": 0x1002})
        we_open_linuxs(w, linux, rng, back)
        linux.ip(["xfrm state flush", "xfrm policy flush"])
    linux.end()


def test_linux_over_ip4(w):
    linux_judges(w, [x for x in KERNEL_FORMS if x[0] == OUT4])


def test_linux_over_ip6(w):
    linux_judges(w, [x for x in KERNEL_FORMS if x[0] == OUT6])


# Offset and bits of what a router may change in an outer header, and of what it may not.
MUTABLE = {4: [(1, 0xff), (6, 0x40), (8, 3)], 6: [(1, 0xff), (2, 1), (3, 0x80), (7, 3)]}
IMMUTABLE = {4: [(4, 1), (5, 0x80), (15, 2)], 6: [(9, 1), (23, 2)]}


def variants(packets, changes):
    return [changed(p, *changes[i % len(changes)]) for i, p in enumerate(packets)]


def linux_checks_the_header(w, linux, outer, inner):
    a = Association(outer, inner, ah_spi=0x2001, esn=True)
    v = version(outer[0])
    sent = messages(4 * TAMPERED)
    packets = a.seal(sent + [(0, 0, bytes(100))] * TAMPERED)
    parts = [packets[i:i + TAMPERED] for i in range(0, len(packets), TAMPERED)]
    linux.ip(state(a, True) + policies(a, "in"))
    zero = linux.statistics()
    routed = linux.give(variants(parts[0], MUTABLE[v]))
    one = linux.statistics()
    forged = linux.give(variants(parts[1], IMMUTABLE[v]))
    two = linux.statistics()
    bare = linux.give([without_ah(p) for p in parts[2]])
    three = linux.statistics()
    cover = linux.give(parts[4])
    four = linux.statistics()
    last = linux.give(parts[3])
    linux.ip(["xfrm state flush", "xfrm policy flush"])
    w.note(f"Linux, AH over IPv{v}, {TAMPERED} of each: changed on the way as allowed,",
           f"{len(routed)} accepted; as not allowed, {difference(two, one)}; ESP alone,",
           f"{difference(three, two)}; cover packets, {len(cover)} datagrams,",
           difference(four, three))
    check(sorted(routed) == sorted(sent[:TAMPERED]) and one == zero, difference(one, zero))
    check(not forged and difference(two, one) == {"XfrmInStateProtoError": TAMPERED}, forged)
    check(not bare and difference(three, two)["XfrmInTmplMismatch"] == TAMPERED, bare)
    # It drops them, and counts them here.
    check(not cover and difference(four, three) == {"XfrmInStateProtoError": TAMPERED}, cover)
    check(sorted(last) == sorted(sent[3 * TAMPERED:]), "what follows a cover packet", last)


def we_check_the_header(w, linux, outer, inner, align4):
    a = Association(outer[::-1], inner[::-1], spi=0x1002, ah_spi=0x2002, esn=True)
    v = version(outer[0])
    sent = messages(BATCH)
    linux.ip(state(a, False, align4) + policies(a, "out"))
    packets = linux.take(a.inner[1], sent)
    linux.ip(["xfrm state flush", "xfrm policy flush"])
    n = header_len(packets[0])
    size = 4 * (packets[0][n + 1] + 2)
    _, forged = a.open(variants(packets, IMMUTABLE[v]))
    _, bare = a.open([without_ah(p) for p in packets])
    got = a.opened(variants(packets, MUTABLE[v]))
    w.note(f"ours, of Linux, AH of {size} bytes over IPv{v}, {BATCH} of each: changed on the way",
           f"as allowed, {len(got)} accepted; as not allowed, {dict(forged)}; ESP alone,",
           dict(bare))
    check(size == (28 if v == 4 and align4 else 32), size)
    check(sorted(got) == sorted(sent), got)
    check(forged == {"bad-ah": BATCH} and bare == {"no-ah": BATCH}, forged, bare)


# Bytes of datagrams of which the packets are no longer than 1500.
SIZES = range(1, 1330, 7)


def test_linux_any_size(w):
    linux = Linux(w, [OUT4, OUT6], [IN4, IN6])
    sent = [(319, 320, random.Random(n).randbytes(n)) for n in SIZES]
    for outer, inner in ((OUT4, IN4), (OUT6, IN6)):
        a = Association(outer, inner, ah_spi=0x2001, esn=True)
        linux.ip(state(a, True) + policies(a, "in"))
        opened = give_all(linux, random.Random(1), a.seal(sent), sent)
        b = Association(outer[::-1], inner[::-1], spi=0x1002, ah_spi=0x2002, esn=True)
        linux.ip(state(b, False) + policies(b, "out"))
        got = b.opened(sum((linux.take(b.inner[1], x) for x in batches(sent)), []))
        errors = linux.statistics()
        w.note(f"{described(a)}, datagrams of {SIZES[0]} to {SIZES[-1]} bytes: {len(sent)} offered",
               f"to Linux, {opened} accepted; {len(sent)} of Linux, {len(got)} accepted; {errors}")
        check(opened == len(sent) and sorted(got) == sorted(sent) and not errors, errors)
        linux.ip(["xfrm state flush", "xfrm policy flush"])
    linux.end()


def test_linux_ah_covers_the_header(w):
    linux = Linux(w, [OUT4, OUT6], [IN4, IN6])
    for outer, inner in ((OUT4, IN4), (OUT6, IN6)):
        linux_checks_the_header(w, linux, outer, inner)
        we_check_the_header(w, linux, outer, inner, True)
    we_check_the_header(w, linux, OUT4, IN4, False)
    linux.end()


# --- the machine, which refreshes by itself ----------------------------------------------------

TUNNELS = [
    {"outer": OUT4, "inner": IN4, "padding": 300, "esn": True},
    {"outer": OUT4, "inner": IN4, "padding": 300, "esn": True, "ah": True, "key_len": 32},
    {"outer": OUT6, "inner": IN6, "padding": 0, "ah": True},
]
PER_EPOCH = 400
SECRET = bytes(range(32))


def linux_opens_a_tunnels(w, linux, rng, t):
    sent = messages(COUNT)
    epochs = t.associations(True)
    packets = t.seal(sent)
    linux.ip(sum((state(a, True) for a in epochs), []) + policies(epochs[0], "in"))
    before = linux.statistics()
    opened = give_all(linux, rng, packets, sent)
    errors = difference(linux.statistics(), before)
    used = collections.Counter(spi_of(p) for p in packets)
    linux.ip(["xfrm state flush", "xfrm policy flush"])
    w.note(f"Linux, tunnel, {described(epochs[0], t.padding)}: {COUNT} offered, {opened} accepted",
           f"in {len(used)} epochs, errors {errors}")
    check(opened == COUNT and not errors, opened, errors)
    check([used[a.spi] for a in epochs] == [PER_EPOCH, PER_EPOCH, COUNT - 2 * PER_EPOCH], used)


def a_tunnel_opens_linuxs(w, linux, rng, t):
    sent = messages(COUNT)
    epochs = t.associations(False)
    packets = []
    linux.ip(policies(epochs[0], "out"))
    for i, some in enumerate(batches(sent)):
        if i * BATCH % PER_EPOCH == 0:
            n = i * BATCH // PER_EPOCH
            linux.ip(state(epochs[n], False) + (end_of_state(epochs[n - 1]) if n else []))
        packets += linux.take(t.inner[0], some)
    linux.ip(["xfrm state flush", "xfrm policy flush"])
    # Out of order, and across the refreshes.
    mixed = []
    for i in range(0, len(packets), 60):
        mixed += rng.sample(x := packets[i:i + 60], len(x))
    stranger = Association(t.outer[::-1], t.inner[::-1], ah_spi=1000 * t.ah, esn=t.esn)
    seen, counts = t.open([flipped(p, -1 - i * 5 % 90) for i, p in enumerate(mixed[:TAMPERED])]
                          + stranger.seal(sent[:BATCH]) + mixed + mixed[-BATCH:])
    got = [x[2] for x in seen if x[0] == "accepted"]
    w.note(f"tunnel, of Linux, {described(epochs[0], t.padding)}: {len(mixed)} offered,",
           f"{len(got)} accepted in {len(epochs)} epochs; {TAMPERED} tampered, {BATCH} of a",
           f"stranger and {BATCH} replayed: {dict(counts)}")
    check(sorted(got) == sorted(sent), len(got), counts)
    check(counts == {"accepted": COUNT, "bad-ah" if t.ah else "bad-auth": TAMPERED,
                     "unknown-spi": BATCH, "replay": BATCH}, counts)


def test_linux_and_a_tunnel(w):
    linux = Linux(w, [OUT4, OUT6], [IN4, IN6])
    rng = random.Random(1)
    for how in TUNNELS:
        t = Tunnel(secret=SECRET, epochs=3, packets=PER_EPOCH, **how)
        linux_opens_a_tunnels(w, linux, rng, t)
        a_tunnel_opens_linuxs(w, linux, rng, t)
    linux.end()


def hkdf(salt, secret, info, n):
    """RFC 5869 with SHA-256."""
    key = hmac.digest(salt, secret, "sha256")
    out = last = b""
    for i in range(1, 256):
        last = hmac.digest(key, last + info + bytes([i]), "sha256")
        out += last
    return out[:n]


def test_keys_of_a_tunnel_are_hkdfs(w):
    t = Tunnel(OUT4, IN4, SECRET, epochs=130, packets=1, key_len=32, ah=True)
    for direction, initiator in enumerate((True, False)):
        addresses = [socket.inet_aton(x) + bytes(12) for x in (IN4 if initiator else IN4[::-1])]
        way = b"\4" + b"".join(addresses)
        for epoch, a in enumerate(t.associations(initiator), 1):
            text = hkdf(b"noonmark tunnel 1", SECRET, struct.pack(">BBQ", 0, direction, epoch) + way, 72)
            block = hkdf(b"noonmark tunnel 1", SECRET,
                         struct.pack(">BBQ", 1, direction, epoch // 64) + way, 256)
            spi, = struct.unpack_from(">I", block, 4 * (epoch % 64))
            ah_spi, = struct.unpack_from(">I", text, 68)
            check(a.key + a.ah_key == text[:68], epoch)
            check(a.spi == spi | 1 << 31 and a.ah_spi == ah_spi | 1 << 31, epoch, a)
    w.note("HKDF of another make: 260 of 260 sets of keys and SPIs")


if __name__ == "__main__":
    sys.exit(main(globals()))
