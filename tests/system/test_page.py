#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shared page: read where its figures mean nothing, and where somebody else may have put it."""
import errno
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from harness import PATIENCE, SOURCE, TOOL, Skip, check, main, needs_root, wait_for

STRANGER = 54321  # a user who is neither root nor the caller


def now(*args, before=()):
    done = subprocess.run([*before, TOOL, "now", "--json", *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    return done


def test_another_time_namespace(w):
    """CLOCK_MONOTONIC_RAW is another count there; the interval would be off by the difference."""
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    here = now("--page", client.page)
    check(here.returncode == 0 and json.loads(here.stdout)["status"] == "ok", here)
    # In a user namespace of its own, since the harness gave up the capability to set clocks.
    for shift in ("0", "1", "1000"):
        other = ["unshare", "-Ur", "-T", "--monotonic", shift]
        if subprocess.run([*other, "true"], capture_output=True).returncode:
            raise Skip("no time namespaces here")
        there = now("--page", client.page, before=other)
        check(there.returncode != 0, there)
        said = json.loads(there.stdout)
        check(said["status"] == "stale" and "time namespace" in said["why"], said)
        check(said["earliest"] is None and said["latest"] is None, said)


OPENS = """
import ctypes, sys
lib, page = ctypes.CDLL(sys.argv[1]), ctypes.c_void_p()
print(lib.noon_open(None, ctypes.byref(page)))
"""


READS = """
import ctypes, sys
lib, page = ctypes.CDLL(sys.argv[1]), ctypes.c_void_p()
assert lib.noon_open(sys.argv[2].encode(), ctypes.byref(page)) == 0
lo, hi, status = ctypes.c_int64(), ctypes.c_int64(), ctypes.c_int()
for _ in sys.stdin:
    err = lib.noon_now(page, ctypes.byref(lo), ctypes.byref(hi), ctypes.byref(status))
    print(err, lo.value, hi.value, status.value, flush=True)
"""
OK, STALE = 1, 4


class Library:
    """A process that has mapped a page by libnoonmark, and reads it when it is asked to."""

    def __init__(self, page):
        path, env = library()
        if path is None:
            raise Skip("libnoonmark.so is not there")
        self.popen = subprocess.Popen([sys.executable, "-c", READS, path, page], env=env,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def now(self):
        """errno, or status, earliest and latest."""
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()
        err, lo, hi, status = map(int, self.popen.stdout.readline().split())
        return {"err": err} if err else {"err": 0, "lo": lo, "hi": hi, "status": status}

    def status(self):
        return self.now().get("status")

    def is_true(self):
        """Whether CLOCK_REALTIME, the truth of a virtual clock, is in the interval."""
        before = time.time_ns()
        told = self.now()
        return told["lo"] - 2000 <= time.time_ns() and before <= told["hi"] + 2000

    def end(self):
        self.popen.stdin.close()
        check(self.popen.wait() == 0, "the reader ended with", self.popen.returncode)


def library():
    """Path of libnoonmark and the environment to load it in; None where it cannot be loaded."""
    found = glob.glob(os.path.join(os.path.dirname(TOOL), "..", "lib", "libnoonmark.so.0"))
    if not found:
        return None, None
    env = dict(os.environ)
    with open(found[0], "rb") as f:
        if b"libasan" in f.read():
            env["LD_PRELOAD"] = subprocess.run(["gcc", "-print-file-name=libasan.so"],
                                               capture_output=True, text=True).stdout.strip()
            env["ASAN_OPTIONS"] = "detect_leaks=0"  # Python's own
    return found[0], env


def library_opens():
    """What noon_open(NULL) returns, by libnoonmark; None where it cannot be loaded."""
    path, env = library()
    if path is None:
        return None
    done = subprocess.run([sys.executable, "-c", OPENS, path], env=env, capture_output=True,
                          text=True)
    check(done.returncode == 0, done.stderr[-500:])
    return int(done.stdout)


def answers(*args):
    return subprocess.run([TOOL, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def refused(*args):
    done = answers(*args)
    return done.returncode == 3 and "not believed" in done.stderr and done.stdout == ""


def test_whose_page_and_socket_it_is(w):
    """The default places are believed only where nobody else can have put things."""
    needs_root()
    place = "/run/noonmark"
    os.mkdir(place)
    page, sock = place + "/clock", place + "/noonmarkd.sock"
    server = w.server()
    client = w.client([w.nts_source(server)], top={"shared-page": page, "control-socket": sock},
                      start=False)
    client.socket = sock
    client.start()
    client.wait_state("ok", 20)
    everything = (["now"], ["status"], ["watch", "--count", "1"], ["accept"])

    def all_work():
        for verb in everything:
            done = answers(*verb)
            check("not believed" not in done.stderr and done.returncode in (0, 1), verb, done)
        check(library_opens() in (None, 0), library_opens())

    def all_refuse(but=()):
        for verb in everything:
            if verb[0] not in but:
                check(refused(*verb), verb, answers(*verb))
        if "now" not in but:
            check(library_opens() in (None, errno.EPERM), library_opens())
        # Where a path is given, it is the caller who says whose it is.
        check(answers("now", "--page", page).returncode == 0, "given page")
        check(answers("status", "--socket", sock).returncode == 0, "given socket")

    all_work()
    os.chown(place, STRANGER, STRANGER)
    all_refuse()
    os.chown(place, 0, STRANGER)
    for mode in (0o775, 0o757):
        os.chmod(place, mode)
        all_refuse()
    os.chmod(place, 0o755)
    all_work()
    os.chown(page, STRANGER, 0)
    check(refused("now"), answers("now"))
    os.chown(page, 0, 0)
    os.chmod(page, 0o666)
    check(refused("now"), answers("now"))
    os.chmod(page, 0o644)
    os.chown(sock, STRANGER, 0)
    all_refuse(but=("now",))
    os.chown(sock, 0, 0)
    all_work()
    # A link to a folder that is as it should be: whoever made the link can turn it.
    os.rename(place, "/run/elsewhere")
    os.symlink("/run/elsewhere", place)
    all_refuse()
    os.unlink(place)
    os.rename("/run/elsewhere", place)
    all_work()


def test_the_folder_of_the_user_is_not_believed_either_if_it_is_anothers(w):
    """/tmp/noonmark-UID can have been made by anybody, first."""
    needs_root()
    env = {k: v for k, v in os.environ.items() if k != "XDG_RUNTIME_DIR"}
    tool = "/run/noonmark-tool"  # where another user can read it
    shutil.copy(TOOL, tool)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", "/tmp"], check=True)
    os.mkdir("/tmp/noonmark-%d" % STRANGER)
    os.chown("/tmp/noonmark-%d" % STRANGER, STRANGER + 1, STRANGER + 1)
    with open("/tmp/noonmark-%d/clock" % STRANGER, "wb") as f:
        f.write(bytes(4096))

    def now_as_stranger():
        return subprocess.run(["setpriv", "--reuid", str(STRANGER), "--clear-groups", tool, "now"],
                              capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)

    check("not believed" in now_as_stranger().stderr, now_as_stranger())
    os.chown("/tmp/noonmark-%d" % STRANGER, STRANGER, STRANGER)
    done = now_as_stranger()
    check("not believed" not in done.stderr and done.returncode == 3, done)
    subprocess.run(["umount", "/tmp"], check=True)


def test_the_daemon_leaves_page_and_socket_to_root(w):
    """Having become another user it owns neither: only its group may speak to it."""
    needs_root()
    os.mkdir("/run/noonmark")
    d = w.daemon("dropped", {"clock": {"type": "system-read-only"}, "user": "nobody",
                             "shared-page": "/run/noonmark/clock",
                             "control-socket": "/run/noonmark/noonmarkd.sock"})
    os.chmod(w.dir, 0o755)
    d.socket = "/run/noonmark/noonmarkd.sock"
    d.start()
    check(os.stat(f"/proc/{d.pid}").st_uid != 0 or "Uid:\t65534" in
          open(f"/proc/{d.pid}/status").read(), "it stayed root")
    page, sock = os.stat("/run/noonmark/clock"), os.stat("/run/noonmark/noonmarkd.sock")
    check((page.st_uid, page.st_mode & 0o777) == (0, 0o644), page)
    check((sock.st_uid, sock.st_mode & 0o777) == (0, 0o660) and sock.st_gid != 0, sock)
    check(answers("status").returncode == 1, answers("status"))  # without sources: never ok


def test_a_reader_lives_through_restarts(w):
    """It mapped the page once: it sees it stale while there is no daemon, and good values after."""
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    reader = Library(client.page)
    inode = os.stat(client.page).st_ino
    check(reader.status() == OK and reader.is_true(), reader.now())
    for kill in (False, True, False):
        if kill:
            client.kill()
            # Its last word is good for 5 s from when it was written.
            wait_for(lambda: reader.status() == STALE, PATIENCE, "the page is stale")
        else:
            client.stop()
            check(reader.status() == STALE, reader.now())
        check(reader.is_true(), reader.now())
        client.start()
        client.wait_state("ok", 20)
        wait_for(lambda: reader.status() == OK, 5, "the reader sees the next daemon")
        check(reader.is_true(), reader.now())
        check(os.stat(client.page).st_ino == inode, "another file")
    reader.end()


def told_by_example(page, before=()):
    """The reader in Python that stands beside docs/page.md."""
    done = subprocess.run([*before, sys.executable, f"{SOURCE}/docs/examples/read_page.py", page],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def ns(text):
    s, part = text.split(".")
    return int(s) * 10 ** 9 + int(part)


def test_a_reader_by_the_document(w):
    """What docs/page.md says is enough to read the page: the same answers as libnoonmark's."""
    if os.uname().machine != "x86_64":
        raise Skip("the example is for x86-64")
    server = w.server()
    client = w.client([w.nts_source(server)])
    client.wait_state("ok", 20)
    for _ in range(20):
        first = json.loads(now("--page", client.page).stdout)
        begin = time.time_ns()
        is_ = told_by_example(client.page)
        end = time.time_ns()
        last = json.loads(now("--page", client.page).stdout)
        check((is_["status"], is_["reason"]) == (OK, 0), is_)
        check(ns(first["earliest"]) < is_["earliest"] < ns(last["earliest"]), first, is_, last)
        check(ns(first["latest"]) < is_["latest"] < ns(last["latest"]), first, is_, last)
        check(is_["earliest"] <= end and begin <= is_["latest"], begin, is_, end)
    other = ["unshare", "-Ur", "-T", "--monotonic", "1000"]
    if subprocess.run([*other, "true"], capture_output=True).returncode == 0:
        check(told_by_example(client.page, before=other) ==
              {"earliest": None, "latest": None, "status": STALE, "reason": 36}, "time namespace")
    reader = Library(client.page)
    client.popen.send_signal(signal.SIGSTOP)
    wait_for(lambda: reader.status() == STALE, PATIENCE, "the page is stale")
    check(told_by_example(client.page)["reason"] == 33, told_by_example(client.page))
    client.popen.send_signal(signal.SIGCONT)
    wait_for(lambda: reader.status() == OK, PATIENCE, "the page is ok again")
    client.stop()
    check(told_by_example(client.page)["reason"] == 32, told_by_example(client.page))
    check(json.loads(now("--page", client.page).stdout)["reason"] == "stopped", "now")
    reader.end()


def test_the_document_has_the_offsets_of_the_source(w):
    with open(f"{SOURCE}/docs/page.md") as f:
        header, body = f.read().split("\nA body:\n")
    rows = {"noon_page": re.findall(r"^\| (\d+) \| [^|]* \| `(\w+)`", header, re.M),
            "noon_page_body": re.findall(r"^\| (\d+) \| [^|]* \| `(\w+)`", body, re.M)}
    fields = {"noon_page": 12, "noon_page_body": 17}
    lines = []
    for struct, found in rows.items():
        check(len(found) == fields[struct], struct, found)
        lines += [f'_Static_assert(offsetof(struct {struct}, {name}) == {offset}, "{name}");'
                  for offset, name in found]
    source = w.write("offsets.c", '#include "base/page.h"\n' + "\n".join(lines))
    done = subprocess.run(["cc", "-std=gnu17", "-fsyntax-only", "-I", f"{SOURCE}/src", source],
                          capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)


def test_a_second_daemon_touches_nothing(w):
    """Started by mistake, also while the first one does not run: page and socket stay as they are."""
    first = w.daemon("first", {"clock": {"type": "virtual"}, "user": ""})
    first.start()

    def held():
        return [(s.st_ino, s.st_ctime_ns) for s in (os.stat(first.page), os.stat(first.socket))]

    def refused_start(name, word, conf):
        second = w.daemon(name, {"state-directory": w.path(name), "control-socket": "",
                                 "shared-page": "", **conf})
        second.expected = {1}
        second.start(ready=False)
        check(second.wait(15) == 1, name, second.log())
        check(word in second.log() and f"process {first.pid}" in second.log(), second.log())

    before = held()
    for stopped in (False, True):
        if stopped:
            os.kill(first.pid, signal.SIGSTOP)
        mistakes = {"same": (first.state_dir, dict(first.conf)),
                    "page": (first.page, {"shared-page": first.page})}
        for name, (word, conf) in mistakes.items():
            refused_start(f"{name}{int(stopped)}", word, conf)
        check(held() == before, before, held())
        third = w.daemon(f"sock{int(stopped)}", {"control-socket": first.socket})
        third.expected = {1}
        third.start(ready=False)
        check(third.wait(15) == 1 and first.socket in third.log(), third.log())
        check(held() == before, before, held())
    os.kill(first.pid, signal.SIGCONT)
    check(first.status(), "the first one suffered")


if __name__ == "__main__":
    sys.exit(main(globals()))
