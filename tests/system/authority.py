# SPDX-License-Identifier: Apache-2.0
"""A time-stamp authority for tests of clients: `openssl ts -reply` behind a small HTTP server,
honest or with one fault, and the certificates that it takes."""
import http.server
import os
import subprocess
import threading

from harness import PATIENCE, run_quiet

POLICY, OTHER_POLICY = "1.2.3.4.1", "1.2.3.4.2"
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


class Ca:
    """A certification authority of openssl(1)."""

    def __init__(self, w, name):
        self.dir = w.path(name)
        os.makedirs(self.dir)
        self.cert, self.key = f"{self.dir}/ca.pem", f"{self.dir}/ca.key"
        run_quiet(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", self.cert,
                   "-days", "3000", "-subj", f"/CN={name}"])
        open(f"{self.dir}/index.txt", "w").close()

    def issue(self, name, begin="20200101000000Z", end="20991231000000Z",
              purpose="critical,timeStamping", key=None,
              kind=("EC", "ec_paramgen_curve:P-256")):
        """Returns paths of certificate and key; `key` is one to be certified again."""
        cert = f"{self.dir}/{name}.pem"
        conf = f"{self.dir}/{name}.cnf"
        with open(conf, "w") as f:
            f.write("[ca]\ndefault_ca=d\n[d]\n"
                    f"database={self.dir}/index.txt\nnew_certs_dir={self.dir}\n"
                    f"certificate={self.cert}\nprivate_key={self.key}\n"
                    "rand_serial=yes\nunique_subject=no\ndefault_md=sha256\npolicy=p\n"
                    "x509_extensions=x\n[p]\ncommonName=supplied\n"
                    "[x]\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:false\n"
                    f"extendedKeyUsage={purpose}\n")
        made = key or f"{self.dir}/{name}.key"
        if key is None:
            run_quiet(["openssl", "genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1],
                       "-out", made])
            os.chmod(made, 0o600)
        run_quiet(["openssl", "req", "-new", "-key", made, "-subj", f"/CN={name}",
                   "-out", f"{self.dir}/{name}.csr"])
        run_quiet(["openssl", "ca", "-batch", "-notext", "-config", conf, "-startdate", begin,
                   "-enddate", end, "-in", f"{self.dir}/{name}.csr", "-out", cert])
        return cert, made


def der(tag, content):
    n = len(content)
    if n < 128:
        return bytes([tag, n]) + content
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def granted(token):
    return der(0x30, bytes.fromhex("3003020100") + token)


class Authority:
    """Answers on a port of 127.0.0.1 until the world ends. `fault` may be changed at any time."""

    def __init__(self, w, name, pair, fault=None, accuracy="secs:1, millisecs:500", digits=6,
                 ess="sha256", chain=None, ordering=False, digest="sha256"):
        self.w, self.name, self.pair, self.fault = w, name, pair, fault
        self.dir = w.path(name + ".tsa")
        os.makedirs(self.dir)
        self.lock = threading.Lock()
        self.first = None   # response, for replays
        self.requests = 0
        self.connections = set()
        self.ending = threading.Event()
        with open(f"{self.dir}/serial", "w") as f:
            f.write("01\n")
        with open(f"{self.dir}/tsa.cnf", "w") as f:
            f.write("[tsa]\ndefault_tsa=t\n[t]\n"
                    f"serial={self.dir}/serial\ncrypto_device=builtin\n"
                    f"signer_cert={pair[0]}\nsigner_key={pair[1]}\nsigner_digest={digest}\n"
                    f"default_policy={POLICY}\nother_policies={OTHER_POLICY}\n"
                    f"digests=sha256,sha384,sha512\nclock_precision_digits={digits}\n"
                    f"ordering={'yes' if ordering else 'no'}\ntsa_name=yes\n"
                    f"ess_cert_id_chain={'yes' if chain else 'no'}\ness_cert_id_alg={ess}\n"
                    + (f"certs={chain}\n" if chain else "")
                    + (f"accuracy={accuracy}\n" if accuracy else ""))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/tsa"

    def end(self):
        self.ending.set()
        self.server.shutdown()
        self.server.server_close()

    def reply(self, query):
        with self.lock:
            base = f"{self.dir}/{self.requests}"
            with open(base + ".tsq", "wb") as f:
                f.write(query)
            run_quiet(["openssl", "ts", "-reply", "-config", f"{self.dir}/tsa.cnf",
                       "-queryfile", base + ".tsq", "-out", base + ".tsr"])
            with open(base + ".tsr", "rb") as f:
                return f.read()

    def signed_by(self, query, pair):
        """A token whose content is right, signed by somebody that `ts -reply` would not let."""
        base = f"{self.dir}/{self.requests}.forged"
        with open(base + ".tsr", "wb") as f:
            f.write(self.reply(query))
        run_quiet(["openssl", "ts", "-reply", "-in", base + ".tsr", "-token_out", "-out",
                   base + ".tst"])
        run_quiet(["openssl", "cms", "-verify", "-inform", "DER", "-noverify", "-binary", "-in",
                   base + ".tst", "-out", base + ".info"])
        run_quiet(["openssl", "cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256",
                   "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-signer", pair[0], "-inkey",
                   pair[1], "-in", base + ".info", "-outform", "DER", "-out", base + ".cms"])
        with open(base + ".cms", "rb") as f:
            return granted(f.read())

    def answer(self, query):
        """Status, type and body; None: no answer at all."""
        fault = self.fault
        if fault == "nonce":          # the last byte of the nonce, before certReq (01 01 ff)
            query = query[:-4] + bytes([query[-4] ^ 1]) + query[-3:]
        elif fault == "imprint":      # a byte of the digest: SEQ, INTEGER 1, SEQ, SEQ, OCTETS
            at = query.index(b"\x04\x20") + 2
            query = query[:at] + bytes([query[at] ^ 1]) + query[at + 1:]
        elif fault == "policy":       # 1.2.3.4.1 was asked for
            at = query.index(bytes.fromhex("06042a030401"))
            query = query[:at + 5] + b"\x02" + query[at + 6:]
        elif fault == "refusal":      # a version that there is not
            query = query.replace(b"\x02\x01\x01\x30", b"\x02\x01\x02\x30", 1)
        body = self.reply(query)
        if fault == "signature":
            body = body[:-3] + bytes([body[-3] ^ 1]) + body[-2:]
        elif fault == "signer":
            body = self.signed_by(query, self.other)
        self.first = self.first or body
        if fault == "replay":
            body = self.first
        elif fault == "garbage":
            body = b"<html>no time stamps here</html>"
        elif fault == "cut":
            body = body[:-10]
        elif fault == "unsigned":
            body = bytes.fromhex("30053003020100")
        return (500 if fault == "status" else 302 if fault == "redirect" else 200,
                "text/html" if fault == "type" else REPLY, body)

    def handler(self):
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_POST(self):
                authority.requests += 1
                authority.connections.add(self.client_address)
                query = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Type"] != QUERY:
                    self.send_error(415)
                    return
                if authority.fault == "silence":
                    authority.ending.wait(60)
                    self.close_connection = True
                    return
                status, kind, body = authority.answer(query)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status == 302:
                    self.send_header("Location", "file:///etc/passwd")
                if authority.fault == "endless":
                    self.end_headers()
                    self.pour()
                    return
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def pour(self):
                self.close_connection = True
                try:
                    while not authority.ending.is_set():
                        self.wfile.write(b"\x30" * 65536)
                except OSError:
                    pass

        return Handler


def openssl_verifies(args, ca):
    """What `openssl ts -verify` says."""
    done = subprocess.run(["openssl", "ts", "-verify", *args, "-CAfile", ca],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=30 * PATIENCE)
    return done.returncode == 0


