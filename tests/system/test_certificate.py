#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Calibration certificates: issued, judged by openssl(1), and attacked."""
import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time

import tsa
from authority import Ca
from harness import PATIENCE, SANITIZER, TOOL, check, free_port, main, run_quiet, wait_for

for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)

SIGNER = "emailProtection"
STAMP_OID = tsa.oid("1.2.840.113549.1.9.16.2.14")  # id-aa-signatureTimeStampToken


class Desk:
    """A laboratory: a CA, a signer, a campaign of a server that is 12 ms behind."""

    def __init__(self, w, count=20):
        self.w = w
        self.ca = Ca(w, "labca")
        self.cert, self.key = self.ca.issue("laboratory", purpose=SIGNER)
        server = w.server(clock={"type": "virtual", "offset": "-12ms"})
        self.url = f"ntp://127.0.0.1:{server.ntp}"
        self.run("calibrate", "run", self.url, "--reference-bound", "1ms", "--interval", "0.05", "--count", count,
                 "--environment", "22 C", "--customer", "A customer")

    def run(self, *args, status=0):
        p = subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=120 * PATIENCE,
                           cwd=self.w.dir)
        check(p.returncode == status, args, p.returncode, p.stdout[-1500:], p.stderr[-1500:])
        check(not SANITIZER.search(p.stderr), p.stderr)
        return p.stdout, p.stderr

    def issue(self, *args, campaign=1, out="c.cms", status=0, cert=None, key=None):
        return self.run("calibrate", "certificate", campaign, "--certificate", cert or self.cert, "--key",
                        key or self.key, "--laboratory", "Laboratoire d'essai \u00e9", "-o", out, "--trials", 20000,
                        *args, status=status)

    def verify(self, *args, file="c.cms", status=0, ca=None):
        return json.loads(self.run("certificate", "verify", file, "--ca", ca or self.ca.cert, "--json", *args,
                                   status=status)[0])

    def bad(self, check_name, words, *args, **kw):
        """It is refused by this check, with these words."""
        o = self.verify(*args, status=1, **kw)
        found = o["checks"][check_name]
        check(not o["ok"] and found["outcome"] == "bad" and words in found["why"], check_name, words, o["checks"])
        return o

    def read(self, name="c.cms"):
        with open(self.w.path(name), "rb") as f:
            return f.read()

    def content(self, name="c.cms"):
        return self.run("certificate", "show", name, "--json")[0]

    def sign(self, content, out, *pairs, more=("-nodetach",)):
        """openssl(1) signs; bytes of what comes out."""
        self.w.write("content.json", content)
        signers = [x for cert, key in pairs or [(self.cert, self.key)] for x in ("-signer", cert, "-inkey", key)]
        run_quiet(["openssl", "cms", "-sign", "-binary", "-cades", "-nosmimecap", "-md", "sha256", "-outform", "DER",
                   "-in", self.w.path("content.json"), "-out", self.w.path(out), *more, *signers])


def canonical(o):
    """As noonmark writes it; reals come from its own text, so that 15 digits suffice."""
    def number(x):
        text = "%.15g" % x
        return text if re.search(r"[.e]", text) else text + ".0"

    if isinstance(o, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{canonical(o[k])}" for k in sorted(o)) + "}"
    if isinstance(o, list):
        return "[" + ",".join(map(canonical, o)) + "]"
    if isinstance(o, float):
        return re.sub(r"e([+-])0*", lambda m: "e" + m[1].replace("+", ""), number(o))
    return json.dumps(o, ensure_ascii=False)


def parts_of(der):
    """(parts of the SignedData, parts of its SignerInfo) as whole elements."""
    signed = tsa.elements(tsa.only(tsa.elements(tsa.only(der, 0x30))[1][1], 0x30))
    (_, info, _), = tsa.elements(signed[-1][1])
    return [x[2] for x in signed], [x[2] for x in tsa.elements(info)]


def signature_of(der):
    return next(x[1] for x in tsa.elements(b"".join(parts_of(der)[1])) if x[0] == 4)


def token_of(der):
    (_, attribute, _), = tsa.elements(tsa.elements(parts_of(der)[1][-1])[0][1])
    kind, values = tsa.elements(attribute)
    check(kind[2] == STAMP_OID, "attribute", kind)
    return values[1]


def with_token(der, token):
    """The document with another time stamp, or with None."""
    signed, info = parts_of(der)
    info = [x for x in info if x[0] != 0xa1]
    if token is not None:
        info.append(tsa.tlv(0xa1, tsa.tlv(0x30, STAMP_OID, tsa.tlv(0x31, token))))
    signed[-1] = tsa.tlv(0x31, tsa.tlv(0x30, *info))
    return tsa.tlv(0x30, tsa.oid("1.2.840.113549.1.7.2"), tsa.tlv(0xa0, tsa.tlv(0x30, *signed)))


def authority(w, **kw):
    d = tsa.authority(w, **kw)
    return ["--tsa", f"http://127.0.0.1:{d.http}/", "--tsa-ca", w.pki.ca]


def test_openssl_takes_what_is_issued(w):
    desk = Desk(w)
    stamp = authority(w)
    out, _ = desk.issue("--limit", "20ms", "--address", "1 Street", "--authorised-by", "J. Doe", "--remarks", "none",
                        *stamp)
    check("signed by    CN=laboratory" in out and "conformity   pass" in out and "time stamp   " in out, out)
    # With the purpose of mail, which our verifier does not ask for, and with any.
    for purpose in ([], ["-purpose", "any"]):
        run_quiet(["openssl", "cms", "-verify", "-inform", "DER", "-in", w.path("c.cms"), "-CAfile", desk.ca.cert,
                   "-cades", "-binary", "-out", w.path("verified.json"), *purpose])
    with open(w.path("verified.json"), encoding="utf-8") as f:
        text = f.read()
    o = json.loads(text)
    check(text == canonical(o), "not canonical:", text, canonical(o))
    check(o == json.loads(desk.content()), "show --json")
    # The token is one of the signature's value.
    der = desk.read()
    w.write("token.tst", token_of(der))
    run_quiet(["openssl", "ts", "-verify", "-token_in", "-in", w.path("token.tst"), "-digest",
               hashlib.sha256(signature_of(der)).hexdigest(), "-CAfile", w.pki.ca])
    v = desk.verify("--tsa-ca", w.pki.ca, "--campaign", 1)
    check(v["ok"] and {c["outcome"] for c in v["checks"].values()} == {"good"}, v["checks"])
    check("time of the time stamp" in v["checks"]["signer"]["why"], v["checks"])
    # What it says is what was measured.
    r = json.loads(desk.run("calibrate", "show", 1, "--json", "--trials", 20000)[0])
    check(o["raw_data"]["sha256"] == r["raw_sha256"] and abs(o["result"]["x_s"] - r["x_s"]) < 1e-15, o, r)
    check(abs(o["result"]["x_s"] + 0.012) <= o["result"]["U_s"] + 1e-3, o["result"])
    item = o["item"]
    check(item["address"] == "127.0.0.1" and item["ip_version"] == 4 and item["service"] == desk.url, item)
    check(item["stratum"] == 1 and re.fullmatch(r"[A-Z]{3,4}", item["refid"]), item)
    check(o["conformity"]["outcome"] == "pass" and o["laboratory"]["name"].endswith("\u00e9"), o)
    check(o["customer"] == "A customer" and o["conditions"]["environment"] == "22 C", o)
    with open(TOOL, "rb") as f:
        check(o["software"]["executable_sha256"] == hashlib.sha256(f.read()).hexdigest(), o["software"])
    # Other keys, and a chain.
    for kind in (("RSA", "rsa_keygen_bits:3072"), ("EC", "ec_paramgen_curve:P-521")):
        pair = desk.ca.issue(f"by-{kind[0]}", purpose="1.3.6.1.5.5.7.3.36", kind=kind)
        desk.issue("--force", *stamp, out="other.cms", cert=pair[0], key=pair[1])
        run_quiet(["openssl", "cms", "-verify", "-inform", "DER", "-in", w.path("other.cms"), "-CAfile", desk.ca.cert,
                   "-cades", "-binary", "-purpose", "any", "-out", w.path("verified.json")])
        desk.verify("--tsa-ca", w.pki.ca, file="other.cms")
    _, err = desk.issue(out="none.cms", cert=pair[0], key=w.write("junk.key", "no key"), status=3)
    check("junk.key" in err, err)
    # PEM says the same.
    desk.issue("--pem", "--number", "No 7", out="c.pem")
    run_quiet(["openssl", "cms", "-verify", "-inform", "PEM", "-in", w.path("c.pem"), "-CAfile", desk.ca.cert,
               "-out", w.path("pem.json")])
    check(desk.verify(file="c.pem")["content"]["number"] == "No 7", "number")


def test_an_authority_is_known_by_its_certificate(w):
    desk = Desk(w, count=1)
    d = tsa.authority(w)
    desk.run("calibrate", "run", f"tsp+http://127.0.0.1:{d.http}/", "--ca", w.pki.ca, "--reference-bound", "1ms",
             "--interval", "0.05", "--count", "4")
    desk.issue(campaign=2)
    item = json.loads(desk.content())["item"]
    done = run_quiet(["openssl", "x509", "-in", d.cert, "-noout", "-fingerprint", "-sha256"])
    digest = done.stdout.split("=")[1].strip().replace(":", "").lower()
    check(item["tsa_certificate_sha256"] == digest and "CN=Authority" in item["tsa_subject"], item, digest)
    check(item["address"] == "127.0.0.1" and item["kind"] == "tsp" and "refid" not in item, item)
    desk.verify("--campaign", 2)


def test_against_the_page_of_a_daemon(w):
    desk = Desk(w, count=1)
    source = w.server(name="true")
    client = w.client([w.nts_source(source)], clock={"type": "virtual"})
    client.wait_state("ok", 30)
    desk.run("calibrate", "run", desk.url, "--reference", f"page:{client.page}", "--interval", "0.05", "--count", 20)
    desk.issue(campaign=2)
    o = json.loads(desk.content())
    check(o["bound"]["x"]["against_utc"] and o["bound"]["x"]["lower_s"] <= -0.012 <= o["bound"]["x"]["upper_s"], o)
    check(o["traceability"]["reference"]["spec"].startswith("page:"), o["traceability"])
    check("live one" in o["traceability"]["statement"], o["traceability"])
    check("live, of each sample" in desk.run("certificate", "show", "c.cms")[0], "text")
    desk.verify("--campaign", 2)


def test_text_for_people(w):
    desk = Desk(w)
    desk.issue("--remarks", "a remark with \033[2J and \u0085 in it " + "word " * 40, "--limit", "1ms")
    out, _ = desk.run("certificate", "show", "c.cms")
    for words in ("Calibration certificate", "Uncertainty budget", "Hard bound", "Single readings", "Decision rule",
                  "Customer          A customer", "k = 2.00", "Environment     22 C", "as found; not adjusted",
                  "page 1 of 2", "Outcome         fail", "Laboratoire d'essai \u00e9"):
        check(words in out, words, "is not in", out)
    check("\033" not in out and "\u0085" not in out and "?[2J and ? in it" in out, repr(out))
    check(max(map(len, out.splitlines())) <= 96 and all(p.count("\n") <= 63 for p in out.split("\f")), out)
    text, _ = desk.run("certificate", "verify", "c.cms", "--ca", desk.ca.cert)
    check(re.search(r"^signer +good  CN=laboratory, trusted now$", text, re.M) and "c.cms: good" in text, text)
    check(re.search(r"^time stamp +- +there is none$", text, re.M), text)


def test_what_is_changed_is_found(w):
    desk = Desk(w)
    desk.issue("--limit", "20ms")
    good = desk.read()
    changed = {
        "content": good.replace(b'"outcome":"pass"', b'"outcome":"fail"'),
        "signature": good[:-1] + bytes([good[-1] ^ 1]),
    }
    for name, data in changed.items():
        check(data != good, name)
        w.write(f"{name}.cms", data)
        desk.bad("signature", "signature is not good", file=f"{name}.cms")
    for name, data, fault in (("trailing", good + b"\0", "trailing-bytes"), ("cut", good[:-1], "malformed"),
                              ("empty", b"", "malformed"), ("text", b"not a certificate\n" * 9, "malformed"),
                              ("pem", b"-----BEGIN CMS-----\n%%%\n-----END CMS-----\n", "malformed")):
        w.write(f"{name}.cms", data)
        check(desk.verify(file=f"{name}.cms", status=1)["fault"] == fault, name)
        _, err = desk.run("certificate", "show", f"{name}.cms", status=3)
        check(f"{name}.cms: it is not" in err or "bytes behind" in err, err)
    with open(w.path("huge.cms"), "wb") as f:
        f.write(good)
        f.truncate(1 << 33)
    check(desk.verify(file="huge.cms", status=1)["fault"] == "too-long", "huge")
    # Signed properly, but no certificate, or one that contradicts itself.
    desk.sign(desk.content(), "spaces.cms")
    check(desk.verify(file="spaces.cms", status=1)["fault"] == "content", "not canonical")
    desk.sign("{}", "other.cms")
    check("not of the format" in desk.verify(file="other.cms", status=1)["checks"]["form"]["why"], "format")
    o = json.loads(desk.content())
    desk.sign(canonical(o), "same.cms")
    desk.verify("--campaign", 1, file="same.cms")
    o["result"]["x_s"] += 1e-6
    desk.sign(canonical(o), "moved.cms")
    found = desk.bad("results", "result.x_s differs", "--campaign", 1, file="moved.cms")
    check(found["checks"]["raw_data"]["outcome"] == "good", found["checks"])
    o["conformity"]["limit_s"] = 0.001
    desk.sign(canonical(o), "conforms.cms")
    desk.bad("conformity", "does not follow", file="conforms.cms")


def test_who_may_not_sign(w):
    desk = Desk(w)
    desk.issue()
    content = desk.content()
    o = canonical(json.loads(content))
    stranger = Ca(w, "otherca")
    desk.bad("signer", "not trusted", ca=stranger.cert)
    desk.sign(o, "stranger.cms", stranger.issue("laboratory", purpose=SIGNER))
    desk.bad("signer", "not trusted", file="stranger.cms")
    for purpose in ("serverAuth", "critical,timeStamping"):
        pair = desk.ca.issue(f"for-{purpose[-4:]}", purpose=purpose)
        desk.sign(o, "web.cms", pair)
        desk.bad("signer", "not for signing documents", file="web.cms")
        _, err = desk.issue(out="refused.cms", cert=pair[0], key=pair[1], status=3)
        check("not for signing documents" in err and not os.path.exists(w.path("refused.cms")), err)
    pair = desk.ca.issue("second", purpose=SIGNER)
    desk.sign(o, "two.cms", (desk.cert, desk.key), pair)
    check(desk.verify(file="two.cms", status=1)["fault"] == "signers", "two signers")
    desk.sign(o, "detached.cms", more=())
    check(desk.verify(file="detached.cms", status=1)["fault"] == "no-content", "detached")
    desk.sign(o, "bare.cms", more=("-nodetach", "-nocerts"))
    check(desk.verify(file="bare.cms", status=1)["fault"] == "no-certificate", "no certificate")
    _, err = desk.issue(out="refused.cms", key=pair[1], status=3)
    check("does not belong" in err, err)


def test_time_stamps(w):
    desk = Desk(w)
    stamp = authority(w)
    desk.issue(*stamp, out="a.cms")
    desk.issue(*stamp, out="b.cms")
    a, b = desk.read("a.cms"), desk.read("b.cms")
    check(with_token(a, token_of(a)) == a, "the test's own writer of DER")
    w.write("swapped.cms", with_token(a, token_of(b)))
    desk.bad("time_stamp", "stamps something else", "--tsa-ca", w.pki.ca, file="swapped.cms")
    # Also without trust in the authority.
    desk.bad("time_stamp", "stamps something else", file="swapped.cms")
    w.write("junk.cms", with_token(a, tsa.tlv(0x30, tsa.integer(1))))
    desk.bad("time_stamp", "neither", file="junk.cms")
    w.write("set.cms", with_token(a, tsa.tlv(0x31, tsa.integer(1))))
    check(desk.verify(file="set.cms", status=1)["fault"] == "time-stamps", "a SET")
    w.write("bare.cms", with_token(a, None))
    check(desk.verify(file="bare.cms")["checks"]["time_stamp"]["outcome"] == "not checked", "taken off")
    desk.bad("time_stamp", "certificate", "--tsa-ca", desk.ca.cert, file="a.cms")
    check(desk.verify(file="a.cms")["checks"]["time_stamp"]["outcome"] == "not checked", "not asked for")
    # What cannot be had is an error, and nothing is written.
    silent = ["--tsa", f"http://127.0.0.1:{free_port()}/", "--tsa-ca", w.pki.ca]
    for args, words in ((silent, "nothing was written"), (stamp[:3] + [desk.ca.cert], "no time stamp that is trusted"),
                        (stamp + ["--policy", "1.2.3.4"], "no time stamp that is trusted"),
                        (stamp[:3] + ["/nonexistent"], "/nonexistent")):
        _, err = desk.issue(*args, out="none.cms", status=3)
        check(words in err and not os.path.exists(w.path("none.cms")), err)
    for args in (stamp[:2], stamp[2:]):
        _, err = desk.issue(*args, out="none.cms", status=2)
        check("--tsa" in err, err)


def test_expired_signers(w):
    """Its signature is good for ever if a time stamp is from before the end, and else no more."""
    desk = Desk(w)
    stamp = authority(w)
    for seconds in (5, 20, 80):  # on a busy machine issuing takes longer
        end = int(time.time()) + seconds
        cert, key = desk.ca.issue(f"short{seconds}", purpose=SIGNER,
                                  end=time.strftime("%Y%m%d%H%M%SZ", time.gmtime(end)))
        p = subprocess.run([TOOL, "calibrate", "certificate", "1", "--certificate", cert, "--key", key, "--trials",
                            "0", "--laboratory", "L", "-o", "short.cms", *stamp], cwd=w.dir, capture_output=True,
                           text=True, timeout=60 * PATIENCE)
        if p.returncode == 0 and time.time() < end - 1:
            break
        check(p.returncode == 0 or "not valid now" in p.stderr, p.stderr)
        if p.returncode == 0:
            os.unlink(w.path("short.cms"))
    check(os.path.exists(w.path("short.cms")), "never issued in time")
    token = tsa.Response.__new__(tsa.Response)
    token.take_token(token_of(desk.read("short.cms")))
    check(token.gen_time < end * 10**9, "stamped too late")
    desk.verify(file="short.cms")
    wait_for(lambda: time.time() > end + 1, seconds + 2, "the certificate expires")
    desk.bad("signer", "expired", file="short.cms")
    desk.verify("--tsa-ca", w.pki.ca, file="short.cms")
    w.write("bare.cms", with_token(desk.read("short.cms"), None))
    desk.bad("signer", "expired", "--tsa-ca", w.pki.ca, file="bare.cms")
    _, err = desk.issue(out="late.cms", cert=cert, key=key, status=3)
    check("not valid now" in err, err)


def test_raw_data(w):
    desk = Desk(w)
    desk.issue()
    desk.verify("--campaign", 1, "--database", "campaigns.db")
    db = sqlite3.connect(w.path("campaigns.db"))
    change = "UPDATE sample SET rtt = rtt + ? WHERE campaign = 1 AND seq = (SELECT MIN(seq) FROM sample)"
    db.execute(change, (1,))
    db.commit()
    o = desk.bad("raw_data", "not the one stated", "--campaign", 1)
    check(o["checks"]["signature"]["outcome"] == "good", o["checks"])
    db.execute(change, (-1,))
    db.commit()
    desk.verify("--campaign", 1)
    # Another campaign is another's.
    desk.run("calibrate", "run", desk.url, "--reference-bound", "1ms", "--interval", "0.05", "--count", 5)
    desk.bad("raw_data", "not the one stated", "--campaign", 2)
    _, err = desk.run("certificate", "verify", "c.cms", "--ca", desk.ca.cert, "--campaign", 9, status=3)
    check("9" in err, err)
    _, err = desk.run("certificate", "verify", "c.cms", "--ca", desk.ca.cert, "--database", "x", status=2)
    check("--campaign" in err, err)
    # A reference that was stepped gives no certificate, whatever the samples say.
    db.execute("UPDATE reading SET state = 3 WHERE campaign = 2")
    db.commit()
    _, err = desk.issue(campaign=2, out="none.cms", status=1)
    check("reference is broken" in err and not os.path.exists(w.path("none.cms")), err)


def test_who_gets_no_certificate(w):
    desk = Desk(w)
    desk.issue()
    before = desk.read()
    _, err = desk.issue(status=3)
    check("already" in err and "--force" in err and desk.read() == before, err)
    desk.issue("--force")
    check(desk.read() != before, "not replaced")
    # No sample.
    desk.run("calibrate", "run", "ntp://127.0.0.1:9", "--reference-bound", "1ms", "--count", 2, "--interval", "0.2",
             "--timeout", "0.3", status=1)
    _, err = desk.issue(campaign=2, out="none.cms", status=1)
    check("campaign 2 gets no certificate: there is no sample" in err, err)
    # On another scale the limit would be of something else.
    desk.run("calibrate", "run", desk.url, "--reference-bound", "1ms", "--interval", "0.05", "--count", 3, "--scale",
             "smeared")
    _, err = desk.issue("--limit", "1ms", campaign=3, out="none.cms", status=2)
    check("another scale: smeared" in err, err)
    # One that is being written, and one that was stopped.
    p = w.process("run", [TOOL, "calibrate", "run", desk.url, "--reference-bound", "1ms", "--interval", "0.1",
                          "--duration", "0", "--database", w.path("open.db")])
    p.expected = {0, 1}
    p.start()

    def kept():
        out = subprocess.run([TOOL, "calibrate", "list", "--database", w.path("open.db"), "--json"],
                             capture_output=True, text=True, check=False).stdout
        return sum(c["samples"] for c in json.loads(out or "[]")) > 3

    wait_for(kept, 20, "samples")
    for _ in range(2):
        _, err = desk.issue("--database", w.path("open.db"), out="none.cms", status=1)
        check("not complete" in err, err)
        p.signal(signal.SIGTERM)
        p.wait()
    for args, status, words in (
            (["9"], 3, "no campaign 9"), (["x"], 2, "number of a campaign"),
            (["1", "--laboratory", b"\xe9"], 2, "UTF-8"), (["1", "--limit", "-1ms"], 2, "--limit"),
            (["1", "--output", "/nonexistent/c.cms"], 3, "/nonexistent/c.cms")):
        _, err = run_issue(desk, args, status)
        check(words in err, args, err)
    _, err = run_issue(desk, ["1"], 2, laboratory=False)
    check("--laboratory" in err, err)
    check(not os.path.exists(w.path("none.cms")), "written")
    _, err = desk.run("certificate", "verify", "/nonexistent", "--ca", desk.ca.cert, status=3)
    check("/nonexistent" in err, err)
    _, err = desk.run("certificate", "verify", "c.cms", "--ca", "/nonexistent", status=3)
    check("/nonexistent" in err, err)


def run_issue(desk, args, status, laboratory=True):
    given = [TOOL, "calibrate", "certificate", "--certificate", desk.cert, "--key", desk.key, "--trials", "0"]
    given += ["--laboratory", "L"] if laboratory and "--laboratory" not in args else []
    given += [] if "--output" in args else ["-o", "none.cms"]
    p = subprocess.run([*given, *args], capture_output=True, cwd=desk.w.dir, timeout=60 * PATIENCE)
    check(p.returncode == status, args, p.returncode, p.stdout, p.stderr)
    return p.stdout.decode(), p.stderr.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main(globals()))
