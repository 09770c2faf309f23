# SPDX-License-Identifier: Apache-2.0
"""PTP daemons for the tests, in the namespaces of a Net: the transmitter in "a", the receiver in "b"."""
from harness import wait_for

# All in namespaces of one machine: true time is CLOCK_REALTIME, and a few stamps are wrong by the
# time that a busy machine takes.
RATES = {"logSyncInterval": -3, "logAnnounceInterval": -2, "logMinDelayReqInterval": -3}
CLOCK = {"type": "virtual", "offset": "3ms", "frequency-error": "20ppm", "random-walk": 1e-9}
KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
OTHER = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
AES = "000102030405060708090a0b0c0d0e0f"
TAI = 37


def sa_file(w, name="sa", keys=((1, "SHA256-128", KEY),), spp=1):
    text = f"[security_association]\nspp {spp}\nseqid_window 3\n"
    text += "".join(f"{i} {kind} HEX:{key}\n" for i, kind, key in keys)
    return w.write(name, text, mode=0o600)


def secured(path, **more):
    return {"sa_file": path, "spp": 1, **more}


OPEN = {"allow-unauthenticated": True}


def transmitter(w, net, name="transmitter", end="a", start=True, top=None, clock=None, **options):
    inside = {"interface": "veth0", "local-clockClass": 6, "local-bound": "2us", **RATES}
    inside.update(options)
    inside = {k: v for k, v in inside.items() if v is not None}
    conf = {"utc_offset": TAI, "clock": clock or {"type": "system-read-only"},
            "ptp-transmitter": [("gm", inside)], **(top or {})}
    d = w.daemon(name, conf, ns=net.end(end))
    return d.start() if start else d


def receiver(w, net, name="receiver", end="b", start=True, watch=True, top=None, sources=None,
             **options):
    inside = {"interface": "veth0", **RATES}
    inside.update(options)
    conf = {"utc_offset": TAI, "alert-limit": "2ms", "wander": "5ppm", "max-age": "30s",
            "clock": CLOCK, "ptp-receiver": sources or [("gm", inside)], **(top or {})}
    d = w.daemon(name, conf, ns=net.end(end))
    if start:
        d.start()
        if watch:
            d.watcher = d.watch()
    return d


def ptp(d, index=0):
    return d.status()["sources"][index]["ptp"]


def served(d, index=0):
    return d.status()["ptp_transmitters"][index]


def measuring(d, seconds=20, index=0):
    """Wait until a receiver measures, and return its state."""
    return wait_for(lambda: (p := ptp(d, index))["samples"] > 8 and p["state"] == "SLAVE" and p,
                    seconds, f"{d.name} measures")
