#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's ptp4l as transmitter and as receiver, and tshark as the judge of our messages."""
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import sys
import time

import peers
from harness import PATIENCE, Process, Skip, check, main, wait_for
from ptp import AES, KEY, OPEN, measuring, ptp, receiver, sa_file, secured, served, transmitter


class Ptp4l(Process):
    """A ptp4l on veth0 of a namespace, with software stamps, that never touches the clock."""

    def __init__(self, w, net, end, name="ptp4l", **options):
        self.dir = w.path(name)
        os.makedirs(self.dir, exist_ok=True)
        conf = {"time_stamping": "software", "network_transport": "UDPv4", "free_running": 1,
                "freq_est_interval": 0, "logSyncInterval": -3, "logMinDelayReqInterval": -3,
                "logAnnounceInterval": -2, "announceReceiptTimeout": 4, "verbose": 1,
                "use_syslog": 0, "uds_address": self.dir + "/uds", **options}
        port = conf.pop("port", "")
        text = "[global]\n" + "".join(f"{k} {v}\n" for k, v in conf.items() if k != "table")
        text += conf.get("table", "") + f"[veth0]\n{port}\n"
        super().__init__(w, name, [peers.find("usr/sbin/ptp4l"), "-f", w.write(name + ".cfg", text),
                                   "-m"], env=peers.environment(), ns=net.end(end))
        self.expected = {0, -15, 255}

    def rms(self):
        """(rms, max, delay) of each report, ns."""
        return [tuple(int(x) for x in m) for m in re.findall(
            r"rms\s+(\d+) max\s+(\d+) .*?delay\s+(-?\d+)", self.log())]


# ptp4l with software stamps counts UTC, calls its timescale arbitrary and claims no accuracy.
PTP4L = {"arbitrary-is-utc": True, "accuracy": "2us", **OPEN}


def unicast_table(address, transport="UDPv4"):
    return (f"[unicast_master_table]\ntable_id 1\nlogQueryInterval 0\n{transport} {address}\n")


def follows_ptp4l(w, transport, unicast):
    net = w.net()
    more = {} if transport == "UDPv4" else {"network_transport": transport}
    Ptp4l(w, net, "a", port="masterOnly 1", unicast_listen=1,
          **({"network_transport": transport})).start()
    address = (net.address if transport == "UDPv4" else net.address6)["a"]
    if unicast:
        more = {**more, "transmitter": address}
    r = receiver(w, net, **PTP4L, **more)
    r.wait_state("ok", 25)
    p = measuring(r)
    time.sleep(2)
    check(p["clock_class"] == 248 and p["accuracy_s"] is None and not p["ptp_timescale"], p)
    check(p["mode"] == ("unicast" if unicast else "multicast"), p)
    s = r.source()
    check(abs(s["offset_s"]) < 1 and s["rtt_s"] < 2e-3, s)
    w.note(transport, "unicast" if unicast else "multicast", "rtt", s["rtt_s"], "bound",
           r.status()["bound_s"])


def test_follows_ptp4l_multicast(w):
    follows_ptp4l(w, "UDPv4", False)


def test_follows_ptp4l_unicast(w):
    follows_ptp4l(w, "UDPv4", True)


def test_follows_ptp4l_multicast_ipv6(w):
    follows_ptp4l(w, "UDPv6", False)


def test_follows_ptp4l_unicast_ipv6(w):
    follows_ptp4l(w, "UDPv6", True)


def test_follows_ptp4l_on_ethernet(w):
    follows_ptp4l(w, "L2", False)


def leads_ptp4l(w, transport, unicast, **options):
    net = w.net()
    t = transmitter(w, net, network_transport=transport, unicast_listen=unicast, **options)
    address = (net.address if transport == "UDPv4" else net.address6)["a"]
    more = {"network_transport": transport, "slaveOnly": 1}
    if unicast:
        more.update({"table": unicast_table(address, transport), "unicast_req_duration": 60,
                     "port": "unicast_master_table 1"})
    slave = Ptp4l(w, net, "b", **more).start()
    # Both are on CLOCK_REALTIME: the offset is the noise of the stamps, which a busy machine makes
    # large for a while.
    wait_for(lambda: not slave.alive() or any(rms < 200000 for rms, _, _ in slave.rms()), 60,
             "ptp4l reports an offset of noise alone")
    check(slave.alive(), slave.log()[-500:])
    rms, top, delay = min(slave.rms())
    check(rms < 200000 and 0 <= delay < 1000000, slave.rms())
    check("UNCALIBRATED on RS_SLAVE" in slave.log(), slave.log()[-600:])
    s = served(t)
    check(s["unicast_receivers"] == (1 if unicast else 0), s)
    check("bad message" not in slave.log(), slave.log()[-600:])
    w.note(transport, "unicast" if unicast else "multicast", "ptp4l: rms", rms, "max", top,
           "delay", delay, "ns")


def test_leads_ptp4l_multicast(w):
    leads_ptp4l(w, "UDPv4", False)


def test_leads_ptp4l_unicast(w):
    # ptp4l 3.1.1 mixes up the multicast and the unicast Syncs of one transmitter (its own included,
    # unless inhibit_multicast_service is on): it is given one of them.
    leads_ptp4l(w, "UDPv4", True, multicast=False)


def test_leads_ptp4l_unicast_ipv6(w):
    leads_ptp4l(w, "UDPv6", True, multicast=False)


def test_leads_ptp4l_one_step(w):
    leads_ptp4l(w, "UDPv4", False, twoStepFlag=False)


def test_leads_ptp4l_ipv6(w):
    leads_ptp4l(w, "UDPv6", False)


def test_leads_ptp4l_on_ethernet(w):
    leads_ptp4l(w, "L2", False)


def test_one_domain_with_mixed_traffic(w):
    """One transmitter of ours; a ptp4l in multicast and our receiver in unicast beside it."""
    net = w.net()
    t = transmitter(w, net, unicast_listen=True)
    slave = Ptp4l(w, net, "b", slaveOnly=1).start()
    wait_for(lambda: "on RS_SLAVE" in slave.log(), 20, "ptp4l follows")
    slave.stop()
    r = receiver(w, net, transmitter=net.address["a"], **OPEN)
    r.wait_state("ok", 20)
    measuring(r)
    check("replay" not in served(t)["verdicts"], served(t))


def test_better_transmitter_silences_ours(w):
    net = w.net()
    t = transmitter(w, net, priority1=200)
    wait_for(lambda: served(t)["state"] == "MASTER", 10, "it leads while it is alone")
    other = Ptp4l(w, net, "b", port="masterOnly 1", priority1=100).start()
    wait_for(lambda: served(t)["state"] == "PASSIVE", 15, "it gives way to a better one")
    before = served(t)["syncs"]
    time.sleep(1)
    check(served(t)["syncs"] - before <= 1, "it goes on sending")
    other.stop()
    wait_for(lambda: served(t)["state"] == "MASTER", 15, "it leads again")


class Capture(Process):
    def __init__(self, w, ns):
        if not shutil.which("tshark") or not shutil.which("dumpcap"):
            raise Skip("tshark is not installed")
        self.file = w.path("ptp.pcap")
        super().__init__(w, "dumpcap", ["dumpcap", "-q", "-i", "veth0", "-P", "-w", self.file],
                         ns=ns)
        self.start()
        wait_for(lambda: "File:" in self.log() or not self.alive(), 10, "dumpcap captures")
        if not self.alive():
            self.expected = {self.popen.returncode}
            raise Skip("cannot capture here: " + self.log()[-200:])
        time.sleep(0.5)


def tshark(path, *args):
    done = subprocess.run(["tshark", "-n", "-r", path, *args], capture_output=True, text=True,
                          timeout=60 * PATIENCE, env={**os.environ, "HOME": os.path.dirname(path)})
    check(done.returncode == 0, "tshark:", done.stderr[-500:])
    return done.stdout.splitlines()


def fields(path, display, *names):
    args = ["-Y", display, "-T", "fields", "-E", "separator=|", "-E", "aggregator=,"]
    for name in names:
        args += ["-e", name]
    return [line.split("|") for line in tshark(path, *args)]


def cmac(key, message):
    done = subprocess.run(["openssl", "mac", "-cipher", "AES-128-CBC", "-macopt", "hexkey:" + key,
                           "-in", "-", "CMAC"], input=message, capture_output=True)
    check(done.returncode == 0, done.stderr)
    return bytes.fromhex(done.stdout.decode().strip())


def check_icv(message, algorithm):
    """Compute the check value again with other code than ours."""
    length = int.from_bytes(message[2:4], "big")
    message = message[:length]
    tag = 16
    head, icv = message[:-tag], message[-tag:]
    check(head[-10:-6] == bytes([0x80, 0x09, 0, 6 + tag]), head[-10:].hex())
    check(head[-6:] == bytes([1, 0]) + (1).to_bytes(4, "big"), head[-6:].hex())
    want = hmac.new(bytes.fromhex(KEY), head, hashlib.sha256).digest()[:tag] \
        if algorithm == "SHA256-128" else cmac(AES, head)
    check(icv == want, "check value", icv.hex(), "expected", want.hex())


def judged(w, algorithm, key):
    net = w.net()
    capture = Capture(w, net.end("b"))
    keys = sa_file(w, keys=((1, algorithm, key),))
    transmitter(w, net, **secured(keys))
    r = receiver(w, net, sources=[
        ("multi", {"interface": "veth0", "logSyncInterval": -3, "logAnnounceInterval": -2,
                   "logMinDelayReqInterval": -3, **secured(keys)}),
        ("uni", {"interface": "veth0", "transmitter": net.address["a"], "logSyncInterval": -3,
                 "logAnnounceInterval": -2, "logMinDelayReqInterval": -3, **secured(keys)})])
    r.wait_state("ok", 20)
    for i in range(2):
        measuring(r, index=i)
    r.stop()
    time.sleep(0.5)
    capture.stop()
    bad = fields(capture.file, "_ws.malformed || (ptp && _ws.expert.severity >= \"Warning\")",
                 "frame.number", "_ws.expert.message", "_ws.col.Info")
    check(not bad, "tshark complains:", bad[:5])
    seen = fields(capture.file, "ptp", "ptp.v2.messagetype", "udp.payload", "ptp.v2.versionptp",
                  "ptp.v2.minorversionptp", "udp.dstport")
    kinds = {int(s[0], 16) for s in seen}
    check(kinds >= {0, 1, 8, 9, 0xb, 0xc}, "kinds of messages:", kinds)
    probes = 0
    for kind, payload, version, minor, port in seen:
        message = bytes.fromhex(payload.replace(":", ""))
        check(version == "2" and minor in ("1", ""), version, minor)
        if int(kind, 16) == 0xc and port == "319":
            probes += 1  # the test of the stamps says nothing that needs a check value
            continue
        check(port == ("319" if int(kind, 16) < 4 else "320"), kind, port)
        check_icv(message, algorithm)
    check(probes <= 2, probes)
    # tshark shows the TLVs of these two only.
    for kind, field in (("0xb", "ptp.v2.an.tlvType"), ("0xc", "ptp.v2.sig.tlv.tlvType")):
        types = [t[0].split(",")[-1] for t in fields(
            capture.file, f"ptp.v2.messagetype == {kind} && udp.port == 320", field)]
        check(types and all(int(t, 0) == 0x8009 for t in types), kind, types[:5])
    w.note(algorithm, len(seen), "messages with good check values")


def test_tshark_and_check_values_hmac(w):
    judged(w, "SHA256-128", KEY)


def test_tshark_and_check_values_cmac(w):
    judged(w, "AES128", AES)


if __name__ == "__main__":
    sys.exit(main(globals()))
