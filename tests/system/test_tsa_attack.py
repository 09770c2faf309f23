#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A relay attacks the clock of a time-stamp authority: no token is wrong, and before one would be
there are none."""
import json
import sys
import time

import tsa
from harness import check, free_port, main, wait_for

CALM = "clear,delay=100us,jitter=30us"
MS = 10**6
# What policies promise, by their object identifiers.
PROMISES = {"1.2.3.1": 1 * MS, "1.2.3.2": 2 * MS, "1.2.3.5": 5 * MS}
POLICIES = [(policy, {"accuracy": f"{ns // MS}ms"}) for policy, ns in PROMISES.items()]


def world(w):
    """A server and a relay before it; the source for clients."""
    ntp, ke = free_port(), free_port()
    server = w.server(announce=ntp)
    relay = w.relay(server, udp=ntp, tcp=ke)
    return relay, w.nts_source(server, ntsport=ke)


def stamping_client(w, source, name="authority", top=None, **options):
    """An authority whose clock is wrong in every way and follows the source."""
    cert, key = w.pki.make(name)
    conf = {"alert-limit": "10ms", "wander": "5ppm", "max-age": "30s", "source": [source],
            "clock": {"type": "virtual", "offset": "250ms", "frequency-error": "40ppm",
                      "random-walk": 1e-9}}
    conf.update(top or {})
    d = tsa.authority(w, cert, key, name=name, top=conf, policies=POLICIES, local__bound="0",
                      **options)
    d.watcher = d.watch()
    return d


class Observer:
    """Asks for tokens of every policy, and compares each with the truth: CLOCK_REALTIME, which is
    what the server serves."""

    def __init__(self, d):
        self.d = d
        self.client = tsa.Client(d.http)
        self.began = time.monotonic()
        self.tokens = 0
        self.last = {policy: None for policy in PROMISES}  # the last answers
        self.worst = 0
        self.widest = 0
        self.rows = []

    def ask(self):
        for policy, promise in PROMISES.items():
            before = time.time_ns()
            r = self.client.ask(policy=policy)
            after = time.time_ns()
            self.last[policy] = "token" if r.granted else r.fail
            if not r.granted:
                check(r.fail == "timeNotAvailable", r.fail, r.text)
                continue
            self.tokens += 1
            check(r.accuracy <= promise, policy, r.accuracy)
            check(r.gen_time - r.accuracy <= after and r.gen_time + r.accuracy >= before,
                  f"a token that is wrong: {r.gen_time_text} +- {r.accuracy} ns, made between",
                  before, "and", after)
            self.worst = max(self.worst, r.gen_time - after, before - r.gen_time)
            self.widest = max(self.widest, r.accuracy)

    def row(self, what):
        s = self.d.status()
        self.rows.append((time.monotonic() - self.began, s.get("true_error_s", 0) * 1e3,
                          s.get("bound_s", float("nan")) * 1e3, s["state"], what,
                          *self.last.values()))
        return s

    def watch(self, seconds, what, until=None, every=0.5):
        """Ask for a time, or until something is so; whether it was."""
        end = time.monotonic() + seconds
        next_row = 0
        while time.monotonic() < end:
            self.ask()
            if time.monotonic() >= next_row:
                next_row = time.monotonic() + every
                s = self.row(what)
                if until and until(s):
                    return True
            time.sleep(0.01)
        return False

    def all_are(self, answer):
        return all(x == answer for x in self.last.values())

    def print(self, w):
        w.note("   time  true error  bound      state     relay         " +
               " ".join(f"{ns // MS} ms".ljust(16) for ns in PROMISES.values()))
        before = None
        for at, error, bound, state, what, *answers in self.rows:
            # Every change, and otherwise what is a second apart.
            key = (state, what, *answers)
            if before and before[0] == key and at - before[1] < 1:
                continue
            before = (key, at)
            w.note(f"{at:6.1f} s {error:8.3f} ms {bound:8.3f} ms {state:9} {what:12} " +
                   " ".join(x.ljust(16) for x in answers))
        w.note(f"{self.tokens} tokens, all right; error at worst {self.worst / 1e3:.0f} us, "
               f"widest accuracy {self.widest / 1e3:.0f} us")


def stopped_in_time(o):
    """The true error passed what a policy promises only when it gave no tokens any more."""
    passed = dict.fromkeys(PROMISES, 0)
    for row in o.rows:
        for (policy, promise), answer in zip(PROMISES.items(), row[5:]):
            if abs(row[1]) * MS > promise:
                passed[policy] += 1
                check(answer != "token", f"{policy}: tokens at a true error of {row[1]} ms")
    return passed


def attacked(w, relay, d, way, spec, what, seconds):
    o = Observer(d)
    d.wait_state("ok", 30)
    wait_for(lambda: o.ask() or o.all_are("token"), 40, "tokens of all policies")
    o.watch(3, "calm")
    wait_for(lambda: o.ask() or o.all_are("token"), 40, "tokens of all policies")
    relay.set(**{way: spec})
    check(o.watch(seconds, what, lambda s: o.all_are("timeNotAvailable") and
                  abs(s.get("true_error_s", 0)) * 10**9 > max(PROMISES.values())) or
          o.all_are("timeNotAvailable"), "tokens go on:", o.last)
    relay.set(**{way: CALM})
    check(o.watch(60, "calm again", lambda s: o.all_are("token")), "no tokens again:", o.last)
    o.watch(1, "calm again")
    o.print(w)
    return stopped_in_time(o)


def test_delay_that_ramps(w):
    """The clock is really led astray, slowly enough that no exchange stands out."""
    w.pki = tsa.Pki(w)
    relay, source = world(w)
    d = stamping_client(w, source, top={"max-age": "5s"})
    passed = attacked(w, relay, d, "reverse", "delay=100us,jitter=30us,ramp=700us/s", "ramp", 30)
    check(passed["1.2.3.1"] > 0, "the attack did not move the clock by what a policy promises")


def test_delay_that_comes_at_once(w):
    w.pki = tsa.Pki(w)
    relay, source = world(w)
    d = stamping_client(w, source, top={"max-age": "5s"})
    attacked(w, relay, d, "forward", "delay=20ms", "delay", 30)


def test_delay_in_steps(w):
    """Each step is small, and the last ones are out of what every policy promises."""
    w.pki = tsa.Pki(w)
    relay, source = world(w)
    d = stamping_client(w, source, top={"max-age": "4s"})
    o = Observer(d)
    d.wait_state("ok", 30)
    wait_for(lambda: o.ask() or o.all_are("token"), 40, "tokens of all policies")
    stopped = {}
    for ms in (1, 2, 3, 5, 7, 9, 12):
        relay.set(reverse=f"clear,delay={ms}ms,jitter=30us")
        o.watch(3, f"{ms} ms")
        for policy, answer in o.last.items():
            if answer != "token":
                stopped.setdefault(policy, ms)
    relay.set(reverse=CALM)
    check(o.watch(60, "calm again", lambda s: o.all_are("token")), "no tokens again:", o.last)
    o.print(w)
    stopped_in_time(o)
    check(len(stopped) == len(PROMISES) and
          stopped["1.2.3.1"] <= stopped["1.2.3.2"] <= stopped["1.2.3.5"], stopped)


def test_silence(w):
    """Without a source there are no tokens, or, with holdover, ever less exact ones up to what the
    policy promises."""
    w.pki = tsa.Pki(w)
    relay, source = world(w)
    top = {"wander": "50ppm", "max-age": "10s"}
    strict = stamping_client(w, source, name="strict", top=top)
    lenient = stamping_client(w, source, name="lenient", top=top, holdover=True)
    one, two = Observer(strict), Observer(lenient)
    for o in (one, two):
        o.d.wait_state("ok", 30)
        wait_for(lambda o=o: o.ask() or o.all_are("token"), 40, "tokens of all policies")
    relay.set(forward="loss=1")
    check(one.watch(20, "silence", lambda s: s["state"] != "ok" and
                    one.all_are("timeNotAvailable")), "tokens without a source:", one.last)
    lenient.wait_state(("holdover", "alarm"), 20)
    two.watch(0.5, "silence")
    check(two.last["1.2.3.5"] == "token", "no tokens in holdover:", two.last)
    first = two.widest
    check(two.watch(90, "silence", lambda s: two.last["1.2.3.1"] != "token"),
          "tokens go on beyond what is promised")
    check(two.widest >= first and two.last["1.2.3.5"] == "token", first, two.widest, two.last)
    relay.set(forward=CALM)
    for o in (one, two):
        check(o.watch(60, "back", lambda s, o=o: o.all_are("token")), "no tokens again:", o.last)
        o.print(w)
        stopped_in_time(o)
        o.d.stop()
        told = json.loads(w.tool("tsa", "audit", "show", o.d.ledger, "--json", "--kind", "clock",
                                 status=0).stdout)
        states = [e["text"].split(",")[0] for e in told if e["text"].startswith("state")]
        check("state ok" in states and "state holdover" in
              states[states.index("state ok"):] and states[-1] == "state ok", states)


if __name__ == "__main__":
    sys.exit(main(globals()))
