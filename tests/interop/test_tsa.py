#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keys of the time-stamp authority in a PKCS #11 token (SoftHSM), and tshark and osslsigncode as
judges of what it says."""
import calendar
import os
import re
import shutil
import struct
import subprocess
import sys
import time

import peers  # noqa: F401  (finds the harness)
import tsa
from authority import Ca
from harness import PATIENCE, Skip, check, main, run_quiet, wait_for
from test_tshark import Capture

MODULES = ["/usr/lib/softhsm/libsofthsm2.so",
           "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"]
PIN = "48151623"


# --- a token ---------------------------------------------------------------------------------


class Token:
    """A SoftHSM token in the directory of the test."""

    def __init__(self, w):
        module = next((m for m in MODULES if os.path.exists(m)), None)
        for tool in ("softhsm2-util", "pkcs11-tool"):
            if not module or not shutil.which(tool):
                raise Skip(f"{tool if module else 'libsofthsm2.so'} is not installed")
        engines = run_quiet(["openssl", "version", "-e"]).stdout.split('"')[1]
        if not os.path.exists(engines + "/pkcs11.so"):
            raise Skip("OpenSSL's engine pkcs11 is not installed")
        self.w = w
        self.module = module
        os.makedirs(w.path("tokens"), mode=0o700)
        conf = w.write("softhsm2.conf", f"directories.tokendir = {w.path('tokens')}\n"
                       "objectstore.backend = file\nlog.level = ERROR\n")
        # libp11 never frees the tables of its engine.
        asan = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        self.env = {"SOFTHSM2_CONF": conf, "PKCS11_MODULE_PATH": module,
                    "ASAN_OPTIONS": asan.lstrip(":")}
        self.run("softhsm2-util", "--init-token", "--free", "--label", "stamps", "--so-pin",
                 "31415926", "--pin", PIN)

    def run(self, *argv):
        return run_quiet(list(argv), env={**os.environ, **self.env})

    def take_in(self, key, name):
        """Have it keep a key that was made elsewhere."""
        pk8 = self.w.path(name + ".pk8")
        run_quiet(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", pk8])
        self.run("softhsm2-util", "--import", pk8, "--token", "stamps", "--label", name, "--id",
                 name.encode().hex(), "--pin", PIN)
        os.unlink(pk8)
        os.unlink(key)

    def generate(self, name, kind):
        """Make a key that never leaves it; the public half in a file."""
        self.run("pkcs11-tool", "--module", self.module, "--token-label", "stamps", "--login",
                 "--pin", PIN, "--keypairgen", "--key-type", kind, "--label", name, "--id",
                 name.encode().hex())
        der, pem = self.w.path(name + ".der"), self.w.path(name + ".pub")
        self.run("pkcs11-tool", "--module", self.module, "--token-label", "stamps",
                 "--read-object", "--type", "pubkey", "--label", name, "-o", der)
        run_quiet(["openssl", "pkey", "-pubin", "-inform", "DER", "-in", der, "-out", pem])
        return pem

    @staticmethod
    def uri(name, pin=PIN):
        return f"pkcs11:token=stamps;object={name};type=private" + \
            (f"?pin-value={pin}" if pin else "")


def certify(w, name, public):
    """A certificate for a key whose private half nobody has; the request is signed by another."""
    cert, csr = w.path(name + ".pem"), w.path(name + ".csr")
    run_quiet(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-keyout", w.path("other.key"), "-out", csr, "-subj", f"/CN={name}"])
    run_quiet(["openssl", "x509", "-req", "-in", csr, "-force_pubkey", public, "-CA", w.pki.ca,
               "-CAkey", w.pki.ca_key, "-days", "20", "-extfile",
               w.write("profile", tsa.PROFILE), "-out", cert])
    return cert


def stamped(w, d, digest="sha256"):
    """openssl asks and verifies."""
    request, response = w.path("q.tsq"), w.path("r.tsr")
    run_quiet(["openssl", "ts", "-query", "-data", w.write("data", b"a document"), f"-{digest}",
               "-cert", "-out", request])
    with open(request, "rb") as f:
        client = tsa.Client(d.http)
        status, _, body = client.post(f.read())
        client.close()
    check(status == 200, status)
    with open(response, "wb") as f:
        f.write(body)
    run_quiet(["openssl", "ts", "-verify", "-in", response, "-queryfile", request, "-CAfile",
               w.pki.ca])
    return tsa.Response(body)


def test_keys_in_a_token(w):
    token = Token(w)
    w.pki = tsa.Pki(w)
    certs = {}
    for kind in ("p256", "p384", "rsa2048"):
        certs[kind], key = w.pki.make(kind, kind)
        token.take_in(key, kind)
    certs["born"] = certify(w, "born", token.generate("born", "EC:prime256v1"))
    for name, cert in certs.items():
        d = tsa.authority(w, cert, token.uri(name), name=name, env=token.env, threads=2)
        stamped(w, d)
        load = tsa.Load(d.http, connections=4)
        wait_for(lambda load=load: len(load.tokens) > 200 or load.fault, 30, "200 tokens")
        load.stop()
        check(len({s for s, _ in load.tokens}) == len(load.tokens), "serial numbers twice")
        check(not load.refused, load.refused)
        check(PIN not in d.log() and PIN not in str(d.status()), "the PIN is told")
        d.stop()
    # From one key in the token to another, while it runs.
    d = tsa.authority(w, certs["p256"], token.uri("p256"), name="reloaded", env=token.env)
    first = stamped(w, d)
    d.conf["tsa"]["signer_key"] = token.uri("none")
    os.replace(certs["p384"], certs["p256"])
    d.signal(1)
    wait_for(lambda: "does not belong to the certificate" in d.log(), 10, "the refusal")
    second = stamped(w, d)
    check(int(second.serial, 16) > int(first.serial, 16), first.serial, second.serial)


def refused(w, cert, uri, env, words, name):
    """It does not start, says why, and not the PIN."""
    d = tsa.authority(w, cert, uri, name=name, start=False, env=env)
    d.expected = {1}
    d.start(ready=False)
    check(d.wait(20) != 0, "it runs")
    check(all(x in d.log() for x in words), words, "expected in", d.log())
    check(PIN not in d.log() and "99999999" not in d.log(), "the PIN is told:", d.log())


def test_what_a_token_does_not_give(w):
    token = Token(w)
    w.pki = tsa.Pki(w)
    cert, key = w.pki.make("p256")
    token.take_in(key, "p256")
    wrong = token.uri("p256", "99999999")
    refused(w, cert, wrong, token.env, ["object=p256", "cannot be loaded", "PIN"], "wrong-pin")
    refused(w, cert, token.uri("p256", None), token.env, ["cannot be loaded", "PIN"], "no-pin")
    refused(w, cert, token.uri("none"), token.env, ["object=none", "cannot be loaded"], "none")
    refused(w, cert, token.uri("p256"), {**token.env, "PKCS11_MODULE_PATH": w.path("none.so")},
            ["cannot be loaded"], "no-module")
    # A PIN among the attributes of the path is not shown either.
    refused(w, cert, f"pkcs11:token=stamps;object=none;type=private;pin-value={PIN}", token.env,
            ["cannot be loaded"], "pin-in-path")
    # The right one is not locked out by all this.
    d = tsa.authority(w, cert, token.uri("p256"), env=token.env)
    stamped(w, d)


def test_keys_in_a_token_sign_certificates_of_calibration(w):
    token = Token(w)
    ca = Ca(w, "labca")
    server = w.server(clock={"type": "virtual", "offset": "-12ms"})
    db = w.path("campaigns.db")
    w.tool("calibrate", "run", f"ntp://127.0.0.1:{server.ntp}", "--reference-bound", "1ms", "--interval", "0.05",
           "--count", 9, "--database", db, status=0)
    for name, kind in (("lab-p384", ("EC", "ec_paramgen_curve:P-384")), ("lab-rsa", ("RSA", "rsa_keygen_bits:2048"))):
        cert, key = ca.issue(name, purpose="emailProtection", kind=kind)
        token.take_in(key, name)
        out = w.path(name + ".cms")
        w.tool("calibrate", "certificate", 1, "--database", db, "--certificate", cert, "--key", token.uri(name),
               "--laboratory", "L", "--trials", 0, "-o", out, env=token.env, status=0)
        w.tool("certificate", "verify", out, "--ca", ca.cert, "--campaign", 1, "--database", db, status=0)
        run_quiet(["openssl", "cms", "-verify", "-inform", "DER", "-in", out, "-CAfile", ca.cert, "-cades", "-binary",
                   "-out", w.path("content.json")])
        # Another key of the token is not the certificate's.
        if name == "lab-rsa":
            done = w.tool("calibrate", "certificate", 1, "--database", db, "--certificate", cert, "--key",
                          token.uri("lab-p384"), "--laboratory", "L", "-o", w.path("none.cms"), env=token.env,
                          status=3)
            check("does not belong" in done.stderr and PIN not in done.stderr, done.stderr)


# --- tshark ----------------------------------------------------------------------------------


def test_tshark_reads_requests_and_responses(w):
    net = w.net()
    ns = net.end("a")
    capture = Capture(w, ns)
    d = tsa.authority(w, ns=ns, tsa_name=True, local__bound="1002003us", policies=[
        (tsa.POLICY, {"accuracy": "3s"}), (tsa.ORDERED, {"accuracy": "3s", "ordering": True})])
    said = []
    # No refusal: tshark 4.0 does not know statusString, and calls OpenSSL's refusals malformed too.
    for i, (policy, cert) in enumerate(((None, True), (tsa.ORDERED, False))):
        body = w.write(f"q{i}", tsa.request(policy=policy, nonce=0x1234567 + i, cert=cert))
        out = w.path(f"r{i}")
        done = subprocess.run(ns.wrap(
            ["curl", "-s", "--noproxy", "*", "--max-time", "20", "-H",
             "Content-Type: " + tsa.QUERY, "--data-binary", "@" + body, "-o", out,
             f"http://127.0.0.1:{d.http}/"]), capture_output=True, text=True, timeout=30 * PATIENCE)
        check(done.returncode == 0, done)
        with open(out, "rb") as f:
            said.append(tsa.Response(f.read()))
    time.sleep(0.5)
    capture.stop()

    def tshark(*args):
        return run_quiet(["tshark", "-n", "-r", capture.file, "-d", f"tcp.port=={d.http},http",
                          *args], env={**os.environ, "HOME": w.dir}).stdout

    text = tshark("-V", "-Y", "pkixtsp")
    check("Malformed" not in text and "BER Error" not in text and "Dissector bug" not in text,
          text[-3000:])
    # Not that it does not know an attribute (CMSAlgorithmProtection, RFC 6211).
    complaints = tshark("-Y", "_ws.malformed || _ws.expert.group == \"Malformed\" || "
                        "_ws.expert.severity == \"Error\"")
    check(not complaints, complaints)

    def column(display, *names):
        args = ["-Y", display, "-T", "fields", "-E", "separator=|"]
        for name in names:
            args += ["-e", name]
        return [line.split("|") for line in tshark(*args).splitlines()]

    requests = column("http.request && pkixtsp", "pkixtsp.nonce", "pkixtsp.certReq")
    check([int(x[0]) for x in requests] == [0x1234567, 0x1234568], requests)
    check([x[1] for x in requests] == ["1", ""], requests)
    tokens = column("pkixtsp.genTime", "pkixtsp.genTime", "pkixtsp.seconds", "pkixtsp.millis",
                    "pkixtsp.micros", "pkixtsp.policy", "pkixtsp.ordering")
    w.note(tokens)
    granted = [r for r in said if r.granted]
    check(len(granted) == 2 and len(tokens) == 2, [r.fail for r in said], tokens)
    # No field of tshark's has room for so long a number; its text has.
    serials = re.findall(r"serialNumber: (?:0x)?0*([0-9a-f]+)", text)
    for r, (gen_time, seconds, millis, micros, policy, _) in zip(granted, tokens):
        check(r.serial.lstrip("0") in serials, r.serial, serials)
        check(int(seconds or 0) * 10**9 + int(millis or 0) * 10**6 + int(micros or 0) * 1000 ==
              r.accuracy, seconds, millis, micros, r.accuracy)
        whole, fraction = re.fullmatch(r"(.*)\.(\d{9}) UTC", gen_time).groups()
        seconds_1970 = calendar.timegm(time.strptime(whole, "%b %d, %Y %H:%M:%S"))
        check(seconds_1970 * 10**9 + int(fraction) == r.gen_time, gen_time, r.gen_time_text)
        check(policy in (tsa.POLICY, tsa.ORDERED), policy)


# --- osslsigncode ----------------------------------------------------------------------------


def program():
    """A PE32+ file with one empty section: the least that can be signed."""
    dos = bytearray(64)
    dos[:2] = b"MZ"
    struct.pack_into("<I", dos, 60, 64)
    coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIII", 0x20b, 14, 0, 512, 0, 0, 4096, 4096)
    optional += struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 4096, 512, 6, 0, 0, 0, 6, 0, 0, 8192,
                            512, 0, 3, 0)
    optional += struct.pack("<QQQQII", 1 << 20, 4096, 1 << 20, 4096, 0, 16) + bytes(16 * 8)
    section = struct.pack("<8sIIIIIIHHI", b".text", 1, 4096, 512, 512, 0, 0, 0, 0, 0x60000020)
    head = bytes(dos) + b"PE\0\0" + coff + optional + section
    return head + bytes(512 - len(head)) + b"\xc3" + bytes(511)


def test_osslsigncode_is_stamped(w):
    if not shutil.which("osslsigncode"):
        raise Skip("osslsigncode is not installed")
    w.pki = tsa.Pki(w)
    code, code_key = w.pki.make("code", profile="extendedKeyUsage=codeSigning\n"
                                "basicConstraints=CA:false\n")
    for kind in ("p256", "rsa2048"):
        cert, key = w.pki.make(kind, kind)
        d = tsa.authority(w, cert, key, name=kind)
        out = w.path(f"{kind}.exe")
        run_quiet(["osslsigncode", "sign", "-certs", code, "-key", code_key, "-h", "sha256", "-in",
                   w.write("in.exe", program()), "-out", out, "-ts",
                   f"http://127.0.0.1:{d.http}/"])
        done = run_quiet(["osslsigncode", "verify", "-CAfile", w.pki.ca, "-TSA-CAfile", w.pki.ca,
                          "-in", out])
        check("Timestamp Server Signature verification: ok" in done.stdout, done.stdout[-1500:])
        answers = d.status()["tsa"]["answers"]
        check(answers == {"granted": 1}, answers)
        d.stop()


if __name__ == "__main__":
    sys.exit(main(globals()))
