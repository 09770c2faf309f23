# SPDX-License-Identifier: Apache-2.0
"""What the system tests share: processes, configurations, watches, relays, namespaces, TAP.

A test is a function test_*(w) of its file; it runs in namespaces of its own (isolation.py), and `w`
is a World that owns all it starts and makes, and ends and removes it whatever happens. Every daemon
that is watched has its bound checked at every reading; one reading with the truth outside fails the
test. Nothing here can touch the clock of the machine: the capability is given up before anything is
started.
"""
import atexit
import concurrent.futures
import ctypes
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import isolation

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
DAEMON = os.environ.get("NOON_DAEMON", os.path.join(SOURCE, "build", "noonmarkd"))
TOOL = os.environ.get("NOON_TOOL", os.path.join(SOURCE, "build", "noonmark"))
PEERS = os.environ.get("NOON_PEERS", os.path.join(SOURCE, "build", "peers"))

# Time to read two clocks one after the other.
SLACK_S = 2e-6

# How much slower than a free machine a busy one may be before a wait is given up. Waiting ends with
# its condition, so a long limit costs nothing but in a test that fails.
PATIENCE = 4

CAP_SYS_TIME = 25
PR_CAPBSET_DROP = 24

SANITIZER = re.compile(r"AddressSanitizer|runtime error:|LeakSanitizer|ThreadSanitizer|Assertion")


class Skip(Exception):
    """This machine cannot run the test, and why."""


class Failed(Exception):
    """The test found something."""


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(x) for x in what))


def wait_for(condition, seconds, what, every=0.05):
    """Wait until condition() is true, and return what it gave. `seconds` is what a free machine
    needs at most; a busy one gets PATIENCE times as long."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"not within {seconds * PATIENCE} s: {what}")
        time.sleep(every)


def needs_root():
    """Skip a test that becomes another user, or makes a file of root's."""
    if not isolation.has_all_users():
        raise Skip("needs root of the machine, to become another user")


def free_port():
    """A port that is free for TCP and UDP at this moment, outside of the ephemeral range."""
    for _ in range(200):
        port = random.randrange(10000, 30000)
        tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            for s in (tcp, udp):
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                s.bind(("::", port))
            return port
        except OSError:
            continue
        finally:
            tcp.close()
            udp.close()
    raise Failed("no free port")


# --- configuration ---------------------------------------------------------------------------


def quote(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(quote(v) for v in value) + "}"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def config_text(conf, indent=""):
    """A dictionary as configuration; sections with a title are lists of (title, dictionary)."""
    out = []
    for key, value in conf.items():
        if isinstance(value, list) and all(isinstance(v, tuple) for v in value):
            for title, inside in value:
                out.append(f'{indent}{key} "{title}" {{\n'
                           f"{config_text(inside, indent + '  ')}{indent}}}\n")
        elif isinstance(value, dict):
            out.append(f"{indent}{key} {{\n{config_text(value, indent + '  ')}{indent}}}\n")
        else:
            out.append(f"{indent}{key} = {quote(value)}\n")
    return "".join(out)


# --- processes -------------------------------------------------------------------------------


class Process:
    """A program in its own session, with its output in a file; dies with this one."""

    def __init__(self, world, name, argv, env=None, ns=None):
        self.world = world
        self.name = name
        self.argv = list(argv)
        self.env = env
        self.ns = ns
        self.log_path = os.path.join(world.dir, name + ".log")
        self.popen = None
        self.expected = {0}
        world.processes.append(self)

    def start(self):
        argv = ["setpriv", "--pdeathsig", "KILL"] + self.argv
        if self.ns:
            argv = self.ns.wrap(argv)
        env = dict(os.environ)
        env.update(self.env or {})
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=env, start_new_session=True)
        return self

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def log(self):
        try:
            with open(self.log_path, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def signal(self, signo):
        if self.alive():
            os.kill(self.pid, signo)

    def wait(self, seconds=10):
        try:
            return self.popen.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds * PATIENCE} s") from None

    def stop(self, seconds=10):
        """End it in order; its exit status must be one of `expected`."""
        if self.popen is None:
            return None
        running = self.alive()
        self.signal(signal.SIGTERM)
        try:
            status = self.popen.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.name} did not end on SIGTERM within "
                         f"{seconds * PATIENCE} s") from None
        check(not running or status in self.expected, self.name, "ended with status", status)
        self.popen = None
        return status

    def kill(self):
        if self.popen is None:
            return
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except OSError:
            pass
        self.popen.wait()
        self.popen = None


class Control:
    """The control socket of a daemon."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(5 * PATIENCE)
        self.sock.connect(path)
        self.rest = b""

    def ask(self, **command):
        self.sock.sendall(json.dumps(command).encode() + b"\n")
        while b"\n" not in self.rest:
            got = self.sock.recv(65536)
            if not got:
                raise ConnectionError("control connection closed")
            self.rest += got
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def close(self):
        self.sock.close()


class Daemon(Process):
    """A noonmarkd with a configuration of the test's."""

    def __init__(self, world, name, conf, backend=None, ns=None, env=None, before=(),
                 program=None):
        self.dir = os.path.join(world.dir, name)
        self.conf_path = os.path.join(world.dir, name + ".conf")
        self.state_dir = os.path.join(self.dir, "state")
        self.socket = os.path.join(self.dir, "sock")
        self.page = os.path.join(self.dir, "clock")
        self.cert = os.path.join(self.state_dir, "ntske.crt")
        self.conf = {"state-directory": self.state_dir, "control-socket": self.socket,
                     "shared-page": self.page, "user": ""}
        self.conf.update(conf)
        argv = list(before) + [program or DAEMON, "-f", self.conf_path]
        if backend:
            argv.append("--event-backend=" + backend)
        super().__init__(world, name, argv, ns=ns, env=env)

    def start(self, ready=True):
        os.makedirs(self.dir, mode=0o755, exist_ok=True)
        with open(self.conf_path, "w") as f:
            f.write(config_text(self.conf))
        super().start()
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=15):
        def answered():
            if not self.alive():
                raise Failed(f"{self.name} ended at its start: {self.log()[-500:]}")
            try:
                return self.status()
            except (OSError, ValueError):
                return None
        return wait_for(answered, seconds, f"{self.name} answers")

    def ask(self, **command):
        control = Control(self.socket)
        try:
            return control.ask(**command)
        finally:
            control.close()

    def status(self):
        return self.ask(command="status")

    def source(self, index=0):
        return self.status()["sources"][index]

    def state(self):
        return self.status()["state"]

    def wait_state(self, state, seconds):
        states = {state} if isinstance(state, str) else set(state)
        status = wait_for(lambda: (s := self.status())["state"] in states and s, seconds,
                          f"{self.name}: state {'/'.join(sorted(states))}")
        if "bound_s" in status:
            # On a fast machine the test may go on, and end this state, before it was looked at.
            for watch in self.world.watches:
                if watch.daemon is self:
                    watch.settle()
        return status

    def verdicts(self, index=0):
        return self.source(index)["verdicts"]

    def ke_accepted(self):
        return self.status()["nts_ke"]["accepted"]

    def watch(self):
        return Watch(self.world, self)


class Watch:
    """Reads a daemon's status again and again and checks every reading against the truth."""

    def __init__(self, world, daemon, every=0.1):
        self.daemon = daemon
        self.every = every
        self.readings = 0
        self.violations = []
        self.late = []
        self.states = []      # (monotonic time, state) when it changed
        self.worst_error = 0  # while ok
        self.widest = 0       # bound
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        world.watches.append(self)
        self.thread.start()

    def run(self):
        control = None
        while not self.stopping.is_set():
            try:
                control = control or Control(self.daemon.socket)
                before = time.time_ns()
                status = control.ask(command="status")
                self.judge(status, before, time.time_ns())
            except (OSError, ValueError):
                if control:
                    control.close()
                control = None
            self.stopping.wait(self.every)
        if control:
            control.close()

    def judge(self, s, before, after):
        if not self.states or self.states[-1][1] != s["state"]:
            self.states.append((time.monotonic(), s["state"]))
        if "bound_s" not in s:
            return
        self.readings += 1
        self.widest = max(self.widest, s["bound_s"])
        brief = {k: s.get(k) for k in ("state", "true_error_s", "lower_s", "upper_s", "bound_s",
                                       "terms", "findings")}
        if ns(s["latest"]) < before - 2000 or ns(s["earliest"]) > after + 2000:
            self.violations.append(("interval", before, after, s["earliest"], s["latest"], brief))
        if "true_error_s" not in s:
            return
        error = s["true_error_s"]
        if not s["lower_s"] - SLACK_S <= -error <= s["upper_s"] + SLACK_S:
            self.violations.append(("bound", brief))
        if s["state"] in ("ok", "holdover") and abs(error) > s["alert_limit_s"] + SLACK_S:
            self.late.append(brief)
        if s["state"] == "ok":
            self.worst_error = max(self.worst_error, abs(error))

    def saw(self, state, since=0.0):
        return any(s == state and t >= since for t, s in self.states)

    def settle(self):
        """A short test may end before the first reading."""
        end = time.monotonic() + 2
        while not self.readings and self.daemon.alive() and time.monotonic() < end:
            time.sleep(0.05)

    def stop(self):
        self.stopping.set()
        self.thread.join(10)

    def verdict(self):
        name = self.daemon.name
        check(not self.violations, f"{name}: {len(self.violations)} of {self.readings} readings "
              "with the truth outside of the interval; first:", self.violations[:1])
        check(not self.late, f"{name}: error above the alert limit without an alarm:",
              self.late[:1])
        check(self.readings > 0, f"{name}: watched, but never had a bound")


def ns(instant):
    """"1700000000.123456789" in nanoseconds."""
    seconds, _, fraction = instant.partition(".")
    return int(seconds) * 10**9 + int((fraction + "0" * 9)[:9])


class Relay(Process):
    """A noonmark relay; `udp` and `tcp` are lists of (listen, to)."""

    def __init__(self, world, name, udp=(), tcp=(), forward="", reverse="", seed=1, ns=None):
        self.control = os.path.join(world.dir, name + ".sock")
        argv = [TOOL, "relay", "--control", self.control, "--seed", str(seed)]
        for kind, pairs in (("--udp", udp), ("--tcp", tcp)):
            for listen, to in pairs:
                argv += [kind, f"{listen}={to}"]
        if forward:
            argv += ["--forward", forward]
        if reverse:
            argv += ["--reverse", reverse]
        super().__init__(world, name, argv, ns=ns)

    def start(self):
        super().start()
        wait_for(lambda: os.path.exists(self.control) or not self.alive(), 10, "relay is up")
        check(self.alive(), "relay ended at its start:", self.log())
        return self

    def set(self, forward=None, reverse=None):
        argv = [TOOL, "relay", "--control", self.control, "--set"]
        if forward is not None:
            argv += ["--forward", forward]
        if reverse is not None:
            argv += ["--reverse", reverse]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10)
        check(done.returncode == 0, "relay --set:", done.stderr)

    def show(self):
        done = subprocess.run([TOOL, "relay", "--control", self.control, "--show"],
                              capture_output=True, text=True, timeout=10)
        check(done.returncode == 0, "relay --show:", done.stderr)
        return json.loads(done.stdout)


class PageWatch(Process):
    """Reads the shared page through libnoonmark some hundred times a second."""

    def __init__(self, world, page):
        super().__init__(world, f"page{len(world.processes)}", [world.page_reader(), page])
        self.start()
        self.page = page
        world.page_watches.append(self)

    def result(self):
        if self.popen is not None:
            self.stop()
        lines = [x for x in self.log().splitlines() if x.startswith("{")]
        check(lines, "reader of the page said nothing:", self.log()[-300:])
        return json.loads(lines[-1])


class Net:
    """Two network namespaces, "a" and "b", joined by a pair of virtual interfaces."""

    def __init__(self, world):
        number = len(world.nets)
        self.names = {end: f"net{number}{end}" for end in "ab"}
        self.address = {"a": "192.0.2.1", "b": "192.0.2.2"}
        self.address6 = {"a": "fd00:6e6f::1", "b": "fd00:6e6f::2"}
        world.nets.append(self)
        for end in "ab":
            ip("netns", "add", self.names[end])
        ip("link", "add", "veth0", "netns", self.names["a"], "type", "veth",
           "peer", "name", "veth0", "netns", self.names["b"])
        for end in "ab":
            n = ["-n", self.names[end]]
            ip(*n, "link", "set", "lo", "up")
            ip(*n, "link", "set", "veth0", "up")
            ip(*n, "addr", "add", self.address[end] + "/24", "dev", "veth0")
            ip(*n, "addr", "add", self.address6[end] + "/64", "dev", "veth0", "nodad")

    def name(self, end):
        return self.names[end]

    def end(self, end):
        return NetEnd(self, end)


class NetEnd:
    def __init__(self, net, end):
        self.net = net
        self.end = end

    def wrap(self, argv):
        return ["ip", "netns", "exec", self.net.name(self.end)] + argv


def ip(*args):
    done = subprocess.run(["ip", *args], capture_output=True, text=True)
    check(done.returncode == 0, "ip", *args, done.stderr)


# --- the world of a test ---------------------------------------------------------------------

# Names the folder of the test, which whoever started it removes.
FOLDER = "NOON_TEST_FOLDER"

# A virtual clock that is wrong in every way it can be.
WRONG_CLOCK = {"type": "virtual", "offset": "250ms", "frequency-error": "40ppm",
               "random-walk": 1e-9}
FAST = {"minpoll": -1, "maxpoll": 0, "burst-interval": "300ms"}


class World:
    def __init__(self, name):
        self.dir = os.environ[FOLDER]
        self.name = name
        self.processes = []
        self.watches = []
        self.page_watches = []
        self.nets = []
        self.notes = []
        self.ended = False
        atexit.register(self.end)

    def note(self, *what):
        self.notes.append(" ".join(str(x) for x in what))

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w" if isinstance(text, str) else "wb") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def process(self, name, argv, **kw):
        return Process(self, name, argv, **kw)

    def daemon(self, name, conf, **kw):
        return Daemon(self, name, conf, **kw)

    def server(self, name="server", host="127.0.0.1", clock=None, ke=None, server=None,
               announce=None, top=None, start=True, nts=True, **kw):
        """A server of true time (or of a clock of the test's) with NTS; ports in the result."""
        ntp = free_port()
        ke_port = free_port()
        at = f"[{host}]" if ":" in host else host
        conf = dict(top or {})
        conf["clock"] = clock or {"type": "system-read-only"}
        conf["server"] = {"listen": [f"{at}:{ntp}"], "local-stratum": 1, "local-bound": "2us"}
        conf["server"].update(server or {})
        if nts:
            conf["nts-ke"] = {"listen": [f"{at}:{ke_port}"], "ntp-port": announce or ntp,
                              "names": [host, "localhost", "ntp.test"]}
            conf["nts-ke"].update(ke or {})
        d = self.daemon(name, conf, **kw)
        d.host, d.ntp, d.ke = host, ntp, ke_port
        if start:
            d.start()
            if nts and not (ke or {}).get("ntsservercert"):
                check(os.path.exists(d.cert), "no certificate was made")
        return d

    def nts_source(self, server, host=None, **options):
        inside = {"ntsport": server.ke, "ntstrustedcerts": server.cert}
        inside.update(FAST)
        inside.update({k.replace("_", "-"): v for k, v in options.items()})
        return (host or server.host, inside)

    def client(self, sources, name="client", clock=None, start=True, watch=True, top=None, **kw):
        conf = {"alert-limit": "2ms", "wander": "5ppm", "max-age": "30s"}
        conf.update(top or {})
        conf["clock"] = clock or WRONG_CLOCK
        conf["source"] = sources
        d = self.daemon(name, conf, **kw)
        if start:
            d.start()
            if watch:
                d.watcher = d.watch()
        return d

    def relay(self, server, name="relay", forward="delay=100us,jitter=30us",
              reverse="delay=100us,jitter=30us", udp=None, tcp=None):
        """A relay before a server that announced port `udp`."""
        r = Relay(self, name,
                  udp=[(f"127.0.0.1:{udp}", f"{server.host}:{server.ntp}")] if udp else [],
                  tcp=[(f"127.0.0.1:{tcp}", f"{server.host}:{server.ke}")] if tcp else [],
                  forward=forward, reverse=reverse)
        return r.start()

    def page_reader(self):
        """Build the reader of the shared page from the sources of libnoonmark alone."""
        out = self.path("page_reader")
        cc = os.environ.get("CC", "cc").split()[0]
        if not shutil.which(cc):
            raise Skip("no C compiler for the reader of the page")
        if not os.path.exists(out):
            done = subprocess.run(
                [cc, "-std=gnu17", "-O1", "-I", f"{SOURCE}/include", "-I", f"{SOURCE}/src",
                 os.path.join(HERE, "page_reader.c"), f"{SOURCE}/src/lib/clock.c",
                 "-o", out], capture_output=True, text=True)
            check(done.returncode == 0, done.stderr)
        return out

    def page_watch(self, daemon):
        return PageWatch(self, daemon.page)

    def net(self):
        return Net(self)

    def tool(self, *args, status=None, timeout=30, ns=None, env=None):
        argv = [TOOL, *map(str, args)]
        if ns:
            argv = ns.wrap(argv)
        full = dict(os.environ)
        full.update(env or {})
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout * PATIENCE,
                              env=full, stdin=subprocess.DEVNULL)
        if status is not None:
            check(done.returncode == status, f"noonmark {' '.join(map(str, args))}: status",
                  done.returncode, "expected", status, "output:", done.stdout[-300:],
                  done.stderr[-300:])
        check(not SANITIZER.search(done.stderr), done.stderr)
        return done

    def certificate(self, name, names=("127.0.0.1", "localhost"), days=30, begin=None, end=None):
        """A self-signed certificate made by openssl(1); `begin` and `end` as YYYYMMDDHHMMSSZ."""
        key, cert = self.path(name + ".key"), self.path(name + ".crt")
        alt = ",".join(("IP:" if re.fullmatch(r"[0-9.]+|[0-9a-f:]*:[0-9a-f:]*", n) else "DNS:") + n
                       for n in names)
        base = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", key, "-subj", f"/CN={names[0]}",
                "-addext", f"subjectAltName={alt}"]
        if begin is None:
            run_quiet(base + ["-x509", "-days", str(days), "-out", cert])
        else:
            # Only "openssl ca" sets the beginning.
            csr = self.path(name + ".csr")
            run_quiet(base + ["-out", csr])
            ca = self.path(name + ".ca")
            os.makedirs(ca, exist_ok=True)
            open(f"{ca}/index.txt", "w").close()
            with open(f"{ca}/ca.cnf", "w") as f:
                f.write("[ca]\ndefault_ca=d\n[d]\n"
                        f"database={ca}/index.txt\nnew_certs_dir={ca}\nrand_serial=yes\n"
                        "default_md=sha256\npolicy=p\nx509_extensions=x\n"
                        "[p]\ncommonName=supplied\n"
                        f"[x]\nsubjectAltName={alt}\nbasicConstraints=critical,CA:true\n")
            run_quiet(["openssl", "ca", "-batch", "-selfsign", "-config", f"{ca}/ca.cnf",
                       "-in", csr, "-keyfile", key, "-startdate", begin, "-enddate", end,
                       "-notext", "-out", cert])
        os.chmod(key, 0o600)
        return cert, key

    def end(self):
        """Stop and remove everything; returns what was wrong."""
        if self.ended:
            return []
        self.ended = True
        atexit.unregister(self.end)
        wrong = []
        for watch in self.watches:
            watch.settle()
        for watch in self.watches:
            watch.stop()
        for process in self.processes:
            if isinstance(process, PageWatch) and process.popen is not None:
                self.quietly(process.stop, wrong)
        for process in reversed(self.processes):
            self.quietly(process.stop, wrong)
            process.kill()
            found = SANITIZER.search(process.log())
            if found:
                wrong.append(f"{process.name}: {process.log()[found.start():][:2000]}")
        for watch in self.watches:
            self.quietly(watch.verdict, wrong)
        for page in self.page_watches:
            self.quietly(lambda p=page: page_verdict(p), wrong)
        return wrong

    @staticmethod
    def quietly(call, wrong):
        try:
            call()
        except Failed as e:
            wrong.append(str(e))


def page_verdict(page):
    r = page.result()
    check(r["violations"] == 0, f"{page.page}: {r['violations']} of {r['readings']} readings of "
          "the page without the truth in the interval:", r)


def run_quiet(argv, **kw):
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, **kw)
    check(done.returncode == 0, " ".join(argv[:3]), "failed:", done.stderr[-600:])
    return done


# --- TAP -------------------------------------------------------------------------------------


def diagnose(text):
    for line in str(text).splitlines():
        print("#", line)


def run_here(name, test):
    """Run one test in this process; returns whether it passed."""
    began = time.monotonic()
    w = World(name)
    failed = None
    skipped = None
    try:
        test(w)
    except Skip as e:
        skipped = str(e)
    except Failed as e:
        failed = str(e)
    except Exception:  # a fault of the test is a failure of the test
        failed = traceback.format_exc()
    wrong = w.end()
    if failed is None and wrong:
        failed = "\n".join(wrong)
    elif failed is not None and wrong:
        failed += "\nand: " + "\nand: ".join(wrong)
    took = f"{time.monotonic() - began:.1f} s"
    why = f"# SKIP {skipped}" if skipped and not failed else ""
    print(RESULT, "not ok" if failed else "ok", why)
    for note in w.notes:
        diagnose(note)
    for watch in w.watches:
        diagnose(f"{watch.daemon.name}: {watch.readings} readings, {len(watch.violations)} "
                 f"violations, worst error while ok {watch.worst_error * 1e6:.1f} us, "
                 f"widest bound {watch.widest * 1e6:.1f} us, "
                 f"states {' '.join(s for _, s in watch.states)}")
    if failed is not None:
        diagnose(failed)
        for process in w.processes:
            diagnose(f"--- end of the log of {process.name}")
            diagnose("\n".join(process.log().splitlines()[-15:]))
    diagnose(took)
    sys.stdout.flush()
    return failed is None


# Begins the line with the result in the output of a test that runs in namespaces of its own.
RESULT = "result:"


def run_isolated(name):
    """Run one test in namespaces and a folder of its own; returns its output, the line with the
    result first."""
    folder = tempfile.mkdtemp(prefix="noonmark-test.")
    os.chmod(folder, 0o755)
    os.mkdir(os.path.join(folder, "tmp"))
    os.chmod(os.path.join(folder, "tmp"), 0o1777)
    env = {**os.environ, isolation.MARK: "1", FOLDER: folder,
           "TMPDIR": os.path.join(folder, "tmp")}
    try:
        done = subprocess.run([*isolation.prefix(), sys.executable, sys.argv[0], name], env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
    finally:
        keep = os.environ.get("NOON_KEEP")
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    lines = done.stdout.splitlines()
    result = next((x for x in lines if x.startswith(RESULT)), None)
    rest = [x if x.startswith("#") else "# " + x for x in lines if x is not result]
    if result is None or (done.returncode != 0) != ("not ok" in result):
        rest.append(f"# ended with status {done.returncode}")
        result = RESULT + " not ok "
    if keep:
        rest.append(f"# kept: {folder}")
    return [result[len(RESULT):].strip(), *rest]


def on_term(signo, _frame):
    sys.exit(128 + signo)


def give_up_clock():
    """After this no child can set the clock, whatever it tries."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0)


def main(module):
    """Run the tests of a module (its __dict__), or those whose names contain a word of the command
    line, each in namespaces of its own, NOON_JOBS (1) at the same time."""
    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGHUP, on_term)
    give_up_clock()
    if isolation.is_inside():
        isolation.furnish()
        isolation.be_init()
        return 0 if run_here(sys.argv[1], module[sys.argv[1]]) else 1
    reason = isolation.why_not()
    if reason:
        print(f"1..0 # SKIP no namespaces here: {reason}")
        return 0
    words = sys.argv[1:]
    names = [n for n, t in module.items() if n.startswith("test_") and callable(t)
             and (not words or any(x in n for x in words))]
    print(f"1..{len(names)}", flush=True)
    good = True
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("NOON_JOBS", "1"))) as pool:
        for i, (name, lines) in enumerate(zip(names, pool.map(run_isolated, names)), 1):
            state, *rest = lines
            ok, _, why = state.partition("#")
            print(f"{ok.strip()} {i} - {name}" + (f" #{why}" if why else ""))
            print("\n".join(rest), flush=True)
            good = good and ok.strip() == "ok"
    return 0 if good else 1
