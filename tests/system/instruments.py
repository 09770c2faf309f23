# SPDX-License-Identifier: Apache-2.0
"""Simulated instruments: counters on ptys and on TCP, and gpsd.

Each runs in a thread of its own and measures once a second, shortly after the second of the system
clock has begun. `spec` is what an option that names an instrument takes; `interval` is by how many
seconds the system clock is ahead of the reference, and may be changed at any time; `fault` is one of
the words of `FAULTS`, or "" for none, and may be changed as well. `heard` is what the program under test
sent, line by line.
"""
import json
import os
import pty
import select
import socket
import threading
import time
import tty


class Instrument:
    """The thread, and the seconds."""

    FAULTS = ()

    def __init__(self, interval_s, every=1.0):
        self.interval = interval_s
        self.every = every  # s, of the system clock
        self.heard = []
        self._fault = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def fault(self):
        return self._fault

    @fault.setter
    def fault(self, word):
        if word and word not in self.FAULTS:
            raise ValueError(f"{type(self).__name__} has no fault {word!r}: {self.FAULTS}")
        self._fault = word

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._stopping.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(5)
        self._close()

    def _next_pulse(self):
        """The system clock at the next pulse, s"""
        return (time.time() // self.every + 1) * self.every

    def _run(self):
        raise NotImplementedError

    def _close(self):
        raise NotImplementedError


class OnPty(Instrument):
    """Something at the other end of a serial line."""

    def __init__(self, interval_s, every=1.0):
        super().__init__(interval_s, every)
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.device = os.ttyname(self._slave)
        self._rest = b""

    def _say(self, text):
        """A full line loses what does not fit, as it does where nobody reads."""
        try:
            os.write(self._master, text.encode())
        except (BlockingIOError, OSError):
            pass

    def _hear(self, seconds):
        """Lines that came within so many seconds; ends with the first ones."""
        end = time.monotonic() + max(0, seconds)
        while not self._stopping.is_set() and self._master >= 0:
            left = end - time.monotonic()
            ready = select.select([self._master], [], [], max(0, min(left, 0.1)))[0]
            if ready:
                try:
                    self._rest += os.read(self._master, 4096)
                except OSError:
                    return []
                *lines, self._rest = self._rest.replace(b"\r", b"\n").split(b"\n")
                lines = [x.decode(errors="replace") for x in lines]
                self.heard += lines
                if lines:
                    return lines
            if left <= 0:
                break
        return []

    def hang_up(self):
        """As if the cable were pulled."""
        self._close()

    def _close(self):
        master, slave, self._master, self._slave = self._master, self._slave, -1, -1
        for fd in (master, slave):
            if fd >= 0:
                os.close(fd)


class Ticc(OnPty):
    """A TAPR TICC. `mode` is "interval", "stamps", "timelab", "period" or "debug".

    comments   a comment before each reading
    partial    lines that are cut short
    lost       says at each pulse that its reference is lost, and goes on; afterwards, that it is back
    stopped    says so and stops until a key is pressed and the fault is gone, as firmware of 2025
    second     intervals are wrong by a second, as with old firmware
    range      intervals that make no sense
    swapped    chB before chA
    unpaired   no chB
    garbage    something else
    silence    nothing at all
    """

    FAULTS = ("comments", "partial", "lost", "stopped", "second", "range", "swapped", "unpaired",
              "garbage", "silence")
    HEADING = {"interval": "time interval A->B (seconds with 11 decimal places)",
               "stamps": "timestamp (seconds with 11 decimal places)",
               "timelab": "timestamp ch0, ch1; interval chA->B (seconds with 11 decimal places)",
               "period": "period (seconds with 11 decimal places)",
               "debug": "time1 time2 clock1 cal1 cal2 PICstop tof timestamp"}

    def __init__(self, w, interval_s, mode="interval", wrap_s=0, every=1.0):
        super().__init__(interval_s, every)
        self.w = w
        self.mode = mode
        self.wrap_s = wrap_s  # time stamps begin again after so many seconds; 0: never
        self.spec = f"ticc:{self.device}"
        self._lost = False
        self._begin = time.time() // every * every - 7 * every
        self.start()

    def _banner(self):
        self._say("# \r\n# TAPR TICC Timestamping Counter\r\n# \r\n#####################\r\n"
                  f"# {self.HEADING[self.mode]}\r\n")

    def _stamp(self, seconds):
        """From the beginning; picoseconds are not lost where the interval is small."""
        ps = round(seconds * 1e12)
        if self.wrap_s:
            ps %= self.wrap_s * 10**12
        return f"{ps // 10**12}.{ps % 10**12:012d}"[:-1]

    def _lines(self, pulse):
        interval = self.interval
        if self._fault == "second":
            interval += 1
        if self._fault == "range":
            interval = 3.7
        if self.mode == "interval":
            return [f"{interval:.11f} TI(A->B)"]
        if self.mode == "period":
            return [f"{self.every:.11f} chA", f"{self.every:.11f} chB"]
        count = round((pulse - self._begin) / self.every)
        a, b = count * self.every, count * self.every + interval
        if self.mode == "debug":
            return [f"1041 1190 14 1221 24409 {count}0000 89012 {self._stamp(a)} chA"]
        lines = [f"{self._stamp(a)} chA", f"{self._stamp(b)} chB"]
        if self._fault == "swapped":
            lines.reverse()
        if self._fault == "unpaired":
            del lines[1]
        if self.mode == "timelab":
            lines.append(f"{self._stamp(int(b) + interval)} chC")
        return lines

    def _pulse(self, pulse):
        lines = self._lines(pulse)
        if self._fault == "silence":
            return
        if self._fault in ("lost", "stopped"):
            self._lost = True
            self._say("# 10 MHZ Reference lost!\r\n")
            if self._fault == "stopped":
                self._stop_for_key()
                return
        if self._fault != "lost" and self._lost:
            self._lost = False
            self._say("# 10 MHz Reference found\r\n")
        if self._fault == "comments":
            self._say("# a comment: 0.5 TI(A->B)\r\n")
        if self._fault == "partial":
            lines = [line[:len(line) // 2] for line in lines]
        if self._fault == "garbage":
            lines = ["\x00\x7f 12..3 TI(B->A)"]
        self._say("".join(line + "\r\n" for line in lines))

    def _stop_for_key(self):
        self._say("# Press any key to restart after reference is restored.\r\n")
        while not self._stopping.is_set() and not self._hear(0.5):
            pass
        while not self._stopping.is_set() and self._fault == "stopped":
            time.sleep(0.05)
        self._lost = False
        self._banner()

    def _run(self):
        # The reader is connected in the middle of a line.
        self._say("4567 TI(A->B)\r\n")
        self._banner()
        while not self._stopping.is_set() and self._master >= 0:
            pulse = self._next_pulse()
            while not self._stopping.is_set() and time.time() < pulse + 0.005:
                self._hear(min(0.1, pulse + 0.005 - time.time()))
            if not self._stopping.is_set() and self._master >= 0:
                self._pulse(pulse)


class Sr620(OnPty):
    """A Stanford SR620; with a GPIB address it is behind a Prologix adapter.

    silence    no answer
    partial    answers that are cut short
    garbage    something else
    second     intervals are wrong by a second
    """

    FAULTS = ("silence", "partial", "garbage", "second")

    def __init__(self, w, interval_s=0.0, gpib=None, every=1.0):
        super().__init__(interval_s, every)
        self.w = w
        self.gpib = gpib
        self.spec = f"sr620:{self.device}" + ("" if gpib is None else f",{gpib}")
        self.start()

    def _answer(self):
        pulse = self._next_pulse()
        while not self._stopping.is_set() and time.time() < pulse + 0.005:
            time.sleep(0.01)
        value = self.interval + (1 if self._fault == "second" else 0)
        text = f"{value:.13E}"
        if self._fault == "silence":
            return
        if self._fault == "partial":
            text = text[:text.index("E") + 1]
        if self._fault == "garbage":
            text = "what?"
        self._say(text + "\r\n")

    def _run(self):
        asked = "MEAS? 0" if self.gpib is None else "++read eoi"
        while not self._stopping.is_set() and self._master >= 0:
            for line in self._hear(0.2):
                if line.strip() == asked:
                    self._answer()


class OnTcp(Instrument):
    """A server for one program after the other."""

    def __init__(self, interval_s, every=1.0):
        super().__init__(interval_s, every)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port = self._listener.getsockname()[1]
        self.connections = 0

    def _run(self):
        while not self._stopping.is_set():
            try:
                peer = self._listener.accept()[0]
            except OSError:
                continue
            self.connections += 1
            with peer:
                peer.settimeout(0.05)
                try:
                    self._serve(peer)
                except OSError:
                    pass

    def _lines(self, peer, rest):
        """Lines that came, and the rest; None: the peer is gone"""
        try:
            data = peer.recv(4096)
        except TimeoutError:
            return [], rest
        if not data:
            return None, rest
        *lines, rest = (rest + data).split(b"\n")
        lines = [x.decode(errors="replace").strip() for x in lines]
        self.heard += lines
        return lines, rest

    def _serve(self, peer):
        raise NotImplementedError

    def _close(self):
        self._listener.close()


class Counter53230a(OnTcp):
    """A Keysight 53230A. As in the counter, an interval to a pulse that was earlier is measured to the
    next one, which is a second later.

    timeout    +9.9E+37
    stamps     time stamps, with the prescaler as first element
    list       the reading twice
    error      refuses its settings
    partial    numbers that are cut short
    garbage    something else
    silence    no answer
    closed     closes the connection instead of each answer
    """

    FAULTS = ("timeout", "stamps", "list", "error", "partial", "garbage", "silence", "closed")

    def __init__(self, w, interval_s=0.0, every=1.0):
        super().__init__(interval_s, every)
        self.w = w
        self.spec = f"53230a:127.0.0.1:{self.port}"
        self.start()

    def _reading(self):
        value = self.interval if self.interval >= 0 else self.interval + self.every
        text = f"{value:+.14E}"
        mantissa, exponent = text.split("E")
        text = f"{mantissa}E{int(exponent):+04d}"
        return {"timeout": "+9.90000000000000E+037", "stamps": "+13,+1.29380000000000E-006",
                "list": f"{text},{text}", "partial": text[:-4], "garbage": "what?"}.get(
                    self._fault, text)

    def _serve(self, peer):
        rest = b""
        while not self._stopping.is_set():
            lines, rest = self._lines(peer, rest)
            if lines is None:
                return
            for line in lines:
                if line == "SYST:ERR?":
                    bad = self._fault == "error"
                    peer.sendall(b'-221,"Settings conflict"\n' if bad else b'+0,"No error"\n')
                elif line == "READ?" and not self._read(peer):
                    return

    def _read(self, peer):
        pulse = self._next_pulse()
        while not self._stopping.is_set() and time.time() < pulse + 0.005:
            time.sleep(0.01)
        if self._fault == "closed":
            return False
        if self._fault != "silence":
            peer.sendall(self._reading().encode() + b"\n")
        return True


class FakeGpsd(OnTcp):
    """gpsd with one receiver. A system clock that is ahead by `interval` gives an offset of the other
    sign: reference - system clock.

    nofix      TPV says that there is no fix; pulses go on
    toff       TOFF instead of PPS
    error      an ERROR each second, besides the pulse
    garbage    something that is no JSON
    long       a line of 10,000 bytes before each pulse
    other      a pulse of another receiver, wrong by a millisecond, after each
    silence    nothing after the greeting
    closed     closes each connection after the greeting
    """

    FAULTS = ("nofix", "toff", "error", "garbage", "long", "other", "silence", "closed")

    def __init__(self, w, interval_s=0.0, precision=-20, every=1.0):
        super().__init__(interval_s, every)
        self.w = w
        self.precision = precision
        self.spec = f"gpsd:127.0.0.1:{self.port}"
        self.start()

    @staticmethod
    def _tell(peer, **message):
        peer.sendall(json.dumps(message, separators=(",", ":")).encode() + b"\r\n")

    def _pps(self, peer, clock_ns, kind="PPS", device="/dev/ttyS0", wrong_ns=0):
        real_ns = clock_ns - round(self.interval * 1e9) + wrong_ns
        self._tell(peer, **{"class": kind}, device=device, real_sec=real_ns // 10**9,
                   real_nsec=real_ns % 10**9, clock_sec=clock_ns // 10**9,
                   clock_nsec=clock_ns % 10**9, precision=self.precision)

    def _second(self, peer, clock_ns):
        fault = self._fault
        if fault == "garbage":
            peer.sendall(b"$GPRMC,no,json\r\n")
            return
        self._tell(peer, **{"class": "TPV"}, device="/dev/ttyS0", mode=1 if fault == "nofix" else 3)
        if fault == "error":
            self._tell(peer, **{"class": "ERROR"}, message="Unrecognized request '?'")
        if fault == "long":
            peer.sendall(b"x" * 10000 + b"\r\n")
        self._pps(peer, clock_ns, kind="TOFF" if fault == "toff" else "PPS")
        if fault == "other":
            self._pps(peer, clock_ns, device="/dev/ttyS1", wrong_ns=10**6)

    def _serve(self, peer):
        rest, watched = b"", False
        self._tell(peer, **{"class": "VERSION"}, release="3.22", rev="3.22", proto_major=3,
                   proto_minor=14)
        if self._fault == "closed":
            return
        pulse = self._next_pulse()
        while not self._stopping.is_set() and self._fault != "closed":
            lines, rest = self._lines(peer, rest)
            if lines is None:
                return
            for line in lines:
                if line.startswith("?WATCH=") and '"pps":true' in line:
                    watched = True
                    self._tell(peer, **{"class": "WATCH"}, enable=True, json=True, pps=True)
            if time.time() < pulse:
                continue
            if watched and self._fault != "silence":
                self._second(peer, round(pulse * 1e9))
            pulse = self._next_pulse()
