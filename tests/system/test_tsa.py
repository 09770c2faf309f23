#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The time-stamp authority of a real daemon, judged by openssl(1) and curl(1)."""
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import tsa
from harness import DAEMON, HERE, Failed, check, main, run_quiet, wait_for

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


def refusal(w, url, body, fail, status=None):
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
    """The truth is CLOCK_REALTIME: the daemon serves it, by decree."""
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
        d = tsa.authority(w, name=f"digits{digits}", clock_precision_digits=digits,
                          local__bound="20us", policies=FINE)
        client = tsa.Client(d.http)
        ordered, plain = [], []
        for policy, into in ((tsa.ORDERED, ordered), (tsa.POLICY, plain)):
            for _ in range(1 if digits == 0 else 30):
                before = time.time_ns()
                r = client.ask(policy=policy)
                check(r.granted and within(r, before, time.time_ns()), r.fail, r.text)
                into.append(r)
        client.close()
        seen = [max(len(r.gen_time_text) - len("20261122133102Z") - 1 for r in x)
                for x in (ordered, plain)]
        # The policy without an order gives no digits that the bound does not deserve.
        check(seen == [max(digits, -1) or -1, min(digits, 6) or -1], digits, seen)
        d.stop()


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
    check(after.gen_time > got[-1].gen_time and int(after.serial, 16) > int(got[-1].serial, 16),
          "the order ends with the process")
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


if __name__ == "__main__":
    sys.exit(main(globals()))
