#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The time-stamp authority of a real daemon, judged by openssl(1) and curl(1)."""
import hashlib
import http.client
import itertools
import json
import os
import pwd
import random
import re
import resource
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time

import tsa
from harness import (DAEMON, HERE, PATIENCE, Failed, Skip, check, free_port, main, needs_root,
                     run_quiet, wait_for)

FINE = [(tsa.POLICY, {"accuracy": "3s"}), (tsa.ORDERED, {"accuracy": "3s", "ordering": True})]


# --- openssl and curl as judges --------------------------------------------------------------


def query(w, *options, digest="sha256", data=b"a document"):
    """A request made by openssl; path."""
    path = w.path("query.tsq")
    run_quiet(["openssl", "ts", "-query", "-data", w.write("data", data), f"-{digest}", *options,
               "-out", path])
    return path


def curl(w, url, path, cacert=None):
    """Post a file by curl; path of the response."""
    out = w.path("response.tsr")
    done = run_quiet(["curl", "-s", "--noproxy", "*", "--max-time", "20", "--data-binary",
                      "@" + path, "-H", "Content-Type: " + tsa.QUERY, "-o", out, "-w",
                      "%{http_code} %{content_type}", *(["--cacert", cacert] if cacert else []),
                      url])
    check(done.stdout == f"200 {tsa.REPLY}", done.stdout)
    return out


def reply_text(path):
    return run_quiet(["openssl", "ts", "-reply", "-in", path, "-text"]).stdout


def verify(w, response, request, cert, with_certs):
    """openssl verifies the response to a request, and the token as CMS with the attribute that
    names its certificate (RFC 5816)."""
    others = [] if with_certs else ["-untrusted", cert]
    done = run_quiet(["openssl", "ts", "-verify", "-in", response, "-queryfile", request,
                      "-CAfile", w.pki.ca, *others])
    check("Verification: OK" in done.stdout + done.stderr, done)
    token = w.path("token.der")
    run_quiet(["openssl", "ts", "-reply", "-in", response, "-token_out", "-out", token])
    others = [] if with_certs else ["-certfile", cert]
    run_quiet(["openssl", "cms", "-verify", "-cades", "-purpose", "timestampsign", "-binary",
               "-inform", "DER", "-in", token, "-CAfile", w.pki.ca, *others, "-out",
               w.path("tstinfo.der")])
    with open(response, "rb") as f, open(w.path("tstinfo.der"), "rb") as g:
        check(tsa.Response(f.read()).tst == g.read(), "another TSTInfo")


def judged(w, url, cert, options, digest, cacert=None):
    request = query(w, *options, digest=digest)
    response = curl(w, url, request, cacert)
    verify(w, response, request, cert, "-cert" in options)
    text = reply_text(response)
    check("Status: Granted." in text and f"Hash Algorithm: {digest}" in text, text)
    check(("Nonce: unspecified" in text) == ("-no_nonce" in options), text)
    asked = options[options.index("-tspolicy") + 1] if "-tspolicy" in options else tsa.POLICY
    check(f"Policy OID: {asked}" in text, text)
    check(f"Ordering: {'yes' if asked == tsa.ORDERED else 'no'}" in text, text)


def test_openssl_and_curl_take_the_tokens(w):
    w.pki = tsa.Pki(w)
    tls = w.certificate("https")
    count = 0
    for kind in ("p256", "p384", "rsa2048", "rsa4096"):
        cert, key = w.pki.make(kind, kind)
        d = tsa.authority(w, cert, key, name=kind, tls=tls, local__bound="1ms")
        plain = f"http://127.0.0.1:{d.http}/"
        secure = f"https://127.0.0.1:{d.https}/"
        for digest, asks in itertools.product(("sha256", "sha384", "sha512"), ([], ["-cert"])):
            judged(w, plain, cert, asks, digest)
            count += 1
        for options in (["-no_nonce"], ["-tspolicy", tsa.ORDERED], ["-tspolicy", tsa.POLICY],
                        ["-cert", "-no_nonce", "-tspolicy", tsa.ORDERED]):
            judged(w, plain, cert, options, "sha256")
            judged(w, secure, cert, options, "sha512", cacert=tls[0])
            count += 2
        check(d.status()["tsa"]["answers"]["granted"] == 14, d.status()["tsa"]["answers"])
        d.stop()
    w.note(count, "tokens verified")


def test_rsa_signs_with_the_digest_asked_for(w):
    w.pki = tsa.Pki(w)
    cert, key = w.pki.make("rsa", "rsa2048")
    for digest in ("sha256", "sha384", "sha512"):
        d = tsa.authority(w, cert, key, name=digest, signer_digest=digest)
        judged(w, f"http://127.0.0.1:{d.http}/", cert, ["-cert"], "sha256")
        key_info = d.status()["tsa"]["key"]
        check(key_info["algorithm"] == f"rsa-{digest}", key_info)
        d.stop()


def test_both_backends_several_threads_and_another_path(w):
    for backend in ("event", "poll"):
        d = tsa.authority(w, name=backend, backend=backend, threads=3, path="/tsa")
        clients = [tsa.Client(d.http, path="/tsa") for _ in range(12)]
        serials = {c.ask(nonce=5).serial for c in clients for _ in range(5)}
        check(len(serials) == 60, "a serial number came twice")
        other = tsa.Client(d.http)
        check(other.post(tsa.request())[0] == 404, "served at /")
        for c in clients + [other]:
            c.close()
        d.stop()


def test_both_families_and_another_user(w):
    """Sockets and keys are those of who starts it, the books are those of who it runs as."""
    needs_root()
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        raise Skip("no IPv6 on loopback") from None
    port = free_port()
    d = tsa.authority(w, listen=[f"127.0.0.1:{port}", f"[::1]:{port}"], top={"user": "nobody"})
    for host in ("127.0.0.1", "::1"):
        connection = http.client.HTTPConnection(host, port, timeout=20)
        connection.request("POST", "/", tsa.request(), {"Content-Type": tsa.QUERY})
        check(tsa.Response(connection.getresponse().read()).granted, host)
        connection.close()
    nobody = pwd.getpwnam("nobody").pw_uid
    for name in os.listdir(d.state_dir):
        st = os.stat(os.path.join(d.state_dir, name))
        check(st.st_uid == nobody and st.st_mode & 0o777 == 0o600, name, st)


def refusal(w, url, body, fail):
    response = curl(w, url, w.write("body.tsq", body))
    text = reply_text(response)
    check("Status: Rejected." in text, text)
    with open(response, "rb") as f:
        r = tsa.Response(f.read())
    check(r.fail == fail and not r.granted and r.status == 2, fail, "expected:", r.fail, text)
    check(r.text and r.text in text, "a sentence that says why:", text)
    return text


def test_every_reason_to_refuse(w):
    d = tsa.authority(w, policies=[
        (tsa.POLICY, {"accuracy": "1s"}),
        ("1.2.3.4", {"accuracy": "1us"}),
        ("1.2.3.5", {"accuracy": "1s", "digests": ["sha512"]})])
    url = f"http://127.0.0.1:{d.http}/"
    with open(query(w, digest="sha1"), "rb") as f:
        sha1 = f.read()
    extension = tsa.tlv(0xa0, tsa.tlv(0x30, tsa.oid("1.2.3.99"), tsa.tlv(4, b"\5\0")))
    critical = tsa.tlv(0xa0, tsa.tlv(0x30, tsa.oid("1.2.3.99"), tsa.tlv(1, b"\xff"),
                                     tsa.tlv(4, b"\5\0")))
    good = tsa.request()
    for body, fail, words in (
            (sha1, "badAlg", "unrecognized or unsupported algorithm"),
            (tsa.request(policy="1.2.3.5"), "badAlg", "unrecognized or unsupported algorithm"),
            (tsa.request(version=2), "badRequest", "transaction not permitted or supported"),
            (tsa.request(version=0), "badRequest", "transaction not permitted"),
            (tsa.request(nonce=1 << 600), "badRequest", "transaction not permitted"),
            (b"", "badDataFormat", "the data submitted has the wrong format"),
            (b"not DER at all", "badDataFormat", "wrong format"),
            (good + b"\0", "badDataFormat", "wrong format"),
            (good[:-1], "badDataFormat", "wrong format"),
            (tsa.request(imprint=b"too short"), "badDataFormat", "wrong format"),
            (tsa.request(policy="1.2.3.4"), "timeNotAvailable",
             "the TSA's time source is not available"),
            (tsa.request(policy="1.2.3.6"), "unacceptedPolicy",
             "the requested TSA policy is not supported by the TSA"),
            (tsa.request(extensions=extension), "unacceptedExtension",
             "the requested extension is not supported by the TSA"),
            (tsa.request(extensions=critical), "unacceptedExtension", "extension")):
        text = refusal(w, url, body, fail)
        check(words in text, fail, words, text)
    # Without a wish for a policy it is the first one that takes the digest.
    check(tsa.Client(d.http).ask(digest="sha512").policy ==
          tsa.elements(tsa.oid(tsa.POLICY))[0][2], "not the default policy")
    answers = d.status()["tsa"]["answers"]
    check(answers["badAlg"] == 2 and answers["badRequest"] == 3 and
          answers["badDataFormat"] == 5 and answers["unacceptedExtension"] == 2, answers)
    d.stop()

    d = tsa.authority(w, d.cert, w.path("authority.key"), name="withholding", certs="none")
    url = f"http://127.0.0.1:{d.http}/"
    text = refusal(w, url, tsa.request(cert=True), "addInfoNotAvailable")
    check("the additional information requested could not be understood" in text or
          "additional information" in text, text)
    request = query(w)
    verify(w, curl(w, url, request), request, d.cert, False)


def test_an_expired_certificate_gives_no_tokens(w):
    w.pki = tsa.Pki(w)
    for name, begin, end in (("past", "20200101000000Z", "20210101000000Z"),
                             ("future", "20450101000000Z", "20460101000000Z")):
        cert, key = w.pki.make(name, begin=begin, end=end)
        d = tsa.authority(w, cert, key, name=name)
        text = refusal(w, f"http://127.0.0.1:{d.http}/", tsa.request(), "systemFailure")
        check("the request cannot be handled due to system failure" in text, text)
        check("certificate is not valid now" in text, text)
        check(kinds_of(w, d)["token"] == 0, "a token is in the ledger")


def test_a_token_says_what_certificates_are_for(w):
    """certs = "signer" leaves out what is between; the root is never given."""
    w.pki = tsa.Pki(w)
    middle, middle_key = w.pki.make("middle", profile="basicConstraints=critical,CA:true\n"
                                    "keyUsage=critical,keyCertSign\n")
    root = w.pki.ca
    w.pki.ca, w.pki.ca_key = middle, middle_key
    cert, key = w.pki.make("leaf")  # leaf, middle, root in one file
    w.pki.ca = root
    for certs, expected in (("chain", ["leaf", "middle"]), ("signer", ["leaf"])):
        d = tsa.authority(w, cert, key, name=certs, certs=certs)
        request = query(w, "-cert")
        response = curl(w, f"http://127.0.0.1:{d.http}/", request)
        run_quiet(["openssl", "ts", "-verify", "-in", response, "-queryfile", request, "-CAfile",
                   root, "-untrusted", middle])
        run_quiet(["openssl", "ts", "-reply", "-in", response, "-token_out", "-out",
                   w.path("token")])
        printed = run_quiet(["openssl", "pkcs7", "-inform", "DER", "-in", w.path("token"),
                             "-print_certs", "-noout"]).stdout
        names = sorted(re.findall(r"subject=.*CN = Authority (\w+)", printed))
        check(names == expected and "Test root" not in
              "".join(x for x in printed.splitlines() if x.startswith("subject")), printed)
        d.stop()


def test_the_name_is_that_of_the_certificate(w):
    d = tsa.authority(w, tsa_name=True)
    request = query(w, "-cert")
    response = curl(w, f"http://127.0.0.1:{d.http}/", request)
    verify(w, response, request, d.cert, True)
    check("TSA: DirName:/O=Test/CN=Authority authority" in reply_text(response),
          reply_text(response))
    # The name of another certificate would make every token a bad one.
    cert, key = w.pki.make("renamed")
    os.replace(cert, d.cert)
    os.replace(key, w.path("authority.key"))
    d.signal(signal.SIGHUP)
    wait_for(lambda: "Authority renamed" in d.status()["tsa"]["key"]["subject"], 10, "new key")
    response = curl(w, f"http://127.0.0.1:{d.http}/", request)
    verify(w, response, request, d.cert, True)
    check("TSA: DirName:/O=Test/CN=Authority renamed" in reply_text(response),
          reply_text(response))


# --- what tokens say of the time -------------------------------------------------------------


def within(r, before, after):
    """The interval of a token has the time in it at which it was made."""
    return r.gen_time - r.accuracy <= after and r.gen_time + r.accuracy >= before


def test_gen_time_and_accuracy(w):
    """The truth is CLOCK_REALTIME: the daemon serves it, declared by configuration."""
    for bound in ("5us", "300us", "20ms"):
        d = tsa.authority(w, name="bound" + bound, local__bound=bound)
        client = tsa.Client(d.http)
        widest = 0
        for i in range(150):
            before = time.time_ns()
            r = client.ask(nonce=i)
            after = time.time_ns()
            check(r.granted and within(r, before, after), before, after, r.gen_time_text,
                  r.accuracy)
            widest = max(widest, r.accuracy)
        client.close()
        limit = {"5us": 5000, "300us": 300000, "20ms": 20000000}[bound]
        check(limit <= widest, bound, widest)
        w.note("bound", bound, "widest accuracy", widest, "ns")
        d.stop()


def test_precision_digits(w):
    for digits in range(10):
        # An order needs digits that tell tokens apart.
        policies = FINE if digits >= 3 else FINE[:1]
        d = tsa.authority(w, name=f"digits{digits}", clock_precision_digits=digits,
                          local__bound="20us", policies=policies)
        client = tsa.Client(d.http)
        seen = []
        for policy, _ in policies:
            most = 0
            for _ in range(30):
                before = time.time_ns()
                r = client.ask(policy=policy)
                check(r.granted and within(r, before, time.time_ns()), r.fail, r.text)
                most = max(most, len(r.gen_time_text) - len("20261122133102Z") - 1)
            seen.append(most)
        client.close()
        # The policy without an order gives no digits that the bound does not deserve.
        check(seen == [min(digits, 6), digits][:len(policies)], digits, seen)
        d.stop()


def counter(response):
    """What a serial number has behind its prefix."""
    return int(response.serial[-16:], 16)


def test_order(w):
    """Strictly ascending in the order of serial numbers, whoever asked."""
    d = tsa.authority(w, threads=2)
    got = []
    faults = []

    def ask_many(count):
        client = tsa.Client(d.http)
        try:
            for _ in range(count):
                before = time.time_ns()
                r = client.ask(policy=tsa.ORDERED)
                check(r.granted and r.ordering and within(r, before, time.time_ns()), r.text)
                got.append(r)
        except (Failed, OSError, ValueError) as e:
            faults.append(repr(e))
        client.close()

    threads = [threading.Thread(target=ask_many, args=(125,)) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    check(not faults and len(got) == 1000, faults[:1], len(got))
    got.sort(key=lambda r: int(r.serial, 16))
    check(len({r.serial for r in got}) == 1000, "serial numbers twice")
    wrong = [(a.gen_time_text, b.gen_time_text) for a, b in zip(got, got[1:])
             if a.gen_time >= b.gen_time]
    check(not wrong, len(wrong), "out of order:", wrong[:2])
    d.kill()
    d.start()
    after = tsa.Client(d.http).ask(policy=tsa.ORDERED)
    # A new prefix, drawn at random; genTime and the counter behind it go on.
    check(after.gen_time > got[-1].gen_time and counter(after) > counter(got[-1]),
          "the order ends with the process", after.serial, got[-1].serial)
    check(after.serial[:-16] != got[-1].serial[:-16], "the same prefix", after.serial)
    audit(w, d)


# --- the ledger ------------------------------------------------------------------------------


def audit(w, d, *options, status=0):
    done = w.tool("tsa", "audit", "verify", d.ledger, "--json", *options, status=status,
                  timeout=60)
    r = json.loads(done.stdout)
    check(r["good"] == (status == 0), r)
    return r


def kinds_of(w, d):
    return audit(w, d)["kinds"]


def shown(w, d, kind):
    return json.loads(w.tool("tsa", "audit", "show", d.ledger, "--json", "--kind", kind,
                             status=0, timeout=60).stdout)


def answers(d):
    """Whether it grants a token now."""
    client = tsa.Client(d.http)
    try:
        return client.ask().granted
    except OSError:
        return False
    finally:
        client.close()


KILLS = 200
KILLS_S = 100


def test_killed_again_and_again_under_load(w):
    """What a client holds in its hands is in the ledger, whenever the daemon is killed."""
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    d = tsa.authority(w, start=False, threads=2)
    load = tsa.Load(d.http, policy=tsa.ORDERED)
    began = time.monotonic()
    kills = 0
    while kills < KILLS and time.monotonic() - began < KILLS_S:
        d.start(ready=False)
        wait_for(lambda: answers(d) or load.fault or not d.alive(), 30,
                 f"answer after kill {kills}, seed {seed}", every=0.002)
        check(d.alive() and not load.fault, kills, load.fault, d.log()[-300:])
        time.sleep(rng.uniform(0.005, 0.150))
        d.kill()
        kills += 1
    took = time.monotonic() - began
    d.start()
    load.stop()
    tokens = list(load.tokens)
    d.stop()
    result = audit(w, d)
    ledger = {e["serial"]: e["token_sha256"] for e in shown(w, d, "token")}
    check(len(ledger) == result["kinds"]["token"], "serial numbers twice in the ledger")
    check(len({s for s, _ in tokens}) == len(tokens), "a serial number was given out twice")
    missing = [s for s, digest in tokens if ledger.get(s) != digest]
    check(not missing, f"seed {seed}: {len(missing)} of {len(tokens)} tokens that clients hold "
          "are not in the ledger:", missing[:3])
    check(result["kinds"]["start"] == kills + 1, result, kills)
    w.note(f"{kills} kills in {took:.0f} s: {len(tokens)} tokens received, {len(ledger)} in the "
           f"ledger, {result['kinds']['block']} blocks, {result['serials_unused']} serial numbers "
           f"never issued, {load.cut} connections cut, refused {load.refused}; the chain of "
           f"{result['entries']} entries is whole")


CUTS = 12


def test_power_cuts(w):
    """The same when the disk keeps only what was synced."""
    shim = w.path("power_cut.so")
    cc = os.environ.get("CC", "cc").split()[0]
    run_quiet([cc, "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", shim,
               os.path.join(HERE, "power_cut.c"), "-ldl"])
    seed = random.randrange(1 << 30)
    rng = random.Random(seed)
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    d = tsa.authority(w, start=False, threads=2)
    d.env = {"LD_PRELOAD": shim, "POWER_CUT": d.state_dir, "ASAN_OPTIONS": sanitizer}
    durable = os.path.join(d.state_dir, "durable")
    os.makedirs(durable, mode=0o700)
    load = tsa.Load(d.http, policy=tsa.ORDERED)
    lost = 0
    for cut in range(CUTS):
        d.start(ready=False)
        wait_for(lambda: answers(d) or load.fault or not d.alive(), 30,
                 f"answer after cut {cut}, seed {seed}", every=0.002)
        time.sleep(rng.uniform(0.05, 0.6))
        d.kill()
        for name in ("tsa.db", "tsa.db-wal"):
            now, then = os.path.join(d.state_dir, name), os.path.join(durable, name)
            check(os.path.exists(then), name, "was never synced")
            if os.path.exists(now):
                with open(now, "rb") as f, open(then, "rb") as g:
                    lost += f.read() != g.read()
            shutil.copyfile(then, now)
        if os.path.exists(d.ledger + "-shm"):
            os.unlink(d.ledger + "-shm")
    d.start()
    load.stop()
    tokens = list(load.tokens)
    d.stop()
    audit(w, d)
    ledger = {e["serial"]: e["token_sha256"] for e in shown(w, d, "token")}
    missing = [s for s, digest in tokens if ledger.get(s) != digest]
    check(not missing, f"seed {seed}: {len(missing)} of {len(tokens)} tokens that clients hold "
          "are not in the ledger:", missing[:3])
    w.note(f"{CUTS} power cuts: {len(tokens)} tokens received, {len(ledger)} in the ledger; "
           f"{lost} files had lost what was not synced")


# --- hostile clients -------------------------------------------------------------------------


def spans(body):
    """Where MessageImprint lies in a request."""
    parts = tsa.elements(tsa.only(body, 0x30))
    at = len(body) - sum(len(whole) for _, _, whole in parts) + len(parts[0][2])
    return at, at + len(parts[1][2])


def test_every_truncation_and_every_bit_flip_gets_an_answer(w):
    d = tsa.authority(w)
    good = tsa.request(policy=tsa.POLICY, nonce=0x1122334455667788, cert=True)
    begin, end = spans(good)
    bodies = [good[:n] for n in range(len(good))]
    bodies += [bytes(x ^ (128 >> bit % 8) * (i == bit // 8) for i, x in enumerate(good))
               for bit in range(8 * len(good))]
    raw = tsa.Raw(d.http)
    granted = {}
    for body in bodies:
        raw.send(raw.post(body))
        status, answer = raw.response()
        check(status == 200, status, answer[:100], body.hex())
        r = tsa.Response(answer)
        if not r.granted:
            check(r.status == 2 and r.fail, body.hex(), answer.hex())
            granted[r.fail] = granted.get(r.fail, 0) + 1
            continue
        granted["granted"] = granted.get("granted", 0) + 1
        check(len(body) == len(good) and r.imprint == body[begin:end],
              "a token for something else:", body.hex(), answer.hex())
        check(r.nonce == int.from_bytes(body[-11:-3], "big") and
              r.policy == tsa.elements(tsa.oid(tsa.POLICY))[0][2], body.hex(), answer.hex())
    # The hash, the nonce: as good as what they were.
    check(granted["granted"] >= 8 * (32 + 7), granted)
    check(tsa.Client(d.http).ask().granted and d.alive(), "dead")
    w.note(len(bodies), "bodies:", granted)
    audit(w, d)


def test_what_http_refuses(w):
    d = tsa.authority(w)
    client = tsa.Client(d.http)
    good = tsa.request()

    def status_of(*args, **kw):
        client.http.request(*args, **kw)
        got = client.http.getresponse()
        got.read()
        return got

    for size in (65537, 1 << 20):
        check(status_of("POST", "/", b"x" * size, {"Content-Type": tsa.QUERY}).status == 413, size)
    check(status_of("POST", "/", b"x" * 65536, {"Content-Type": tsa.QUERY}).status == 200)
    for kind in ("text/plain", "application/timestamp-reply", "application/timestamp-queryx",
                 tsa.QUERY + "/x", ""):
        check(status_of("POST", "/", good, {"Content-Type": kind}).status == 415, kind)
    for kind in (tsa.QUERY.upper(), tsa.QUERY + "; charset=x"):
        check(status_of("POST", "/", good, {"Content-Type": kind}).status == 200, kind)
    for method in ("GET", "PUT", "DELETE", "HEAD", "OPTIONS"):
        got = status_of(method, "/")
        check(got.status == 405 and got.getheader("Allow") == "POST", method, got.status)
    check(status_of("POST", "/other", good, {"Content-Type": tsa.QUERY}).status == 404)
    client.close()
    # Twice the length, and a length and chunks: smuggling.
    for fields in ("Content-Length: 5\r\nContent-Length: 6",
                   "Content-Length: 5\r\nTransfer-Encoding: chunked",
                   "Content-Length: -1", "Content-Length: 5 5"):
        raw = tsa.Raw(d.http)
        raw.send(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {tsa.QUERY}\r\n{fields}\r\n\r\n"
                 "hello".encode())
        check(raw.response()[0] == 400 and raw.is_closed(10), fields)
        raw.close()
    check(kinds_of(w, d)["refusal"] == 1, "what HTTP refuses is none of the authority's")


def test_fifty_requests_at_once(w):
    """Pipelined: each is answered, in order."""
    d = tsa.authority(w)
    raw = tsa.Raw(d.http)
    raw.send(b"".join(raw.post(tsa.request(nonce=1000 + i, policy=tsa.ORDERED))
                      for i in range(50)))
    got = []
    for _ in range(50):
        status, body = raw.response()
        check(status == 200, status)
        got.append(tsa.Response(body))
    check([r.nonce for r in got] == [1000 + i for i in range(50)], [r.nonce for r in got])
    check(all(a.gen_time < b.gen_time for a, b in zip(got, got[1:])), "order")
    raw.close()


def status_of_one(d):
    client = tsa.Client(d.http)
    try:
        return client.post(tsa.request())[0]
    except OSError:
        return None
    finally:
        client.close()


def test_dripping_clients_are_cut(w):
    """No dripping of bytes makes a request's time longer."""
    d = tsa.authority(w, timeout="2s")
    slow = [tsa.Raw(d.http) for _ in range(6)]
    cut = [None] * len(slow)
    began = time.monotonic()

    def drip(i):
        data = slow[i].post(tsa.request())
        if i % 2:  # in the body, otherwise in the head
            slow[i].send(data[:-60])
            data = data[-60:]
        try:
            for x in data[:-1] + bytes(1000):
                slow[i].send(bytes([x]))
                time.sleep(0.1)
        except OSError:
            cut[i] = round(time.monotonic() - began, 1)

    threads = [threading.Thread(target=drip, args=(i,), daemon=True) for i in range(len(slow))]
    for t in threads:
        t.start()
    served = 0
    while any(t.is_alive() for t in threads) and time.monotonic() - began < 60:
        check(status_of_one(d) == 200, "not served beside them")
        served += 1
        time.sleep(0.05)
    check(all(cut) and served > 5, cut, served)
    check(d.status()["tsa"]["http"]["timeout"] == len(slow), d.status()["tsa"]["http"])
    check(d.status()["tsa"]["answers"]["granted"] == served, d.status()["tsa"]["answers"])
    w.note("cut after", cut, "s;", served, "others served")


def test_silent_clients_keep_nobody_waiting(w):
    d = tsa.authority(w, timeout="20s", idle__timeout="20s")
    silent = [socket.create_connection(("127.0.0.1", d.http), timeout=10) for _ in range(300)]
    # All of them came in one moment: the first ones are given a moment before they must go.
    wait_for(lambda: status_of_one(d) == 200, 10, "a place")
    for _ in range(300):
        check(status_of_one(d) == 200, "not served")
    counted = d.status()["tsa"]["http"]
    check(counted["open"] <= 256 and counted["crowded-out"] > 0, counted)
    for s in silent:
        s.close()
    wait_for(lambda: d.status()["tsa"]["http"]["open"] == 0, 20, "all are gone")
    w.note(counted)


def test_more_clients_than_connections(w):
    d = tsa.authority(w, max__connections=6, threads=2)
    served = []
    faults = []

    def ask(number):
        # An idle connection may have to make room for a new one; then a client comes again.
        for i in range(20):
            for _ in range(500):
                client = tsa.Client(d.http, timeout=30)
                try:
                    status, _, body = client.post(tsa.request(nonce=number * 100 + i))
                    check(status in (200, 503), status)
                    if status == 200:
                        served.append(tsa.Response(body).granted)
                        break
                except (OSError, http.client.HTTPException):
                    pass
                finally:
                    client.close()
                time.sleep(0.01)
            else:
                faults.append(number)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(24)]
    for t in threads:
        t.start()
    most = 0
    while any(t.is_alive() for t in threads):
        most = max(most, d.status()["tsa"]["http"]["open"])
        time.sleep(0.01)
    check(not faults and len(served) == 480 and all(served), faults, len(served))
    check(most <= 6, most, "connections open")


def test_rate_limit(w):
    d = tsa.authority(w, ratelimit=5.0, ratelimit__burst=10)
    raw = tsa.Raw(d.http)
    statuses = []
    for i in range(40):
        raw.send(raw.post(tsa.request(nonce=i)))
        statuses.append(raw.response()[0])
    check(statuses[:10] == [200] * 10 and set(statuses) == {200, 429}, statuses)
    raw.close()
    client = tsa.Client(d.http)
    wait_for(lambda: client.post(tsa.request())[0] == 200, 20, "tokens again", every=0.3)
    counted = d.status()["tsa"]["http"]
    check(counted["limited"] >= statuses.count(429), counted)
    client.close()


# --- keys that change ------------------------------------------------------------------------


def key_entries(w, d):
    return [e["text"] for e in shown(w, d, "key")]


def peer_certificate(d, cafile):
    """Its digest; None while the server has another one than that of the file."""
    context = ssl.create_default_context(cafile=cafile)
    try:
        with socket.create_connection(("127.0.0.1", d.https), timeout=20) as s, \
                context.wrap_socket(s, server_hostname="127.0.0.1") as secure:
            return hashlib.sha256(secure.getpeercert(True)).hexdigest()
    except ssl.SSLCertVerificationError:
        return None


def test_new_keys_by_sighup(w):
    w.pki = tsa.Pki(w)
    cert, key = w.pki.make("old")
    tls = w.certificate("https")
    d = tsa.authority(w, cert, key, tls=tls)
    url = f"http://127.0.0.1:{d.http}/"
    before = peer_certificate(d, tls[0])
    load = tsa.Load(d.http, connections=2)

    # A new key of another kind, while requests come.
    new_cert, new_key = w.pki.make("new", "rsa2048")
    os.replace(new_cert, cert)
    os.replace(new_key, key)
    d.signal(signal.SIGHUP)
    wait_for(lambda: d.status()["tsa"]["key"]["algorithm"] == "rsa-sha256", 10, "the new key")
    judged(w, url, cert, ["-cert"], "sha256")
    wait_for(lambda: sum("in force" in x for x in key_entries(w, d)) == 2, 10, "it in the books")

    # Broken files leave it in force.
    good = open(key).read()
    w.write("old.key", "not a key\n")
    w.write("https.crt", "not a certificate\n")
    d.signal(signal.SIGHUP)
    wait_for(lambda: any("not loaded" in x and "old.key" in x for x in key_entries(w, d)), 10,
             "the broken key in the books")
    wait_for(lambda: any("of TLS not loaded" in x for x in key_entries(w, d)), 10,
             "the broken certificate of TLS in the books")
    check("the old key stays in force" in d.log(), d.log())
    judged(w, url, cert, ["-cert"], "sha256")
    check(d.status()["tsa"]["key"]["algorithm"] == "rsa-sha256", d.status()["tsa"]["key"])

    # A new certificate for TLS.
    w.write("old.key", good, 0o600)
    w.certificate("https")
    d.signal(signal.SIGHUP)
    wait_for(lambda: any("of TLS read again" in x for x in key_entries(w, d)), 10, "TLS again")
    after = wait_for(lambda: peer_certificate(d, tls[0]), 10, "the new certificate of TLS")
    check(before is not None and after != before, after)
    judged(w, f"https://127.0.0.1:{d.https}/", cert, ["-cert"], "sha256", cacert=tls[0])
    load.stop()
    check(len(load.tokens) > 10 and not load.refused and not load.cut, len(load.tokens),
          load.refused, load.cut)
    audit(w, d)


# --- configuration ---------------------------------------------------------------------------

TSA_LINES = {"listen": '{"127.0.0.1:3180"}', "signer_cert": '"/nowhere/c.pem"',
             "signer_key": '"/nowhere/k.pem"'}
POLICY_LINE = 'policy "1.2.3" { accuracy = "1s" }'
# (what is put into the section, or in the place of one of its lines; words of the message)
BAD_TSA = [
    ({"signer_key": None}, ["signer_key", "both are needed"]),
    ({"signer_cert": None}, ["signer_cert", "both are needed"]),
    ({"listen": None}, ["listen", "is needed"]),
    ({"listen": '{"nonsense"}'}, ["listen", "ADDRESS:PORT"]),
    ({"listen": '{"127.0.0.1"}'}, ["listen", "ADDRESS:PORT"]),
    ({"listen-tls": '{"127.0.0.1:3181"}'}, ["listen-tls", "tls-certificate"]),
    ({"path": '"tsa"'}, ["path", "/..."]),
    ({"path": f'"/{"x" * 130}"'}, ["path", "127"]),
    ({"signer_digest": '"sha1"'}, ["signer_digest", "sha256"]),
    ({"certs": '"all"'}, ["certs", "chain"]),
    ({"clock_precision_digits": 2, "policy": 'policy "1.2.3" { ordering = true }'},
     ["clock_precision_digits", "ordering"]),
    ({"clock_precision_digits": "10"}, ["clock_precision_digits", "0 to 9"]),
    ({"local-bound": '"far"'}, ["local-bound", "expected a time"]),
    ({"threads": "0"}, ["threads", "1 to"]),
    ({"max-connections": "0"}, ["max-connections"]),
    ({"threads": "8", "max-connections": "4"}, ["max-connections", "each thread"]),
    ({"max-body": "0"}, ["max-body"]),
    ({"timeout": '"0"'}, ["timeout", "above zero"]),
    ({"idle-timeout": '"-1s"'}, ["idle-timeout", "above zero"]),
    ({"ratelimit": "-1.0"}, ["ratelimit", "zero or more"]),
    ({"ratelimit-burst": "0"}, ["ratelimit-burst"]),
    ({"signer-key": '"x"'}, ["signer-key", "did you mean 'signer_key'"]),
    ({"policy": ""}, ["policy", "is needed"]),
    ({"policy": 'policy "1.2.x" { }'}, ["1.2.x", "object identifier"]),
    ({"policy": 'policy "7.2.3" { }'}, ["7.2.3", "object identifier"]),
    ({"policy": 'policy "" { }'}, ["object identifier"]),
    ({"policy": 'policy "1.2.3" { digests = {"md5"} }'}, ["md5", "sha256, sha384 or sha512"]),
    ({"policy": 'policy "1.2.3" { accuracy = "2d" }'}, ["accuracy", "1us to 1d"]),
    ({"policy": 'policy "1.2.3" { accuracy = "-1s" }'}, ["accuracy", "1us to 1d"]),
    ({"policy": 'policy "1.2.3" { }\npolicy "1.2.3" { }'}, ["1.2.3"]),
    ({"policy": "\n".join(f'policy "1.2.{i}" {{ }}' for i in range(9))}, ["policy", "at most 8"]),
]


def test_configuration_errors_have_a_line_and_an_expectation(w):
    wrong = []
    for change, words in BAD_TSA:
        lines = dict(TSA_LINES)
        lines.update({k: v for k, v in change.items() if k != "policy"})
        inside = [f"{k} = {v}" for k, v in lines.items() if v is not None]
        policy = change.get("policy", POLICY_LINE)
        text = "\n".join(["tsa {", *inside, *([policy] if policy else []), "}", ""])
        path = w.write("bad.conf", text)
        done = subprocess.run([DAEMON, "--check", path], capture_output=True, text=True,
                              timeout=20 * PATIENCE)
        where = re.search(rf"^{re.escape(path)}:(\d+): ", done.stderr, re.M)
        at = where and int(where.group(1))
        # Where the option is or, if it is missing or others are, where the section ends.
        rows = text.splitlines()
        option = next((i for i, row in enumerate(rows, 1) if row.split()[0] in change), None)
        expected = len(rows) if ": tsa: " in done.stderr else \
            option + 1 if "duplicate" in done.stderr else option
        if done.returncode != 1 or at != expected or not all(x in done.stderr for x in words):
            wrong.append(f"{change}: status {done.returncode}: {done.stderr!r}, expected line "
                         f"{expected}, {words}")
    check(not wrong, "\n".join(wrong))
    good = "\n".join(["tsa {", *(f"{k} = {v}" for k, v in TSA_LINES.items()), POLICY_LINE, "}"])
    done = subprocess.run([DAEMON, "--check", w.write("good.conf", good)], capture_output=True,
                          text=True, timeout=20 * PATIENCE)
    check(done.returncode == 0, done)


def refuses_to_start(d, *words):
    d.expected = {1}
    d.start(ready=False)
    check(d.wait(20) == 1, "it runs")
    check(all(x in d.log() for x in words), words, "expected in:", d.log())


def test_what_it_does_not_start_with(w):
    first = tsa.authority(w)
    key = w.path("authority.key")
    second = tsa.authority(w, first.cert, key, name="second", start=False, ledger=first.ledger)
    refuses_to_start(second, "another process writes this file", first.ledger)
    third = tsa.authority(w, first.cert, key, name="third", start=False,
                          listen=[f"127.0.0.1:{first.http}"])
    refuses_to_start(third, str(first.http), "in use")
    fourth = tsa.authority(w, first.cert, w.path("none"), name="fourth", start=False)
    refuses_to_start(fourth, "none: No such file")
    other, _ = w.pki.make("other")
    fifth = tsa.authority(w, other, key, name="fifth", start=False)
    refuses_to_start(fifth, "does not belong to the certificate")
    web, web_key = w.pki.make("web", profile="extendedKeyUsage=serverAuth\n")
    sixth = tsa.authority(w, web, web_key, name="sixth", start=False)
    refuses_to_start(sixth, "not for time-stamping")
    diary = w.write("diary", "no database\n" * 100)
    seventh = tsa.authority(w, first.cert, key, name="seventh", start=False, ledger=diary)
    refuses_to_start(seventh, "not the ledger of a time-stamp authority")
    ed, ed_key = w.pki.make("ed25519", "ed25519")
    refuses_to_start(tsa.authority(w, ed, ed_key, name="eighth", start=False), "Ed25519")
    check(tsa.Client(first.http).ask().granted, "the first one is gone")


# --- the audit log ---------------------------------------------------------------------------


def test_the_audit_log_has_what_happened(w):
    d = tsa.authority(w)
    client = tsa.Client(d.http)
    tokens = [client.ask(nonce=i) for i in range(20)]
    refused = client.ask(policy="1.2.3")
    client.close()
    d.stop()
    result = audit(w, d)
    kinds = result["kinds"]
    check(kinds["start"] == 1 and kinds["stop"] == 1 and kinds["key"] == 1 and
          kinds["block"] >= 1 and kinds["token"] == 20 and kinds["refusal"] == 1, kinds)
    entries = {e["serial"]: e for e in shown(w, d, "token")}
    for r in tokens:
        e = entries[r.serial]
        check(e["token_sha256"] == r.sha256 and e["gen_time"] == r.gen_time_text and
              round(e["accuracy_s"] * 10**9) == r.accuracy and e["policy"] == tsa.POLICY and
              r.imprint.hex().endswith(e["imprint"]), e, r.gen_time_text)
    check(refused.fail in shown(w, d, "refusal")[0]["text"], shown(w, d, "refusal"))
    head = w.tool("tsa", "audit", "head", d.ledger, status=0).stdout.strip()
    check(head == f"{result['seq']}:{result['hash']}", head, result)
    lines = w.tool("tsa", "audit", "show", d.ledger, "--from", 3, "-n", 5, status=0).stdout
    check([x.split()[0] for x in lines.splitlines()] == ["3", "4", "5", "6", "7"], lines)
    check("the chain is whole" in w.tool("tsa", "audit", "verify", d.ledger, status=0).stdout)
    w.tool("tsa", "audit", "verify", w.path("none"), status=3)
    w.tool("tsa", "audit", "verify", d.ledger, "--head", "7:xyz", status=2)
    w.tool("tsa", "audit", "burn", d.ledger, status=2)


def test_the_tool_finds_tampering(w):
    d = tsa.authority(w)
    client = tsa.Client(d.http)
    for i in range(30):
        client.ask(nonce=i)
    client.close()
    d.stop()
    head = w.tool("tsa", "audit", "head", d.ledger, status=0).stdout.strip()
    seq = int(head.split(":")[0])
    check(audit(w, d, "--head", head)["entries"] == seq, head)
    whole = d.ledger + ".whole"
    with sqlite3.connect(d.ledger) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    shutil.copy(d.ledger, whole)
    for sql, words in (
            ("UPDATE entry SET at=at+1 WHERE seq=12", "entry 12: changed"),
            ("UPDATE entry SET body=(SELECT body FROM entry WHERE seq=13) WHERE seq=12",
             "entry 12: changed"),
            ("DELETE FROM entry WHERE seq=12", "entry 12: missing")):
        shutil.copy(whole, d.ledger)
        with sqlite3.connect(d.ledger) as db:
            db.execute(sql)
        db.close()
        check(words in audit(w, d, status=1)["why"], sql, audit(w, d, status=1)["why"])
        check("BROKEN" in w.tool("tsa", "audit", "verify", d.ledger, status=1).stdout, sql)
    shutil.copy(whole, d.ledger)
    with sqlite3.connect(d.ledger) as db:
        db.execute(f"DELETE FROM entry WHERE seq>{seq - 3}")
    db.close()
    audit(w, d)
    check("not there" in audit(w, d, "--head", head, status=1)["why"], "a cut-off end")


def test_a_flood_of_refusals_is_summed_up(w):
    d = tsa.authority(w)
    count = 0
    bad = tsa.Raw.post(b"no request") * 50
    end = time.monotonic() + 3
    while time.monotonic() < end:
        raw = tsa.Raw(d.http)  # no connection takes more than 10000
        for _ in range(20):
            raw.send(bad)
            for _ in range(50):
                check(raw.response()[0] == 200, "not 200")
            count += 50
        raw.close()
    d.stop()
    texts = [e["text"] for e in shown(w, d, "refusal")]
    sums = [int(m.group(1)) for x in texts if (m := re.fullmatch(r"(\d+) more", x))]
    single = len(texts) - len(sums)
    w.note(f"{count} refusals: {single} entries of one each, {len(sums)} sums")
    check(single + sum(sums) == count, single, sums, count)
    check(count < 600 or (sums and len(texts) < count / 2), len(texts), count)
    check(all("badDataFormat" in x for x in texts if "more" not in x), texts[:3])


def test_nothing_is_given_out_that_is_not_in_the_books(w):
    """The disk is full: systemFailure, and tokens again when it is not."""
    d = tsa.authority(w)
    client = tsa.Client(d.http)
    check(client.ask().granted, "no token")
    # What the ledger may grow to, from outside.
    size = os.path.getsize(d.ledger + "-wal")
    resource.prlimit(d.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    failed = 0
    for i in range(40):
        r = client.ask(nonce=i)
        failed += not r.granted
        check(r.granted or r.fail == "systemFailure", r.fail)
    check(failed >= 20, failed)
    # What happens now is to be found in the books later.
    d.signal(signal.SIGHUP)
    wait_for(lambda: d.log().count("in force") == 2, 10, "the key is read again")
    check(d.status()["tsa"]["ledger"]["error"], d.status()["tsa"]["ledger"])
    w.tool("tsa", "status", "--socket", d.socket, status=1)
    check("the ledger cannot be written" in d.log(), d.log())
    resource.prlimit(d.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_for(lambda: client.ask().granted, 20, "tokens again")
    wait_for(lambda: not d.status()["tsa"]["ledger"]["error"], 10, "no error")
    w.tool("tsa", "status", "--socket", d.socket, status=0)
    wait_for(lambda: len(key_entries(w, d)) == 2, 10, "what happened meanwhile is in the books")
    client.close()
    d.stop()
    audit(w, d)


if __name__ == "__main__":
    sys.exit(main(globals()))
