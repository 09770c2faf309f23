#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""chronyd in both roles."""
import json
import os
import signal
import subprocess
import sys
import time

from peers import Chrony, ChronyClient, ChronyServer, environment, find
from harness import check, main, wait_for


def version(w):
    done = subprocess.run([find("usr/sbin/chronyd"), "--version"], capture_output=True, text=True,
                          env={**os.environ, **environment()})
    w.note(done.stdout.strip()[:60])


def query(w, *args):
    return json.loads(w.tool("query", *args, "--json", status=0).stdout)


# --- our client, their server ---


def test_our_client_their_server(w):
    version(w)
    server = ChronyServer(w).start()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 30)
    page = w.page_watch(client)
    time.sleep(5)
    s = client.source()
    check(s["authenticated"] and s["nts"]["aead"] == 15 and s["nts"]["cookies"] == 8, s)
    check(s["stratum"] == 1 and client.state() == "ok", s)
    stats = server.ask("serverstats")
    w.note("serverstats", stats)
    check(int(stats[0][7]) >= s["accepted"], "their count of authenticated packets:", stats)
    page.result()


def test_our_client_their_server_plain(w):
    server = ChronyServer(w).start()
    client = w.client([("127.0.0.1", {"nts": False, "allow-unauthenticated": True,
                                      "port": server.ntp, "minpoll": -1, "maxpoll": 0,
                                      "burst-interval": "300ms"})])
    client.wait_state("ok", 30)


def test_our_client_with_aead_30(w):
    """Their server has AEAD 30 only where its library has; if not, we say so and stay away."""
    server = ChronyServer(w).start()
    client = w.client([w.nts_source(server, ntsaeads=[30])], watch=False)
    nts = wait_for(lambda: (n := client.source()["nts"])["ke_failed"] + n["ke_ok"] > 0 and n, 20,
                   "an outcome")
    w.note("AEAD 30:", nts["ke_last"])
    if nts["ke_ok"]:
        client.wait_state("ok", 20)
    both = w.client([w.nts_source(server, ntsaeads=[30, 15])], name="both")
    both.wait_state("ok", 20)
    w.note("offered 30 and 15, got", both.source()["nts"]["aead"])


def test_query(w):
    server = ChronyServer(w).start()
    r = query(w, f"nts://127.0.0.1:{server.ke}", "--ca", server.cert, "--count", 3,
              "--interval", 0.1)
    check(r["authenticated"] is True and r["answered"] == 3 and r["stratum"] == 1, r)
    # chronyd -x serves the clock of this machine.
    check(r["lower_s"] <= 2e-6 and r["upper_s"] >= -2e-6, r)
    r = query(w, f"ntp://127.0.0.1:{server.ntp}")
    check(r["authenticated"] is False and r["stratum"] == 1, r)


def test_their_server_rotates_its_keys(w):
    """Every second: after three rotations the oldest cookies are worth nothing, and a client that
    keeps asking never notices."""
    server = ChronyServer(w, extra=["ntsrotate 2"]).start()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 30)
    time.sleep(14)
    s = client.source()
    check(client.state() == "ok", client.status())
    w.note("key exchanges", s["nts"]["ke_ok"], "NAKs", s["verdicts"].get("nts-nak", 0))
    check(s["nts"]["ke_ok"] <= 3, s["nts"])
    check(not client.watcher.saw("alarm"), client.watcher.states)


def test_their_server_restarts(w):
    """Without a dump of its keys: our cookies are refused, we exchange keys again, hold over."""
    server = ChronyServer(w).start()
    client = w.client([w.nts_source(server)], top={"alert-limit": "20ms"})
    client.wait_state("ok", 30)
    time.sleep(3)
    server.stop()
    client.wait_state("holdover", 20)
    for f in os.listdir(server.dir + "/dumps"):
        os.unlink(os.path.join(server.dir, "dumps", f))
    server.start()
    client.wait_state("ok", 45)
    s = client.source()
    w.note("key exchanges", s["nts"]["ke_ok"], s["verdicts"])
    check(s["nts"]["ke_ok"] == 2 and s["authenticated"], s)


def test_their_server_restarts_with_its_keys(w):
    server = ChronyServer(w).start()
    client = w.client([w.nts_source(server)], top={"alert-limit": "20ms"})
    client.wait_state("ok", 30)
    time.sleep(3)
    server.stop()
    server.start()
    time.sleep(1)
    before = client.source()["accepted"]
    wait_for(lambda: client.source()["accepted"] > before + 2, 20, "answers again")
    check(client.source()["nts"]["ke_ok"] == 1, client.source()["nts"])
    client.wait_state("ok", 20)


def test_our_client_restarts(w):
    server = ChronyServer(w).start()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 30)
    client.stop()
    accepted = int(server.ask("serverstats")[0][2])
    client.start()
    client.wait_state("ok", 20)
    check(client.source()["nts"]["ke_ok"] == 0, "cookies were not kept:", client.source()["nts"])
    w.note("NTS-KE connections", accepted, server.ask("serverstats"))


# --- their client, our server ---


def synchronised(peer, seconds=30):
    return wait_for(peer.selected, seconds, "chronyd selects our server", every=0.2)


def test_their_client_our_server(w):
    server = w.server()
    peer = ChronyClient(w, server).start()
    source = synchronised(peer)
    check(source[3] == "1", "stratum", source)
    auth = peer.authentication()
    w.note("authdata", auth)
    check(auth[1] == "NTS" and auth[3] == "15", auth)
    time.sleep(4)
    ours = server.status()
    check(ours["server"]["nts_replies"] > 8 and ours["server"]["ntsn_replies"] == 0, ours["server"])
    check(ours["nts_ke"]["outcomes"] == {"ok": 1}, ours["nts_ke"])
    check(int(peer.authentication()[8]) >= 7, "cookies", peer.authentication())
    tracking = peer.ask("tracking")[0]
    w.note("tracking", tracking)
    check(abs(float(tracking[4])) < 1e-3, "offset", tracking)


def test_their_client_our_server_poll_backend(w):
    server = w.server(backend="poll")
    peer = ChronyClient(w, server).start()
    synchronised(peer)


def test_their_client_our_server_plain(w):
    server = w.server()
    peer = ChronyClient(w, server, nts=False).start()
    synchronised(peer)
    check(peer.authentication()[1] in ("-", ""), peer.authentication())


def test_our_server_rotates_its_keys(w):
    server = w.server(ke={"ntsrotate": "4s"})
    peer = ChronyClient(w, server).start()
    synchronised(peer)
    time.sleep(18)
    check(peer.selected(), "lost across rotations")
    wait_for(lambda: peer.ask("sources")[0][5] == "377", 15, "eight replies in a row")
    w.note("authdata", peer.authentication(), server.status()["server"])
    check(server.status()["nts_ke"]["outcomes"].get("ok", 0) <= 3, server.status()["nts_ke"])


def test_our_server_restarts(w):
    """Its cookie keys are kept: their client goes on with its cookies."""
    server = w.server()
    peer = ChronyClient(w, server).start()
    synchronised(peer)
    server.stop()
    server.start()
    wait_for(lambda: server.status()["server"]["nts_replies"] > 5, 30, "their client goes on")
    time.sleep(1)
    s = server.status()
    check(s["server"]["ntsn_replies"] == 0, s["server"])
    check(s["nts_ke"]["accepted"] == 0, "it exchanged keys again:", s["nts_ke"])
    check(peer.selected(), "lost after the restart")


def test_our_server_loses_its_keys(w):
    server = w.server()
    peer = ChronyClient(w, server).start()
    synchronised(peer)
    server.stop()
    os.unlink(os.path.join(server.state_dir, "nts-cookie.key"))
    server.start()
    wait_for(lambda: server.status()["server"]["ntsn_replies"] > 0, 20, "a NAK")
    wait_for(lambda: server.status()["server"]["nts_replies"] > 2, 45, "keys exchanged again")
    w.note(server.status()["server"], server.status()["nts_ke"], peer.authentication())


def test_their_client_restarts(w):
    """It dumps its cookies and uses them again."""
    server = w.server()
    peer = ChronyClient(w, server).start()
    synchronised(peer)
    peer.stop()
    before = server.status()["server"]["nts_replies"]
    peer.start()
    synchronised(peer)
    s = server.status()
    check(s["server"]["nts_replies"] > before and s["server"]["ntsn_replies"] == 0, s["server"])
    w.note(s["nts_ke"])


def test_our_certificate_is_renewed(w):
    cert, key = w.certificate("renewed")
    server = w.server(ke={"ntsservercert": cert, "ntsserverkey": key})
    server.cert = cert
    first = ChronyClient(w, server, name="first").start()
    synchronised(first)
    w.certificate("renewed", days=60)  # the same files, another key
    server.signal(signal.SIGHUP)
    wait_for(lambda: "read again" in server.log(), 10, "the certificate is read again")
    second = ChronyClient(w, server, name="second").start()
    synchronised(second)
    check(first.selected(), "the first one suffered")


def test_chain(w):
    """chronyd - noonmarkd - chronyd, NTS on both legs."""
    top = ChronyServer(w).start()
    middle = w.server(name="middle", start=False, server={"local-stratum": 0},
                      clock={"type": "virtual", "offset": "0", "frequency-error": "10ppm"},
                      top={"alert-limit": "5ms", "wander": "5ppm", "max-age": "30s"})
    middle.conf["source"] = [w.nts_source(top)]
    middle.start()
    middle.watch()
    middle.wait_state("ok", 30)
    bottom = ChronyClient(w, middle, name="bottom").start()
    source = synchronised(bottom)
    check(source[3] == "2", "stratum", source)


if __name__ == "__main__":
    sys.exit(main(globals()))
