# SPDX-License-Identifier: Apache-2.0
"""Real peers for the tests: where they are, how they are started. None can touch the clock."""
import os
import pwd
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from harness import (PATIENCE, PEERS, Process, Skip, check, free_port, wait_for)  # noqa: E402


def find(*names):
    for name in names:
        path = os.path.join(PEERS, name)
        if os.access(path, os.X_OK):
            return path
    raise Skip(f"{names[0]} is not in {PEERS}: scripts/peers {PEERS} fetches it")


def environment():
    """Libraries that came with the peers, for those that are not installed."""
    multiarch = subprocess.run(["dpkg-architecture", "-qDEB_HOST_MULTIARCH"], capture_output=True,
                               text=True).stdout.strip() if shutil.which("dpkg-architecture") \
        else "x86_64-linux-gnu"
    dirs = [os.path.join(PEERS, d, multiarch) for d in ("usr/lib", "lib")]
    return {"LD_LIBRARY_PATH": ":".join(dirs)}


def user():
    return pwd.getpwuid(os.geteuid()).pw_name


class Chrony(Process):
    """A chronyd that never touches the clock (-x), with a folder of its own."""

    def __init__(self, w, name, lines, ns=None):
        self.dir = w.path(name)
        os.makedirs(self.dir, mode=0o750, exist_ok=True)
        os.makedirs(self.dir + "/dumps", exist_ok=True)
        self.socket = self.dir + "/cmd.sock"
        conf = w.write(name + ".conf", "\n".join(lines + [
            "cmdport 0", f"bindcmdaddress {self.socket}", f"pidfile {self.dir}/pid",
            f"ntsdumpdir {self.dir}/dumps", "logchange 0.5"]) + "\n")
        super().__init__(w, name, [find("usr/sbin/chronyd"), "-x", "-U", "-u", user(), "-d",
                                   "-f", conf], env=environment(), ns=ns)

    def ask(self, *command):
        argv = [find("usr/bin/chronyc"), "-h", self.socket, "-c", "-n", *command]
        env = dict(os.environ)
        env.update(environment())
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10 * PATIENCE, env=env)
        return [line.split(",") for line in done.stdout.splitlines()] \
            if done.returncode == 0 else []

    def start(self):
        super().start()
        wait_for(lambda: os.path.exists(self.socket) or not self.alive(), 10, "chronyd is up")
        check(self.alive(), "chronyd ended:", self.log()[-800:])
        return self

    def selected(self):
        """The source that it is synchronised to, or None."""
        return next((s for s in self.ask("sources") if len(s) > 9 and s[1] == "*"), None)

    def authentication(self):
        """mode, key id, type, length, age of the last exchange, attempts, NAKs, cookies, ..."""
        lines = self.ask("authdata")
        return lines[0] if lines else None


class ChronyServer(Chrony):
    def __init__(self, w, name="chronyd", host="127.0.0.1", extra=(), cert=None):
        self.host, self.ntp, self.ke = host, free_port(), free_port()
        self.cert, self.key = cert or w.certificate(name, (host, "localhost"))
        super().__init__(w, name, [
            "local stratum 1", "allow 127.0.0.0/8", f"bindaddress {host}", f"port {self.ntp}",
            f"ntsport {self.ke}", f"ntsservercert {self.cert}", f"ntsserverkey {self.key}",
            "ntsprocesses 0", *extra])


class ChronyClient(Chrony):
    """With a fixed interval: it lengthens any other by itself, at any time."""

    def __init__(self, w, server, name="chronyc", nts=True, extra=()):
        how = f"nts ntsport {server.ke}" if nts else ""
        super().__init__(w, name, [
            f"server {server.host} port {server.ntp} {how} iburst minpoll -2 maxpoll -2",
            "port 0", *(["nosystemcert", f"ntstrustedcerts {server.cert}"] if nts else []),
            *extra])


class Ntpsec(Process):
    """An ntpd of NTPsec in a namespace, since it wants port 123. It has no right to set the clock
    (the harness gave that up for all), and as a client its discipline is off as well; a server
    with its discipline off would never say that it has the time."""

    def __init__(self, w, name, lines, ns):
        self.dir = w.path(name)
        os.makedirs(self.dir, exist_ok=True)
        self.conf = w.write(name + ".conf", "\n".join(
            ["disable kernel", "restrict default", "restrict 127.0.0.1", "restrict ::1",
             "restrict 192.0.2.0 mask 255.255.255.0",
             f"logfile {self.dir}/ntp.log", "logconfig =all", *lines]) + "\n")
        # -n: stay in the foreground, -g: take any offset, -4: this is all the test needs.
        super().__init__(w, name, [find("usr/sbin/ntpd"), "-n", "-g", "-c", self.conf],
                         env=environment(), ns=ns)
        self.expected = {0, 15, -15}

    def log(self):
        try:
            with open(self.dir + "/ntp.log", errors="replace") as f:
                return super().log() + f.read()
        except OSError:
            return super().log()

    def ask(self, *args):
        """ntpq -c ...: lines."""
        argv = [sys.executable, os.path.join(PEERS, "usr/bin/ntpq"), *args]
        if not os.path.exists(argv[1]):
            raise Skip("ntpq is not among the peers")
        env = dict(os.environ)
        env.update(environment())
        env["LD_LIBRARY_PATH"] += ":" + ":".join(
            d + "/ntp" for d in environment()["LD_LIBRARY_PATH"].split(":"))
        env["PYTHONPATH"] = os.path.join(PEERS, "usr/lib/python3/dist-packages")
        done = subprocess.run(self.ns.wrap(argv), capture_output=True, text=True, timeout=15 * PATIENCE,
                              env=env)
        return done.stdout + done.stderr


def ntpsec_server(w, ns, cert, key, name="ntpd", extra=()):
    return Ntpsec(w, name, [
        "server 127.127.1.0", "fudge 127.127.1.0 stratum 5", "tos minclock 1 minsane 1 orphan 5 orphanwait 1",
        "nts enable", f"nts cert {cert}", f"nts key {key}",
        f"nts cookie {w.path(name)}/cookie.keys", *extra], ns)


def ntpsec_client(w, ns, address, ca, name="ntpdc", nts=True, ke=4460, poll=1):
    how = f"nts ca {ca}" if nts else ""
    at = f"{address}:{ke}" if ke != 4460 else address
    return Ntpsec(w, name, [f"server {at} {how} iburst minpoll {poll} maxpoll {poll}",
                            "disable ntp", "tos minclock 1 minsane 1"], ns)
