# SPDX-License-Identifier: Apache-2.0
"""A real systemd as process 1 of a throw-away copy of this root, for tests of units and packages.

Its network is that of the test, its clock is the machine's, which nothing in it can set. /run and
/tmp of the copy are its own and empty: what a test wants in it goes elsewhere, by `files`.
"""
import os
import shutil
import subprocess

from harness import HERE, Process, Skip, check, needs_root, wait_for

TARGET = "[Unit]\nRequires=sysinit.target\nAfter=sysinit.target\n"


def cgroup2():
    """Where the unified hierarchy is mounted."""
    with open("/proc/mounts") as f:
        for line in f:
            _, where, kind, _ = line.split(" ", 3)
            if kind == "cgroup2":
                return where
    raise Skip("no cgroup2 is mounted")


class Systemd(Process):
    """`units` are texts by the names of units, `files` by their paths in the copy: texts, or paths
    of files of this machine as ("copy", PATH)."""

    def __init__(self, world, units=(), files=(), name="systemd"):
        needs_root()
        if not os.access("/lib/systemd/systemd", os.X_OK):
            raise Skip("systemd is not installed")
        self.folder = world.path(name)
        self.cgroup = os.path.join(cgroup2(), "noonmark." + os.path.basename(world.dir) + name)
        for unit, text in {"nested.target": TARGET, **dict(units)}.items():
            self.add("/etc/systemd/system/" + unit, text)
        for path, what in dict(files).items():
            self.add(path, what)
        script = ('echo $$ >"$2/cgroup.procs" && exec unshare --mount --pid --ipc --uts --cgroup '
                  '--fork --kill-child --propagation private "$0" "$1"')
        super().__init__(world, name, ["sh", "-c", script, os.path.join(HERE, "nested_root.sh"),
                                       self.folder, self.cgroup])
        # Powered off, process 1 of a namespace is ended as by SIGINT.
        self.expected = {0, 130, -2, 137, -9}
        self.init = None

    def add(self, path, what):
        """Put a file where the copy has it at `path`."""
        inside = self.folder + "/add" + path
        os.makedirs(os.path.dirname(inside), mode=0o755, exist_ok=True)
        if isinstance(what, tuple):
            shutil.copy(what[1], inside)
        else:
            with open(inside, "w") as f:
                f.write(what)

    def start(self):
        """Boot it; returns when all of nested.target is up."""
        os.mkdir(self.cgroup)
        super().start()
        self.init = wait_for(self.find_init, 10, "systemd is process 1")
        wait_for(lambda: self.ask("systemctl", "is-system-running").stdout.strip()
                 in ("running", "degraded"), 20, "systemd is up")
        return self

    def find_init(self):
        """The process 1 of the copy, as this namespace numbers it, once it is systemd."""
        check(self.alive(), "systemd ended at its start:", self.log()[-800:])
        try:
            with open(f"/proc/{self.pid}/task/{self.pid}/children") as f:
                children = f.read().split()
            with open(f"/proc/{children[0]}/comm") as f:
                return children[0] if f.read() == "systemd\n" else None
        except (OSError, IndexError):
            return None

    def ask(self, *argv, timeout=60):
        """Run a command in the copy."""
        return subprocess.run(["nsenter", "-t", self.init, "-m", "-p", "-i", "-u", "-C", "--",
                               *map(str, argv)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout)

    def run(self, *argv, status=0, timeout=60):
        """As ask(), and the status must be as said."""
        done = self.ask(*argv, timeout=timeout)
        check(done.returncode == status, *argv, "status", done.returncode, done.stdout[-600:],
              done.stderr[-600:])
        return done

    def show(self, unit, *names):
        """Properties of a unit."""
        done = self.run("systemctl", "show", unit, *["-p" + n for n in names])
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    def stop(self, seconds=20):
        """Power it off."""
        if self.alive() and self.init:
            self.ask("systemctl", "poweroff", "--no-block")
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self):
        super().kill()
        for folder, _, _ in os.walk(self.cgroup, topdown=False):
            wait_for(lambda f=folder: self.remove(f), 5, f"{folder} is empty")

    @staticmethod
    def remove(folder):
        try:
            os.rmdir(folder)
            return True
        except FileNotFoundError:
            return True
        except OSError:
            return False
