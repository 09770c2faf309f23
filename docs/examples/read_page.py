#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Read the shared page of noonmarkd as docs/page.md describes it, without libnoonmark.

Usage: read_page.py FILE     prints earliest and latest UTC in ns, status and reason, as JSON

For x86-64: Python cannot ask for acquire loads, which other processors need.
"""
import json
import math
import mmap
import os
import struct
import sys
import time

MAGIC, VERSION = 0x4E4F4F4E4D41524B, 3
BODY = struct.Struct("=3q2dq2d2q4I2q16x")
STOPPED = -2 ** 63
MONOTONIC_RAW, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME = 4, 5, 6, 7
UNSYNCHRONISED, OK, HOLDOVER, ALARM, STALE = range(5)
SLEEP_MIN = 1000000


def boot_id():
    with open("/proc/sys/kernel/random/boot_id") as f:
        return bytes.fromhex(f.read().replace("-", "").strip())


class Page:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.map = mmap.mmap(f.fileno(), 4096, mmap.MAP_SHARED, mmap.PROT_READ)
        magic, version, size, boot, time_ns = struct.unpack_from("=QII16sQ", self.map)
        if (magic, version) != (MAGIC, VERSION) or size < 344:
            raise ValueError(f"{path}: not a page of version {VERSION}")
        self.same_boot = boot == boot_id()
        try:
            self.same_time_ns = os.stat("/proc/self/ns/time").st_ino == time_ns
        except FileNotFoundError:
            self.same_time_ns = time_ns == 0

    def number(self):
        return struct.unpack_from("=I", self.map, 56)[0]

    def copy(self):
        """One statement, CLOCK_MONOTONIC_RAW and CLOCK_REALTIME - CLOCK_MONOTONIC while it was in force."""
        while True:
            number = self.number()
            raw = time.clock_gettime_ns(MONOTONIC_RAW)
            mono = time.clock_gettime_ns(MONOTONIC_COARSE)
            real_ahead = time.clock_gettime_ns(REALTIME_COARSE) - mono
            body = BODY.unpack_from(self.map, 64 + 128 * (number % 2))
            if self.number() == number:
                return body, raw, real_ahead

    def read(self):
        """(earliest, latest, status, reason); earliest and latest are None where there is no interval."""
        body, raw, real_ahead = self.copy()
        (raw0, earliest0, latest0, rate_e, rate_l, rates_until, late_e, late_l, void_after, fresh_until,
         status, reason, has_time, _, asleep, real_ahead0) = body
        if not self.same_boot:
            status, reason = STALE, 35
        elif not self.same_time_ns:
            status, reason = STALE, 36
        elif fresh_until == STOPPED:
            status, reason = STALE, 32
        elif has_slept(real_ahead - real_ahead0, asleep):
            status, reason = STALE, 34
        elif raw < raw0:
            status, reason = STALE, 37
        elif raw > fresh_until:
            status, reason = STALE, 33
        elif raw > void_after and status in (OK, HOLDOVER):
            status, reason = ALARM, 4
        if not (has_time and self.same_boot and self.same_time_ns):
            return None, None, status, reason
        until = max(min(raw, rates_until), raw0)
        earliest = earliest0 + raw - raw0 + math.floor((until - raw0) * rate_e + (raw - until) * late_e)
        latest = latest0 + raw - raw0 + math.ceil((until - raw0) * rate_l + (raw - until) * late_l)
        return earliest, latest, status, reason


def has_slept(grown, asleep):
    if 0 <= grown <= SLEEP_MIN:
        return False
    boot = time.clock_gettime_ns(BOOTTIME)
    return boot - time.clock_gettime_ns(time.CLOCK_MONOTONIC) - asleep > SLEEP_MIN


if __name__ == "__main__":
    print(json.dumps(dict(zip(("earliest", "latest", "status", "reason"), Page(sys.argv[1]).read()))))
