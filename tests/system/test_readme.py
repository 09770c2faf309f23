#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What README.md says is done: each of its commands, its configuration and its program.

A command that this file does not know fails the test, so that none is added without being run.
"""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

from harness import DAEMON, PATIENCE, SANITIZER, SOURCE, TOOL, Skip, check, main, wait_for

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def readme():
    with open(os.path.join(SOURCE, "README.md")) as f:
        return f.read()


def blocks(language):
    return [text for kind, text in BLOCK.findall(readme()) if kind == language]


def commands():
    """Lines of the shell blocks without their comments."""
    lines = [re.sub(r"\s+#.*", "", line) for text in blocks("sh") for line in text.splitlines()]
    return [line for line in lines if line]


class Desk:
    """A folder like that of the reader, with programs in build/ and a daemon that runs."""

    def __init__(self, w):
        self.w = w
        self.dir = w.path("desk")
        os.makedirs(os.path.join(self.dir, "build"))
        os.symlink(TOOL, os.path.join(self.dir, "build/noonmark"))
        os.symlink(DAEMON, os.path.join(self.dir, "build/noonmarkd"))
        self.run_dir = w.path("run")
        folder = os.path.join(self.run_dir, "noonmark")
        os.makedirs(folder, mode=0o700)
        self.env = {**os.environ, "XDG_RUNTIME_DIR": self.run_dir}
        server = w.server()
        # Where a daemon without paths in its configuration has them.
        self.client = w.client([w.nts_source(server)], start=False)
        self.client.conf["control-socket"] = self.client.socket = folder + "/noonmarkd.sock"
        self.client.conf["shared-page"] = self.client.page = folder + "/clock"
        self.client.start()
        self.client.wait_state("ok", 20)

    def shell(self, command, seconds=30, status=0):
        done = subprocess.run(["sh", "-c", command], cwd=self.dir, env=self.env, text=True,
                              capture_output=True, timeout=seconds * PATIENCE, stdin=subprocess.DEVNULL)
        check(not SANITIZER.search(done.stderr), done.stderr)
        check(status is None or done.returncode == status, f"{command}: status", done.returncode, done.stdout[-500:],
              done.stderr[-500:])
        return done.stdout


def script(desk, command):
    """They build, or take long: here they are only told to say what they do."""
    path = os.path.join(SOURCE, command)
    check(os.access(path, os.X_OK), command, "cannot be run")
    desk.shell(f"sh -n {shlex.quote(path)}")


def run_demonstration(desk, command):
    script(desk, command)
    for seconds, status in ((20, None), (60, 0)):  # a machine that stalls may need the longer one
        out = desk.shell(f"build/noonmark demo --for {seconds} --noonmarkd build/noonmarkd",
                         seconds + 40, status)
        check(re.search(r"bound violations\s*:?\s*0\b", out), out[-500:])
        if "alarm raised" in out and "recovery seen" in out:
            return


def client_text():
    """The configuration, of a clock that may be touched."""
    text = blocks("conf")[0]
    check('type = "system"' in text, text)
    return text


def check_configuration(desk, command):
    with open(os.path.join(desk.dir, "client.conf"), "w") as f:
        f.write(client_text())
    check("no errors" in desk.shell(command), "not what it says")


def run_configuration(desk, _):
    """With a virtual clock; its servers do not exist here, which it says."""
    conf = client_text().replace('type = "system"', 'type = "virtual"')
    own = desk.w.path("own")
    path = desk.w.write("own.conf", f'state-directory = "{own}"\ncontrol-socket = "{own}/sock"\n'
                                    f'shared-page = "{own}/clock"\nuser = ""\n' + conf)
    d = desk.w.process("own", [DAEMON, "-f", path])
    d.start()
    wait_for(lambda: "started, clock virtual, 3 sources" in d.log(), 20, "it starts")
    d.signal(signal.SIGTERM)
    check(d.wait() == 0, "status", d.log())


def show_status(desk, command):
    desk.client.wait_state("ok", 20)  # a machine that stalled makes it doubt its paths for a while
    out = desk.shell(command)
    for word in ("state", "time", "bound", "alert limit", "= path", "frequency", "sources", "selected"):
        check(word in out, word, "is not in", out)
    # What the README shows is what it prints.
    shown = next(text for kind, text in BLOCK.findall(readme()) if kind == "" and "state" in text)
    for line in shown.splitlines():
        first = line.split()[0] if line.split() else ""
        if first in ("state", "time", "bound", "frequency", "sources", "stratum"):
            check(re.search(rf"^\s*{first}\b", out, re.M), first, "is not in", out)


def show_interval(desk, command):
    out = desk.shell(command)
    check("earliest" in out and "latest" in out, out)


def watch_once(desk, command):
    desk.client.wait_state("ok", 20)
    check("ok" in desk.shell(command + " --lines --count 2"), "nothing came")


KNOWN = {
    "scripts/run": run_demonstration,
    "scripts/test": script,
    "scripts/build": script,
    "build/noonmarkd --check client.conf": check_configuration,
    "build/noonmarkd -f client.conf": run_configuration,
    "build/noonmark status": show_status,
    "build/noonmark now": show_interval,
    "build/noonmark watch": watch_once,
}


def test_each_command_does_what_it_says(w):
    found = commands()
    check(len(found) >= 8, "commands:", found)
    desk = Desk(w)
    for command in found:
        check(command in KNOWN, "not known here:", command)
        KNOWN[command](desk, command)
    check(set(found) == set(KNOWN), "no longer in README.md:", set(KNOWN) - set(found))


def test_the_program_compiles_and_reads_the_clock(w):
    cc = os.environ.get("CC", "cc").split()[0]
    if not shutil.which(cc):
        raise Skip("no C compiler")
    desk = Desk(w)
    w.write("desk/program.c", blocks("c")[0])
    desk.shell(f"{cc} -std=gnu17 -Wall -Wextra -Werror -I {SOURCE}/include -I {SOURCE}/src program.c "
               f"{SOURCE}/src/lib/clock.c -o program")
    out = desk.shell("./program")
    check(re.fullmatch(r"UTC is between \d{19} and \d{19} ns\n", out), out)


def test_lines_are_short(_):
    long = [line for line in readme().splitlines() if len(line) > 99]
    check(not long, "longer than 99 characters:", long)


if __name__ == "__main__":
    sys.exit(main(globals()))
