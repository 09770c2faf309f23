#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ntpd of NTPsec in both roles, in network namespaces of the test."""
import json
import os
import sys
import time

from peers import find, ntpsec_client, ntpsec_server
from harness import FAST, check, main, wait_for

PLAIN = {"nts": False, "allow-unauthenticated": True, "minpoll": -1, "maxpoll": 0,
         "burst-interval": "300ms"}


def their_server(w, net, **kw):
    find("usr/sbin/ntpd")
    cert, key = w.certificate("ntpd", (net.address["b"], "b.noon.test"))
    d = ntpsec_server(w, net.end("b"), cert, key, **kw).start()
    d.cert = cert

    def serves():
        check(d.alive(), "ntpd ended:", d.log()[-1500:])
        done = w.tool("query", f"ntp://{net.address['b']}", "--timeout", 0.5, ns=net.end("a"))
        return done.returncode == 0
    wait_for(serves, 40, "ntpd serves time", every=0.3)
    return d


def our_client(w, net, server, **kw):
    inside = {"ntstrustedcerts": server.cert, **FAST}
    return w.client([(net.address["b"], inside)], ns=net.end("a"), **kw)


def test_our_client_their_server(w):
    net = w.net()
    server = their_server(w, net)
    done = w.tool("query", f"nts://{net.address['b']}", "--ca", server.cert, "--json",
                  ns=net.end("a"), status=0)
    r = json.loads(done.stdout)
    check(r["authenticated"] is True, r)
    client = our_client(w, net, server, top={"alert-limit": "1s"})
    wait_for(lambda: client.status().get("bound_s"), 30, "a bound")
    page = w.page_watch(client)
    time.sleep(5)
    s = client.source()
    w.note(client.status()["state"], client.status()["bound_s"], "root dispersion",
           s["root_dispersion_s"], "stratum", s["stratum"])
    check(s["authenticated"] and s["nts"]["aead"] == 15 and s["accepted"] > 5, s)
    check(s["nts"]["cookies"] == 8, s["nts"])
    client.wait_state("ok", 30)
    page.result()


def test_our_client_their_server_plain(w):
    net = w.net()
    their_server(w, net)
    client = w.client([(net.address["b"], PLAIN)], ns=net.end("a"), top={"alert-limit": "1s"})
    client.wait_state("ok", 30)


def test_their_server_restarts(w):
    """Its cookie keys are in a file: our cookies stay good. Then the file is lost."""
    net = w.net()
    server = their_server(w, net)
    client = our_client(w, net, server, top={"alert-limit": "1s"})
    client.wait_state("ok", 30)
    server.stop()
    server.start()
    before = client.source()["accepted"]
    wait_for(lambda: client.source()["accepted"] > before + 3, 40, "answers again")
    w.note("key exchanges after a restart", client.source()["nts"]["ke_ok"])
    server.stop()
    keys = os.path.join(server.dir, "cookie.keys")
    if os.path.exists(keys):
        os.unlink(keys)
    server.start()
    exchanges = client.source()["nts"]["ke_ok"]
    wait_for(lambda: client.source()["nts"]["ke_ok"] > exchanges, 60, "a new key exchange")
    # It says nothing to a cookie it cannot open: the jar runs dry first.
    w.note("NAKs", client.source()["verdicts"].get("nts-nak", 0))
    before = client.source()["accepted"]
    wait_for(lambda: client.source()["accepted"] > before + 3, 40, "answers again")


def our_server(w, net, ke=None, **kw):
    """On the standard ports: they ask there."""
    host = net.address["b"]
    server = w.server(start=False, host=host, ns=net.end("b"), **kw)
    server.conf["server"]["listen"] = [f"{host}:123"]
    server.conf["nts-ke"] = {"listen": [f"{host}:4460"], "names": [host, "b.noon.test"],
                             **(ke or {})}
    server.start()
    return server


def synchronised(peer, seconds=45):
    def chosen():
        check(peer.alive(), "ntpd ended:", peer.log()[-1500:])
        return [x for x in peer.ask("-n", "-p", "127.0.0.1").splitlines() if x.startswith("*1")]
    return wait_for(chosen, seconds, "ntpd selects our server", every=0.5)[0]


def test_their_client_our_server(w):
    net = w.net()
    server = our_server(w, net)
    peer = ntpsec_client(w, net.end("a"), "b.noon.test", server.cert).start()
    w.note(synchronised(peer))
    s = server.status()
    w.note(s["server"], s["nts_ke"])
    check(s["server"]["nts_replies"] > 3 and s["server"]["ntsn_replies"] == 0, s["server"])
    check(s["nts_ke"]["outcomes"].get("ok", 0) >= 1, s["nts_ke"])


def test_their_client_our_server_plain(w):
    net = w.net()
    server = our_server(w, net)
    peer = ntpsec_client(w, net.end("a"), net.address["b"], server.cert, nts=False).start()
    w.note(synchronised(peer))
    check(server.status()["server"]["nts_replies"] == 0, server.status()["server"])


def test_our_server_rotates_and_restarts(w):
    net = w.net()
    server = our_server(w, net, ke={"ntsrotate": "10s"})
    peer = ntpsec_client(w, net.end("a"), "b.noon.test", server.cert).start()
    synchronised(peer)
    time.sleep(22)
    check(synchronised(peer, 5), "lost across rotations")
    w.note("before the restart", server.status()["server"], server.status()["nts_ke"])
    check(server.status()["server"]["ntsn_replies"] == 0, server.status()["server"])
    server.stop()
    server.start()
    wait_for(lambda: server.status()["server"]["nts_replies"] > 2, 30, "their client goes on")
    w.note("after the restart", server.status()["server"], server.status()["nts_ke"])


def test_their_client_restarts(w):
    net = w.net()
    server = our_server(w, net)
    peer = ntpsec_client(w, net.end("a"), "b.noon.test", server.cert).start()
    synchronised(peer)
    peer.stop()
    peer.start()
    synchronised(peer)


if __name__ == "__main__":
    sys.exit(main(globals()))
