#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Restarts, rotations and renewals; and what is left of root."""
import glob
import os
import pwd
import signal
import struct
import sys
import time

from harness import check, main, needs_root, wait_for


def accepted_ke(server):
    time.sleep(0.4)  # counters are published a few times a second
    return server.ke_accepted()


def test_client_keeps_its_cookies(w):
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    before = accepted_ke(server)
    client.stop()
    saved = glob.glob(client.state_dir + "/*.nts")
    check(len(saved) == 1 and os.stat(saved[0]).st_mode & 0o777 == 0o600, saved)
    client.start()
    client.wait_state("ok", 20)
    check(accepted_ke(server) == before, "exchanged keys again")
    check(not glob.glob(client.state_dir + "/*.nts"), "cookies in use are still in the file")
    check(server.status()["server"]["ntsn_replies"] == 0, server.status()["server"])


def test_killed_client_reuses_no_cookie(w):
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    client.stop()
    client.start()
    client.wait_state("ok", 20)
    before = accepted_ke(server)
    client.kill()
    client.start()
    client.wait_state("ok", 20)
    check(accepted_ke(server) == before + 1, "no new key exchange after a kill")


def test_damaged_session_file(w):
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    client.stop()
    path = glob.glob(client.state_dir + "/*.nts")[0]
    with open(path, "r+b") as f:
        f.truncate(os.path.getsize(path) - 7)
    client.start()
    client.wait_state("ok", 20)
    check("saved session not used" in client.log(), client.log())


def restarted_with(w, client, change, refused=False):
    """Stop, change the configuration of the source or the machine, start; the source after that.

    A key exchange that only a stalled machine let fail is made again 10 s later."""
    client.stop()
    check(glob.glob(client.state_dir + "/*.nts"), "session not saved:", client.log())
    change(client.conf["source"][0][1])
    client.start()
    if refused:
        wait_for(lambda: client.source()["nts"]["ke_failed"] > 0, 20, "a refusal")
    else:
        wait_for(lambda: client.source()["accepted"] > 0, 20, "an answer")
    return client.source()["nts"]


def test_a_saved_session_ends_with_the_trust_it_rests_on(w):
    """Keys that were exchanged under another trust are as bad as a certificate that it refuses."""
    server = w.server()
    other = w.certificate("other")[0]
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    same = restarted_with(w, client, lambda source: None)
    check(same["ke_ok"] == same["ke_failed"] == 0, same)
    for change in ({"ntsaeads": [15]}, {"certificate-time-check": False},
                   {"certificate-name": "localhost"}):
        renewed = restarted_with(w, client, lambda source: source.update(change))
        check(renewed["ke_ok"] == 1, change, renewed)
        check("that are trusted have changed since" in client.log(), client.log())
        same = restarted_with(w, client, lambda source: None)
        check(same["ke_ok"] == 0, change, same)
    refused = restarted_with(w, client, lambda source: source.update({"ntstrustedcerts": other}),
                             refused=True)
    check(refused["ke_ok"] == 0 and refused["ke_failed"] > 0, refused)
    check(client.source()["accepted"] == 0, client.source())


def move_saved_session(client, seconds):
    """Let the file of the session say that the keys were exchanged so much later."""
    path = glob.glob(client.state_dir + "/*.nts")[0]
    with open(path, "r+b") as f:
        f.seek(8 + 32)  # behind the magic and the digest of the trust
        made = struct.unpack(">Q", f.read(8))[0]
        check(abs(made - time.time()) < 3600, made)
        f.seek(8 + 32)
        f.write(struct.pack(">Q", made + seconds))


def test_the_keys_of_an_association_do_not_grow_old(w):
    server = w.server()
    # Not below the least time between two attempts, 10 s.
    client = w.client([w.nts_source(server, ntsrefresh="16s")])
    client.wait_state("ok", 20)
    # While it runs, new ones come before the old ones end, so that no answer is missed.
    wait_for(lambda: client.source()["nts"]["ke_ok"] >= 2, 16, "renewed")
    check("not used any more" not in client.log() and client.state() == "ok", client.log())
    for shift, why in ((-20, "older than ntsrefresh"), (90000, "made in the future")):
        client.stop()
        move_saved_session(client, shift)
        client.start()
        client.wait_state("ok", 20)
        check(why in client.log() and client.source()["nts"]["ke_ok"] == 1, client.log())
    # Without a server of keys they end, and with them the source.
    server.stop()
    wait_for(lambda: "not used any more" in client.log(), 20, "the end of the keys")


def test_server_keeps_its_cookie_keys(w):
    server = w.server()
    client = w.client([w.nts_source(server)], top={"alert-limit": "20ms"})
    client.wait_state("ok", 20)
    time.sleep(2)
    server.stop()
    server.start()
    before = client.source()["accepted"]
    wait_for(lambda: client.source()["accepted"] > before + 3, 20, "answers again")
    check(client.source()["nts"]["ke_ok"] == 1, client.source()["nts"])
    check(client.source()["verdicts"].get("nts-nak", 0) == 0, client.source()["verdicts"])
    check(server.status()["server"]["ntsn_replies"] == 0, server.status()["server"])


def test_server_killed(w):
    """SIGKILL of the server: the keys were on the disk from the start."""
    server = w.server()
    client = w.client([w.nts_source(server)], top={"alert-limit": "20ms"})
    client.wait_state("ok", 20)
    time.sleep(2)
    server.kill()
    client.wait_state("holdover", 20)
    server.start()
    client.wait_state("ok", 20)
    check(client.source()["nts"]["ke_ok"] == 1, client.source()["nts"])


def test_key_rotation(w):
    server = w.server(ke={"ntsrotate": "3s"})
    client = w.client([w.nts_source(server, maxpoll=-1)])
    client.wait_state("ok", 20)
    time.sleep(14)
    s = client.source()
    check(client.state() == "ok", client.status())
    check(s["nts"]["ke_ok"] == 1 and s["verdicts"].get("nts-nak", 0) == 0, s)


def test_cookies_too_old(w):
    """Saved for longer than the keys live: a NAK, a new exchange, and time again."""
    server = w.server(ke={"ntsrotate": "1s"})
    client = w.client([w.nts_source(server, maxpoll=-1)])
    client.wait_state("ok", 20)
    client.stop()
    time.sleep(5)
    client.start()
    client.wait_state("ok", 40)
    s = client.source()
    w.note(s["nts"], s["verdicts"])
    check(s["nts"]["ke_ok"] >= 1, s["nts"])
    check(s["verdicts"].get("nts-nak", 0) >= 1, s["verdicts"])


def test_certificate_renewed(w):
    cert, key = w.certificate("one")
    server = w.server(ke={"ntsservercert": cert, "ntsserverkey": key})
    server.cert = cert
    old_trust = w.write("old.crt", open(cert).read())
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    url = f"nts://127.0.0.1:{server.ke}"
    w.tool("query", url, "--ca", old_trust, status=0)
    # Half written: the old one stays in use.
    good = open(key).read()
    with open(key, "w") as f:
        f.write(good[:60])
    server.signal(signal.SIGHUP)
    wait_for(lambda: "error" in server.log(), 5, "a line about the broken key")
    w.tool("query", url, "--ca", old_trust, status=0)
    w.certificate("one")  # the same files, new contents
    server.signal(signal.SIGHUP)
    wait_for(lambda: "read again" in server.log(), 5, "read again")
    w.tool("query", url, "--ca", cert, status=0)
    w.tool("query", url, "--ca", old_trust, status=1)
    check(client.state() == "ok" and client.source()["nts"]["ke_ok"] == 1, client.source())


def test_stale_socket_of_a_killed_daemon(w):
    server = w.server()
    server.kill()
    check(os.path.exists(server.socket), "no socket was left")
    server.start()
    check(server.status(), "did not take its socket over")


def proc_status(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)


def nobody():
    needs_root()
    return pwd.getpwnam("nobody")


def check_dropped(w, d, who):
    threads = os.listdir(f"/proc/{d.pid}/task")
    for t in threads:
        s = proc_status(f"{d.pid}/task/{t}")
        check(s["Uid"].split() == [str(who.pw_uid)] * 4, d.name, "uid", s["Uid"])
        check(s["Gid"].split() == [str(who.pw_gid)] * 4, d.name, "gid", s["Gid"])
        check(s.get("Groups", "").strip() in ("", str(who.pw_gid)), d.name, "groups", s["Groups"])
        for what in ("CapEff", "CapPrm", "CapInh", "CapBnd"):
            check(int(s[what], 16) == 0, d.name, what, s[what])
        check(s["NoNewPrivs"].strip() == "1", d.name, "NoNewPrivs", s["NoNewPrivs"])
    w.note(d.name, "threads", len(threads))


def test_privileges_are_given_up(w):
    who = nobody()
    server = w.server(top={"user": "nobody"})
    check_dropped(w, server, who)
    client = w.client([w.nts_source(server)], clock={"type": "system-read-only"},
                      top={"user": "nobody"})
    check_dropped(w, client, who)
    wait_for(lambda: client.status().get("bound_s"), 20, "a bound")
    # It can save what it has as that user, and serve again.
    client.stop()
    check(glob.glob(client.state_dir + "/*.nts"), "session not saved:", client.log())
    client.start()
    wait_for(lambda: client.status().get("bound_s"), 20, "a bound")
    check(client.source()["nts"]["ke_ok"] == 0, client.source()["nts"])
    server.signal(signal.SIGHUP)
    wait_for(lambda: "read again" in server.log(), 5, "the certificate as another user")


def test_privileges_with_poll_backend(w):
    who = nobody()
    server = w.server(top={"user": "nobody"}, backend="poll")
    check_dropped(w, server, who)


def test_unknown_user(w):
    nobody()
    d = w.daemon("daemon", {"user": "no-such-user"})
    d.start(ready=False)
    d.expected = {1}
    check(d.wait() == 1 and "no-such-user" in d.log(), d.log())


def test_low_ports_are_bound_before(w):
    """Ports 123 and 4460 in a namespace, as root at first, and nobody afterwards."""
    who = nobody()
    net = w.net()
    host = net.address["b"]
    server = w.server(start=False, host=host, ns=net.end("b"), top={"user": "nobody"})
    server.conf["server"]["listen"] = [f"{host}:123", f"[{net.address6['b']}]:123"]
    server.conf["nts-ke"] = {"listen": [f"{host}:4460", f"[{net.address6['b']}]:4460"],
                             "names": [host, net.address6["b"], "b.noon.test"]}
    server.start()
    check_dropped(w, server, who)
    for to in (host, f"[{net.address6['b']}]", "b.noon.test"):
        w.tool("query", f"nts://{to}", "--ca", server.cert, ns=net.end("a"), status=0)


if __name__ == "__main__":
    sys.exit(main(globals()))
