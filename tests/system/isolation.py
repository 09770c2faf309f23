# SPDX-License-Identifier: Apache-2.0
"""Namespaces of its own for each test: network, IPC, mounts and processes.

A port is free, a name in /run is free, and what a test leaves running ends with it. As root the
namespaces are made directly; another user gets a user namespace, in which it is root over what
the test made but not over the machine (`has_all_users()` is False there).
"""
import os
import subprocess
import sys

# Set inside of the namespaces.
MARK = "NOON_ISOLATED"

NAMESPACES = ["--net", "--ipc", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]

# The ends of a harness.Net, by name.
HOSTS = {"a.noon.test": "192.0.2.1", "b.noon.test": "192.0.2.2"}


def is_inside():
    return MARK in os.environ


def prefix():
    """The command that runs what follows it in new namespaces."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, *NAMESPACES]


def why_not():
    """Why no namespaces can be made here, or None if they can."""
    try:
        done = subprocess.run([*prefix(), "true"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
    except OSError as e:
        return str(e)
    return None if done.returncode == 0 else done.stderr.strip() or "unshare failed"


def has_all_users():
    """Whether root here is root of the machine, who may become another user."""
    with open("/proc/self/uid_map") as f:
        return os.geteuid() == 0 and f.read().split() == ["0", "0", "4294967295"]


def furnish():
    """Loopback, an empty /run, and the names of HOSTS and no others; called once, inside."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
    os.mkdir("/run/netns")
    os.mkdir("/run/lock", 0o1777)
    with open("/etc/hosts") as old, open("/run/hosts", "w") as new:
        new.write(old.read() + "\n" + "".join(f"{a} {n}\n" for n, a in HOSTS.items()))
    with open("/run/nsswitch.conf", "w") as f:
        f.write("passwd: files\ngroup: files\nhosts: files\n")
    for name in ("hosts", "nsswitch.conf"):
        subprocess.run(["mount", "--bind", "/run/" + name, "/etc/" + name], check=True)


def be_init():
    """Fork; the parent, process 1 of the namespace, collects every orphan, and ends with the status
    of the child, which goes on. The kernel ends all that is left then."""
    child = os.fork()
    if child == 0:
        return
    while True:
        pid, status = os.wait()
        if pid == child:
            sys.stdout.flush()
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def enter():
    """Run the rest of this program in new namespaces; where there are none, end with a TAP skip."""
    if is_inside():
        furnish()
        be_init()
        return
    reason = why_not()
    if reason:
        print(f"1..0 # SKIP no namespaces here: {reason}")
        sys.exit(0)
    os.environ[MARK] = "1"
    command = [*prefix(), sys.executable, *sys.argv]
    os.execvp(command[0], command)
