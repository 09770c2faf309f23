#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark stamp and verify against authorities of openssl(1), honest and hostile, and against
noonmarkd; `openssl ts -verify` judges the tokens."""
import json
import os
import subprocess
import sys

import harness
from authority import OTHER_POLICY, POLICY, Authority, Ca, openssl_verifies
from harness import PATIENCE, check, free_port, needs_root


# No proxy of whoever runs this.
for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)


def with_authorities(test):
    """Gives the test a CA and ends the authorities that it made."""
    def run(w):
        w.authorities = []
        try:
            test(w, Ca(w, "root"))
        finally:
            for a in w.authorities:
                a.end()
    run.__name__ = test.__name__
    return run


def authority(w, ca, name="tsa", fault=None, pair=None, **kw):
    a = Authority(w, name, pair or ca.issue(name), fault=fault, **kw)
    w.authorities.append(a)
    return a


def file_of(w, name="a.txt", text="what is to be stamped\n"):
    with open(w.path(name), "w") as f:
        f.write(text)
    return w.path(name)


def stamp_json(w, *args, status):
    return json.loads(w.tool("stamp", *args, "--json", status=status).stdout)["files"][0]


def leftovers(w, name="a.txt"):
    return sorted(f for f in os.listdir(w.dir) if f.startswith(name + "."))


@with_authorities
def test_openssl_stamps_and_everybody_verifies(w, ca):
    a, f = authority(w, ca), file_of(w)
    said = w.tool("stamp", f, "--tsa", a.url, "--ca", ca.cert, status=0).stdout
    check("a.txt: existed not later than" in said and "NOT VERIFIED" not in said, said)
    check(openssl_verifies(["-in", f + ".tsr", "-data", f], ca.cert), "openssl refuses")
    said = w.tool("verify", f, f + ".tsr", "--ca", ca.cert, status=0).stdout
    check("CN=tsa" in said and "+-1.500 s" in said and f"policy {POLICY}" in said, said)
    for digest in ("sha256", "sha384", "sha512"):
        said = stamp_json(w, f, "--tsa", a.url, "--ca", ca.cert, "--digest", digest, "--token",
                          "--force", status=0)
        check(said["reached"] and said["tokens"][0]["verified"], said)
        check(openssl_verifies(["-token_in", "-in", f + ".tst", "-data", f], ca.cert), digest)
        w.tool("verify", f, f + ".tst", "--ca", ca.cert, status=0)
    check(said["lower_s"] < 0 < said["upper_s"], "the system clock is that of the authority", said)


@with_authorities
def test_tokens_come_in_many_forms(w, ca):
    """ESSCertID of RFC 2634, the issuers beside the certificate, whole seconds, other keys."""
    f = file_of(w)
    for name, kind, more in (
            ("sha1", ("EC", "ec_paramgen_curve:P-256"), {"ess": "sha1", "digits": 0}),
            ("chain", ("EC", "ec_paramgen_curve:P-384"), {"chain": ca.cert, "ordering": True}),
            ("rsa", ("RSA", "rsa_keygen_bits:2048"), {"digest": "sha512", "digits": 3}),
            ("p521", ("EC", "ec_paramgen_curve:P-521"), {"digest": "sha384"})):
        a = authority(w, ca, name, pair=ca.issue(name, kind=kind), **more)
        said = stamp_json(w, f, "--tsa", a.url, "--ca", ca.cert, "--force", status=0)["tokens"][0]
        check(said["verified"] and said["ordering"] == bool(more.get("ordering")), name, said)
        check(said["authority"]["digest"] == more.get("digest", "sha256"), name, said)
        check(openssl_verifies(["-in", f + ".tsr", "-data", f], ca.cert), "openssl refuses", name)
    os.remove(f + ".tsr")
    weak = authority(w, ca, "weak", pair=ca.issue("weak", kind=("RSA", "rsa_keygen_bits:1024")))
    old = authority(w, ca, "old", digest="sha1")
    for a, reason in ((weak, "certificate"), (old, "weak-digest")):
        said = stamp_json(w, f, "--tsa", a.url, "--ca", ca.cert, status=1)
        check(said["tokens"][0]["reason"] == reason, a.name, said)
        check(not leftovers(w), "left", leftovers(w))


@with_authorities
def test_trust_may_be_a_directory(w, ca):
    a, f = authority(w, ca), file_of(w)
    trust = w.path("trust")
    os.makedirs(trust)
    with open(ca.cert) as cert, open(f"{trust}/ca.pem", "w") as copy:
        copy.write(cert.read())
    stamp_json(w, f, "--tsa", a.url, "--ca", trust, status=1)
    harness.run_quiet(["openssl", "rehash", trust])
    stamp_json(w, f, "--tsa", a.url, "--ca", trust, status=0)
    w.tool("verify", f, f + ".tsr", "--ca", trust, status=0)


@with_authorities
def test_without_a_ca_nothing_is_verified(w, ca):
    a, f = authority(w, ca), file_of(w)
    said = w.tool("stamp", f, "--tsa", a.url, status=0).stdout
    check(said.count("NOT VERIFIED") == 3, said)
    said = stamp_json(w, f, "--tsa", a.url, "--force", status=0)
    check(said["tokens"][0]["good"] and not said["tokens"][0]["verified"], said)


@with_authorities
def test_a_hostile_answer_is_never_kept(w, ca):
    a, f = authority(w, ca), file_of(w)
    w.tool("stamp", f, "--tsa", a.url, "--ca", ca.cert, "-o", w.path("first"), status=0)
    for fault, reason in (("nonce", "nonce"), ("imprint", "imprint"), ("policy", "policy"),
                          ("refusal", "refused"), ("signature", "signature"),
                          ("replay", "nonce"), ("garbage", "malformed"), ("cut", "malformed"),
                          ("unsigned", "no-token")):
        a.fault = fault
        for more in (["--ca", ca.cert], []):
            said = stamp_json(w, f, "--tsa", a.url, "--policy", POLICY, *more, status=1)
            check(said["tokens"][0]["reason"] == reason, fault, said)
            check(not said["reached"] and said["authorities"] == 0, said)
            check(not leftovers(w), fault, "left", leftovers(w))
    a.fault = "replay"
    said = w.tool("stamp", f, "--tsa", a.url, "--ca", ca.cert, status=1).stdout
    check("quorum NOT reached" in said and "nonce" in said, said)


@with_authorities
def test_a_server_that_does_not_answer_well(w, ca):
    a, f = authority(w, ca), file_of(w)
    for fault, why in (("status", "HTTP status 500"), ("redirect", "HTTP status 302"),
                       ("type", "not of type"), ("endless", "too long"),
                       ("silence", "timed out")):
        a.fault = fault
        timeout = "500ms" if fault == "silence" else "20s"
        said = stamp_json(w, f, "--tsa", a.url, "--ca", ca.cert, "--timeout", timeout, status=1)
        check(said["tokens"][0]["reason"] == "no-answer", said)
        check(why in said["tokens"][0]["why"], fault, said)
        check(not leftovers(w), fault, "left", leftovers(w))
    said = stamp_json(w, f, "--tsa", f"http://127.0.0.1:{free_port()}/", status=1)
    check(said["tokens"][0]["reason"] == "no-answer", said)


@with_authorities
def test_through_a_proxy(w, ca):
    proxy, f = authority(w, ca), file_of(w)
    w.tool("stamp", f, "--tsa", "http://tsa.invalid/", "--ca", ca.cert, status=0,
           env={"http_proxy": proxy.url, "no_proxy": ""})
    w.tool("verify", f, f + ".tsr", "--ca", ca.cert, status=0)


@with_authorities
def test_only_good_certificates_count(w, ca):
    f = file_of(w)
    old = authority(w, ca, "old", pair=ca.issue("old", end="20210101000000Z"))
    early = authority(w, ca, "early", pair=ca.issue("early", begin="20980101000000Z"))
    stranger = authority(w, Ca(w, "elsewhere"), "stranger")
    lax = authority(w, ca, "lax", fault="signer")
    lax.other = ca.issue("lax-signer", purpose="timeStamping")
    mail = authority(w, ca, "mail", fault="signer")
    mail.other = ca.issue("mail-signer", purpose="emailProtection")
    for a in (old, early, stranger, lax, mail):
        said = stamp_json(w, f, "--tsa", a.url, "--ca", ca.cert, status=1)
        check(said["tokens"][0]["reason"] == "certificate", a.name, said)
        check(not leftovers(w), "left", leftovers(w))
    said = stamp_json(w, f, "--tsa", stranger.url, status=0)
    check(said["tokens"][0]["authority"]["subject"] == "CN=stranger", said)
    w.tool("verify", f, f + ".tsr", "--ca", ca.cert, status=1)


@with_authorities
def test_files_are_kept_whole_or_not_at_all(w, ca):
    a, f = authority(w, ca), file_of(w)
    other = file_of(w, "b.txt", "another\n")
    out = w.path("tokens")
    os.makedirs(out)
    w.tool("stamp", f, other, "--tsa", a.url, "--out-dir", out, status=0)
    check(sorted(os.listdir(out)) == ["a.txt.tsr", "b.txt.tsr"], os.listdir(out))
    check(len(a.connections) == 1, "the connection was not kept:", a.connections)
    with open(f"{out}/a.txt.tsr", "rb") as first:
        before = first.read()
    asked = a.requests
    said = w.tool("stamp", f, "--tsa", a.url, "--out-dir", out, status=3).stderr
    check("--force" in said and a.requests == asked, "asked for nothing:", said)
    with open(f"{out}/a.txt.tsr", "rb") as again:
        check(again.read() == before, "a token was replaced without --force")
    w.tool("stamp", f, "--tsa", a.url, "--out-dir", out, "--force", status=0)
    with open(f"{out}/a.txt.tsr", "rb") as again:
        check(again.read() != before, "--force did not replace")
    # One that cannot be read does not stop the others.
    third = file_of(w, "c.txt", "third\n")
    w.tool("stamp", w.path("nothing"), third, "--tsa", a.url, status=3)
    w.tool("verify", third, third + ".tsr", "--ca", ca.cert, status=0)
    w.tool("stamp", f, "--tsa", a.url, "--out-dir", w.path("no-folder"), status=3)
    check(sorted(os.listdir(out)) == ["a.txt.tsr", "b.txt.tsr"], os.listdir(out))


def files_below(path):
    """Names and contents."""
    found = {}
    for folder, _, names in os.walk(path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as f:
                found[os.path.join(folder, name)] = f.read()
    return found


@with_authorities
def test_no_token_takes_the_place_of_another_file(w, ca):
    a = authority(w, ca)
    for folder in ("x", "y", "out"):
        os.makedirs(w.path("in/" + folder))
    os.symlink("x", w.path("in/also-x"))
    first, second = file_of(w, "in/x/f", "first\n"), file_of(w, "in/y/f", "second\n")
    out, link = w.path("in/out"), w.path("in/link")
    file_of(w, "in/x/f.new", "of the user's\n")
    file_of(w, "in/x/g.tsr", "to be stamped, too\n")
    third = file_of(w, "in/x/g", "third\n")
    os.symlink(first, link)
    before = files_below(w.path("in"))
    for args in ([first, second, "--out-dir", out],
                 [first, first],
                 [first, w.path("in/x/../x/f")],
                 [first, w.path("in/also-x/f")],
                 [first, "-o", first],
                 [first, "-o", w.path("in/also-x/f")],
                 [first, "-o", link],
                 [link, "-o", first],
                 [third, third + ".tsr"]):
        for force in ([], ["--force"]):
            said = w.tool("stamp", *args, "--tsa", a.url, "--ca", ca.cert, *force, status=2)
            check("token" in said.stderr, args, said.stderr)
            check(files_below(w.path("in")) == before, args, "something was written")
    with open(first, "rb") as text:
        done = subprocess.run([harness.TOOL, "stamp", "-", "--tsa", a.url, "-o", first, "--force"],
                              stdin=text, capture_output=True, text=True, timeout=30 * PATIENCE)
    check(done.returncode == 2 and files_below(w.path("in")) == before, done)
    check(a.requests == 0, "asked for nothing:", a.requests)
    # Two authorities, two names; and what is like a temporary file's name is left alone.
    w.tool("stamp", first, second, "--tsa", a.url, "--tsa", a.url, "--quorum", "1", status=0)
    w.tool("stamp", first, "--tsa", a.url, "-o", w.path("in/x/f.tsr"), status=0)
    after = files_below(w.path("in"))
    check(all(after[name] == text for name, text in before.items()), "a file was changed")
    check(len(after) == len(before) + 5, sorted(after))


@with_authorities
def test_standard_input(w, ca):
    a, f = authority(w, ca), file_of(w)
    w.tool("stamp", "-", "--tsa", a.url, status=2)
    with open(f, "rb") as text:
        done = subprocess.run([harness.TOOL, "stamp", "-", "--tsa", a.url, "-o", f + ".tsr"],
                              stdin=text, capture_output=True, text=True, timeout=30 * PATIENCE)
    check(done.returncode == 0, done.stderr)
    w.tool("verify", f, f + ".tsr", "--ca", ca.cert, status=0)


@with_authorities
def test_verify_says_what_is_wrong(w, ca):
    a, f = authority(w, ca), file_of(w)
    w.tool("stamp", f, "--tsa", a.url, status=0)
    said = w.tool("verify", file_of(w, "b.txt", "another\n"), f + ".tsr", "--ca", ca.cert,
                  status=1).stdout
    check("it stamps something else" in said and "NOT proved" in said, said)
    w.tool("verify", f, f + ".tsr", "--ca", ca.cert, "--policy", OTHER_POLICY, status=1)
    w.tool("verify", f, f + ".tsr", "--ca", ca.cert, "--policy", POLICY, "--now", status=0)
    said = w.tool("verify", f, f, "--ca", ca.cert, status=1).stdout
    check("neither" in said, said)
    w.tool("verify", f, w.path("nothing"), "--ca", ca.cert, status=3)
    w.tool("verify", w.path("nothing"), f + ".tsr", "--ca", ca.cert, status=3)
    w.tool("verify", f, f + ".tsr", "--ca", w.path("nothing"), status=3)
    w.tool("verify", f, f + ".tsr", status=2)
    w.tool("verify", f, "--ca", ca.cert, status=2)
    with open(f + ".tsr", "rb") as whole, open(w.path("cut"), "wb") as cut:
        cut.write(whole.read()[:-1])
    w.tool("verify", f, w.path("cut"), "--ca", ca.cert, status=1)
    # Bad ones beside a good one: the quorum decides.
    w.tool("verify", f, f + ".tsr", w.path("cut"), "--ca", ca.cert, status=1)
    w.tool("verify", f, f + ".tsr", w.path("cut"), "--ca", ca.cert, "--quorum", "1", status=0)


@with_authorities
def test_one_key_is_one_authority(w, ca):
    f = file_of(w)
    pair = ca.issue("tsa")
    a = authority(w, ca, pair=pair)
    b = authority(w, ca, "again", pair=ca.issue("again", key=pair[1]))
    c = authority(w, ca, "other")
    said = stamp_json(w, f, "--tsa", a.url, "--tsa", b.url, "--ca", ca.cert, status=1)
    check(said["authorities"] == 1 and all(t["verified"] for t in said["tokens"]), said)
    said = stamp_json(w, f, "--tsa", a.url, "--tsa", b.url, "--tsa", c.url, "--ca", ca.cert,
                      "--quorum", "2", "--force", status=0)
    check(said["authorities"] == 2 and said["agreeing"] == 2 and not said["alarm"], said)
    tokens = [f"{f}.{i}.tsr" for i in (1, 2, 3)]
    w.tool("verify", f, *tokens[:2], "--ca", ca.cert, status=1)
    said = w.tool("verify", f, *tokens, "--ca", ca.cert, "--quorum", "2", status=0).stdout
    check("2 distinct authorities" in said, said)


@with_authorities
def test_an_authority_that_claims_no_accuracy(w, ca):
    a, f = authority(w, ca, accuracy=None), file_of(w)
    said = stamp_json(w, f, "--tsa", a.url, "--ca", ca.cert, status=0)
    check("latest" not in said and "accuracy_s" not in said["tokens"][0], said)
    said = w.tool("verify", f, f + ".tsr", "--ca", ca.cert, status=0).stdout
    check("of unknown accuracy" in said and "is not said" in said, said)


def noon_authority(w, ca, name, clock=None, tls=None):
    """A noonmarkd with a section `tsa`."""
    needs_root()  # the ledger of a test's authority is root's
    cert, key = ca.issue(name)
    port = free_port()
    section = {"listen": [f"127.0.0.1:{port}"], "signer_cert": cert, "signer_key": key,
               "local-bound": "1ms", "policy": [(POLICY, {"accuracy": "1s"})]}
    conf = {"user": "root", "tsa": section}
    if clock:
        conf["clock"] = clock
    if tls:
        section["listen-tls"] = [f"127.0.0.1:{free_port()}"]
        section["tls-certificate"], section["tls-key"] = tls
    d = w.daemon(name, conf)
    d.start()
    d.url = f"http://127.0.0.1:{port}/"
    d.tls_url = "https://" + section["listen-tls"][0] + "/" if tls else None
    return d


@with_authorities
def test_a_quorum_of_daemons_finds_the_liar(w, ca):
    f = file_of(w)
    honest = [noon_authority(w, ca, name) for name in ("one", "two")]
    liar = noon_authority(w, ca, "liar", clock={"type": "virtual", "offset": "7s"})
    args = [x for d in (honest[0], liar, honest[1]) for x in ("--tsa", d.url)]
    args += ["--ca", ca.cert, "--policy", POLICY]
    said = stamp_json(w, f, *args, "--quorum", "2", status=0)
    check(said["alarm"] and said["agreeing"] == 2 and said["authorities"] == 3, said)
    check(said["lower_s"] < 0 < said["upper_s"], "the liar won:", said)
    said = w.tool("stamp", f, *args, "--force", status=1).stdout
    check("ALARM" in said and liar.url in said and "NOT reached" in said, said)
    for i in (1, 2, 3):
        check(openssl_verifies(["-in", f"{f}.{i}.tsr", "-data", f], ca.cert), "openssl refuses")
    w.tool("verify", f, *[f"{f}.{i}.tsr" for i in (1, 2, 3)], "--ca", ca.cert, status=0)


@with_authorities
def test_a_suspended_machine_compares_nothing_from_before(w, ca):
    """The machine sleeps for a minute between two authorities: what the first one said of our
    clock is not of the clock that there is now."""
    shim, f = w.path("suspended.so"), file_of(w)
    cc = os.environ.get("CC", "cc").split()[0]
    harness.run_quiet([cc, "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", shim,
                       os.path.join(os.path.dirname(os.path.abspath(__file__)), "suspended.c")])
    slept = w.path("slept")
    env = {"LD_PRELOAD": shim, "SUSPENDED": slept, "SUSPENDED_S": "60",
           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    before, after = authority(w, ca, "before"), authority(w, ca, "after")
    args = [f, "--tsa", before.url, "--tsa", after.url, "--ca", ca.cert, "--force"]
    said = json.loads(w.tool("stamp", *args, "--json", status=0, env=env).stdout)["files"][0]
    check(said["agreeing"] == 2, "nobody slept:", said)
    check(not any("left_out" in t for t in said["tokens"]), said)
    answer = before.answer

    def sleep_after(query):
        """The answer is made before the machine sleeps, and read after it."""
        made = answer(query)
        open(slept, "w").close()
        return made
    before.answer = sleep_after
    said = json.loads(w.tool("stamp", *args, "--json", status=1, env=env).stdout)["files"][0]
    check([t.get("left_out") for t in said["tokens"]] == ["suspended", None], said)
    check(said["authorities"] == 2 and said["agreeing"] == 1 and not said["alarm"], said)
    os.remove(slept)
    said = w.tool("stamp", *args, status=1, env=env).stdout
    check("LEFT OUT" in said and "NOT reached" in said and "ALARM" not in said, said)
    os.remove(slept)
    said = w.tool("stamp", *args, "--quorum", "1", status=0, env=env).stdout
    check("LEFT OUT" in said and "says 1 of 2" in said, said)


@with_authorities
def test_over_tls(w, ca):
    tls = w.certificate("tls")
    d, f = noon_authority(w, ca, "tsa", tls=tls), file_of(w)
    said = stamp_json(w, f, "--tsa", d.tls_url, "--tls-ca", tls[0], "--ca", ca.cert, status=0)
    check(said["reached"] and said["tokens"][0]["accuracy_s"] < 0.1, said)
    for more in ([], ["--tls-ca", ca.cert]):
        said = stamp_json(w, f, "--tsa", d.tls_url, *more, "--force", status=1)
        check(said["tokens"][0]["reason"] == "no-answer", said)


def query_json(w, url, *args, status=0):
    return json.loads(w.tool("query", "tsp+" + url, *args, "--json", status=status).stdout)


@with_authorities
def test_an_authority_is_asked_for_the_time(w, ca):
    a = authority(w, ca)
    said = query_json(w, a.url, "--ca", ca.cert, "--policy", POLICY, "-t", "20", "-n", "2",
                      "-i", "0.05")
    check(said["answered"] == 2 and len(a.connections) == 1, said, a.connections)
    check(said["authenticated"] and said["lower_s"] < 0 < said["upper_s"], said)
    check(abs(said["server_s"] - 1.5) < 0.2, "accuracy and half a digit's unit:", said)
    said = query_json(w, a.url, "-t", "20")
    check(not said["authenticated"] and said["lower_s"] < 0 < said["upper_s"], said)
    said = w.tool("query", "tsp+" + a.url, "-t", "20", status=0).stdout
    check("by CN=tsa, NOT AUTHENTICATED" in said, said)
    for fault in ("nonce", "imprint", "signature", "replay", "garbage", "status", "type"):
        a.fault = fault
        said = w.tool("query", "tsp+" + a.url, "--ca", ca.cert, "-t", "20", status=1)
        check("no usable answer" in said.stderr and not said.stdout, fault, said)
    a.fault = None
    said = w.tool("query", "tsp+" + a.url, "--ca", Ca(w, "elsewhere").cert, "-t", "20", status=1)
    check("certificate" in said.stderr, said.stderr)
    for url in ("tsp+ftp://127.0.0.1/", "tsp://127.0.0.1/", "tsp+http://127.0.0.1:x/"):
        w.tool("query", url, status=2)


@with_authorities
def test_an_accuracy_may_be_assumed(w, ca):
    a = authority(w, ca, accuracy=None)
    said = w.tool("query", "tsp+" + a.url, "--ca", ca.cert, "-t", "20", status=1).stderr
    check("nothing of its accuracy" in said, said)
    said = query_json(w, a.url, "--ca", ca.cert, "-t", "20", "--accuracy", "2s")
    check(abs(said["server_s"] - 2) < 0.2, said)


@with_authorities
def test_a_daemon_is_asked_for_the_time(w, ca):
    tls = w.certificate("tls")
    d = noon_authority(w, ca, "tsa", tls=tls)
    for url, more in ((d.url, []), (d.tls_url, ["--tls-ca", tls[0]])):
        said = query_json(w, url, "--ca", ca.cert, "-t", "20", *more)
        check(said["authenticated"] and said["lower_s"] < 0 < said["upper_s"], said)
    w.tool("query", "tsp+" + d.tls_url, "--ca", ca.cert, status=1)


@with_authorities
def test_usage(w, _ca):
    f = file_of(w)
    for args in ([], [f], [f, "--tsa", "ftp://x/"], [f, "--tsa", "http://x/", "--quorum", "2"],
                 [f, "--tsa", "http://x/", "--digest", "md5"],
                 [f, "--tsa", "http://x/", "--policy", "x"],
                 [f, f, "--tsa", "http://x/", "-o", "y"],
                 [f, "--tsa", "http://x/", "--timeout", "never"]):
        w.tool("stamp", *args, status=2)
    w.tool("stamp", "--help", status=0)
    w.tool("verify", "--help", status=0)


if __name__ == "__main__":
    sys.exit(harness.main(globals()))
