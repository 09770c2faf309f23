# SPDX-License-Identifier: Apache-2.0
"""Time-stamp authorities for the tests (RFC 3161): keys, daemons, a client, a reader of tokens.

The reader takes apart just as much DER as the tests compare; whether a token is good is for
openssl(1) to say.
"""
import calendar
import hashlib
import http.client
import os
import random
import socket
import ssl
import threading
import time

from harness import Failed, check, free_port, run_quiet

QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
POLICY = "1.3.6.1.4.1.99999.1"
ORDERED = "1.3.6.1.4.1.99999.2"
DIGEST_OID = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1",
              "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3"}
FAIL_INFO = {0: "badAlg", 2: "badRequest", 5: "badDataFormat", 14: "timeNotAvailable",
             15: "unacceptedPolicy", 16: "unacceptedExtension", 17: "addInfoNotAvailable",
             25: "systemFailure"}


# --- DER -------------------------------------------------------------------------------------


def tlv(tag, *contents):
    body = b"".join(contents)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(text):
    arcs = [int(x) for x in text.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        group = bytes([arc & 127])
        while arc > 127:
            arc >>= 7
            group = bytes([128 | arc & 127]) + group
        out += group
    return tlv(6, out)


def elements(data):
    """[(tag, contents, whole), ...]"""
    out = []
    at = 0
    while at < len(data):
        begin, tag, n = at, data[at], data[at + 1]
        at += 2
        if n & 128:
            size = n & 127
            n = int.from_bytes(data[at:at + size], "big")
            at += size
        if at + n > len(data):
            raise ValueError("cut off")
        out.append((tag, data[at:at + n], data[begin:at + n]))
        at += n
    return out


def only(data, tag):
    (found, inside, _), = elements(data)
    if found != tag:
        raise ValueError(f"tag {found:#x} in place of {tag:#x}")
    return inside


def request(data=b"what is stamped", digest="sha256", policy=None, nonce=None, cert=False,
            imprint=None, version=1, extensions=b""):
    """A TimeStampReq."""
    if imprint is None:
        imprint = hashlib.new(digest, data).digest()
    parts = [integer(version),
             tlv(0x30, tlv(0x30, oid(DIGEST_OID[digest]), tlv(5)), tlv(4, imprint))]
    if policy:
        parts.append(oid(policy))
    if nonce is not None:
        parts.append(integer(nonce))
    if cert:
        parts.append(tlv(1, b"\xff"))
    return tlv(0x30, *parts, extensions)


class Response:
    """A TimeStampResp and, if it was granted, what its token says."""

    def __init__(self, der):
        self.der = der
        parts = elements(only(der, 0x30))
        status = elements(parts[0][1])
        self.status = int.from_bytes(status[0][1], "big")
        self.text = ""
        self.fail = None
        self.token = None
        for tag, inside, _ in status[1:]:
            if tag == 0x30:
                self.text = elements(inside)[0][1].decode()
            elif tag == 3:
                bits = [8 * i + b for i, byte in enumerate(inside[1:]) for b in range(8)
                        if byte & 128 >> b]
                self.fail = FAIL_INFO[bits[0]]
        if len(parts) > 1:
            self.take_token(parts[1][2])

    @property
    def granted(self):
        return self.token is not None and self.status in (0, 1)

    def take_token(self, token):
        self.token = token
        self.sha256 = hashlib.sha256(token).hexdigest()
        info = elements(only(token, 0x30))
        signed = elements(only(info[1][1], 0x30))
        content = elements(signed[2][1])
        self.tst = only(content[1][1], 4)
        tst = elements(only(self.tst, 0x30))
        self.policy = tst[1][2]
        self.imprint = tst[2][2]
        self.serial = tst[3][1].hex()
        self.gen_time_text = tst[4][1].decode()
        self.gen_time = time_ns_of(self.gen_time_text)
        self.accuracy = None
        self.ordering = False
        self.nonce = None
        self.tsa = None
        for tag, inside, _ in tst[5:]:
            if tag == 0x30:
                unit = {2: 10**9, 0x80: 10**6, 0x81: 10**3}
                self.accuracy = sum(int.from_bytes(v, "big") * unit[t]
                                    for t, v, _ in elements(inside))
            elif tag == 1:
                self.ordering = True
            elif tag == 2:
                self.nonce = int.from_bytes(inside, "big")
            elif tag == 0xa0:
                self.tsa = inside


def time_ns_of(text):
    """GeneralizedTime as ns since 1970."""
    if not text.endswith("Z"):
        raise ValueError(text)
    whole, _, fraction = text[:-1].partition(".")
    if fraction.endswith("0"):
        raise ValueError(f"{text}: a fraction that ends in zeros")
    seconds = calendar.timegm(time.strptime(whole, "%Y%m%d%H%M%S"))
    return seconds * 10**9 + int((fraction + "0" * 9)[:9])


# --- keys ------------------------------------------------------------------------------------

KINDS = {"p256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
         "p384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
         "p521": ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
         "rsa2048": ["rsa:2048"], "rsa4096": ["rsa:4096"], "ed25519": ["ed25519"]}
PROFILE = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n" \
          "basicConstraints=CA:false\n"


class Pki:
    """A root and what it certifies, made by openssl(1)."""

    def __init__(self, w):
        self.w = w
        self.ca = w.path("ca.pem")
        self.ca_key = w.path("ca.key")
        run_quiet(["openssl", "req", "-x509", "-newkey", *KINDS["p256"], "-nodes", "-keyout",
                   self.ca_key, "-out", self.ca, "-days", "30", "-subj", "/CN=Test root"])

    def make(self, name, kind="p256", profile=PROFILE, begin=None, end=None, subject=None):
        """Certificate with its root behind it, and key; `begin`, `end` as YYYYMMDDHHMMSSZ."""
        w = self.w
        key, cert, csr = w.path(name + ".key"), w.path(name + ".pem"), w.path(name + ".csr")
        run_quiet(["openssl", "req", "-newkey", *KINDS[kind], "-nodes", "-keyout", key,
                   "-out", csr, "-subj", subject or f"/O=Test/CN=Authority {name}"])
        ca = w.path(name + ".ca")
        os.makedirs(ca, exist_ok=True)
        open(f"{ca}/index.txt", "w").close()
        with open(f"{ca}/ca.cnf", "w") as f:
            f.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={ca}/index.txt\nnew_certs_dir={ca}\n"
                    "rand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=x\n"
                    "email_in_dn=no\n[p]\norganizationName=optional\n"
                    f"commonName=supplied\n[x]\n{profile}")
        period = ["-startdate", begin, "-enddate", end] if begin else ["-days", "20"]
        run_quiet(["openssl", "ca", "-batch", "-config", f"{ca}/ca.cnf", "-in", csr, "-cert",
                   self.ca, "-keyfile", self.ca_key, *period, "-notext", "-out", cert])
        with open(cert, "a") as f, open(self.ca) as root:
            f.write(root.read())
        os.chmod(key, 0o600)
        return cert, key


# --- daemons ---------------------------------------------------------------------------------


def authority(w, cert=None, key=None, name="authority", start=True, top=None, tls=None,
              policies=None, backend=None, env=None, ns=None, **options):
    """A noonmarkd with a section tsa; by default with the right time and a bound of 300 us. An
    underscore doubled in the name of an option is a hyphen."""
    port = free_port()
    if cert is None:
        w.pki = getattr(w, "pki", None) or Pki(w)
        cert, key = w.pki.make(name)
    tsa = {"listen": [f"127.0.0.1:{port}"], "signer_cert": cert, "signer_key": key,
           "local-bound": "300us"}
    secure = None
    if tls:
        secure = free_port()
        tsa.update({"listen-tls": [f"127.0.0.1:{secure}"], "tls-certificate": tls[0],
                    "tls-key": tls[1]})
    tsa.update({k.replace("__", "-"): v for k, v in options.items()})
    tsa["policy"] = policies or [(POLICY, {"accuracy": "1s"}),
                                 (ORDERED, {"accuracy": "500ms", "ordering": True})]
    conf = {"clock": {"type": "system-read-only"}, "tsa": tsa}
    conf.update(top or {})
    d = w.daemon(name, conf, backend=backend, env=env, ns=ns)
    d.http, d.https, d.cert = port, secure, cert
    d.ledger = os.path.join(d.state_dir, "tsa.db")
    if start:
        d.start()
    return d


# --- a client --------------------------------------------------------------------------------


class Client:
    """Asks over one connection that is kept."""

    def __init__(self, port, tls=None, timeout=20, path="/"):
        self.path = path
        if tls:
            context = ssl.create_default_context(cafile=tls)
            self.http = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout,
                                                    context=context)
        else:
            self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def post(self, body, content_type=QUERY):
        """(status, type, body)"""
        self.http.request("POST", self.path, body, {"Content-Type": content_type})
        got = self.http.getresponse()
        return got.status, got.getheader("Content-Type"), got.read()

    def ask(self, body=None, **kw):
        """A Response; to a request made of `kw` if there is no body."""
        status, kind, answer = self.post(request(**kw) if body is None else body)
        check(status == 200 and kind == REPLY, status, kind, answer[:200])
        return Response(answer)

    def close(self):
        self.http.close()


class Load:
    """Asks without a pause over several connections, also while there is nobody to answer; keeps
    serial number and digest of every token that came whole."""

    def __init__(self, port, connections=4, **kw):
        self.port = port
        self.kw = kw
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.tokens = []  # (serial, sha256), as received
        self.refused = {}
        self.cut = 0
        self.fault = None
        self.threads = [threading.Thread(target=self.run, args=(i,), daemon=True)
                        for i in range(connections)]
        for t in self.threads:
            t.start()

    def run(self, number):
        rng = random.Random(number)
        client = None
        while not self.stopping.is_set() and not self.fault:
            try:
                client = client or Client(self.port)
                r = client.ask(nonce=rng.getrandbits(60), **self.kw)
                with self.lock:
                    if r.granted:
                        self.tokens.append((r.serial, r.sha256))
                    else:
                        self.refused[r.fail] = self.refused.get(r.fail, 0) + 1
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.cut += 1
                if client:
                    client.close()
                client = None
                time.sleep(0.002)
            except (Failed, ValueError, IndexError) as e:
                self.fault = repr(e)
        if client:
            client.close()

    def stop(self):
        self.stopping.set()
        for t in self.threads:
            t.join(30)
        check(not self.fault, "load:", self.fault)


class Raw:
    """A connection to write anything on, and to read whole responses from."""

    def __init__(self, port, timeout=20):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    @staticmethod
    def post(body, content_type=QUERY, path="/"):
        return (f"POST {path} HTTP/1.1\r\nHost: tsa\r\nContent-Type: {content_type}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        got = self.sock.recv(65536)
        if not got:
            raise ConnectionError("closed")
        self.rest += got

    def response(self):
        """(status, body)"""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        fields = {k.lower(): v.strip() for k, v in (x.split(":", 1) for x in lines[1:])}
        n = int(fields.get("content-length", "0"))
        while len(self.rest) < n:
            self.more()
        body, self.rest = self.rest[:n], self.rest[n:]
        return int(lines[0].split()[1]), body

    def is_closed(self, seconds):
        """Whether the other end closes within that time."""
        self.sock.settimeout(seconds)
        try:
            while self.sock.recv(65536):
                pass
            return True
        except socket.timeout:
            return False
        except OSError:
            return True

    def close(self):
        self.sock.close()
