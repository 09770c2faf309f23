#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Configuration errors name the file, the line and what was expected; --check finds them all."""
import json
import pathlib
import re
import subprocess
import sys

import baselines
from harness import DAEMON, PATIENCE, TOOL, check, main, needs_root, run_quiet

TOP = pathlib.Path(__file__).resolve().parents[2]

TUNNEL = 'tunnel "t" { local = "192.0.2.1" peer = "192.0.2.2" role = initiator key-file = "k"'
THROUGH = 'transmitter = "192.0.2.2" tunnel = "t"'

# (text, line, words of the message)
BAD = [
    ('alert-limit = "5 parsecs"', 1, ["alert-limit = \"5 parsecs\": expected a time"]),
    ('\n\nalert-limit = "-1ms"', 3, ["alert-limit = \"-1ms\"", "100ns or more"]),
    ('alert-limit = "0"', 1, ["100ns or more"]),
    ('\nserve-limit = "0"', 2, ["serve-limit", "above zero"]),
    ('alert-limit = "2ms"\nserve-limit = "1ms"', 2, ["serve-limit", "alert-limit", "0.002 s"]),
    ('serve-limit = "99ms"', 1, ["serve-limit", "no less than alert-limit"]),
    ('alert-limit "1ms"', 1, ["alert-limit"]),
    ('\nalert-limits = "1ms"', 2, ["alert-limits", "did you mean 'alert-limit'"]),
    ('source "x" {\n min-poll = 3 }', 2, ["min-poll", "did you mean 'minpoll'"]),
    ('source "x" { latitude = 48.1 longitude = 11.6 }', 1, ["latitude", "degrees"]),
    ('maxclockerror = "1"', 1, ["maxclockerror", "expected a frequency"]),
    ('wander = "-3ppm"', 1, ["wander", "from 0 to 0.1"]),
    ('max-liars = many', 1, ["max-liars = \"many\"", "-1 to 15"]),
    ('step-at-start = maybe', 1, ["step-at-start", "true or false"]),
    ('holdover-polls = 010', 1, ["holdover-polls", "no zero before"]),
    (f'user = "{"a" * 100}"', 1, ["user", "63 characters"]),
    ('clock {\n  type = "sundial"\n}', 2, ["type", "expected virtual, system"]),
    ('clock {\n  type = "phcs"\n}', 2, ["type", "did you mean 'phc'"]),
    ('clock {\n  offset = "far"\n}', 2, ["offset", "expected a time"]),
    ('clock { }\nclock { }', 2, ["clock", "one section"]),
    ('source "x" {\n\n  minpoll = 99\n}', 3, ["minpoll", "-4 to 17"]),
    ('source "x" { nts = false }', 1, ["x", "allow-unauthenticated"]),
    ('source "x" {\n  ntsaeads = {17}\n}', 2, ["ntsaeads", "15", "30"]),
    ('source "x" {\n  ntsaeads = {15, 30, 15}\n}', 2, ["ntsaeads", "at most 2"]),
    ('source "x" { ntsaeads = {15, 15} }', 1, ["ntsaeads", "once"]),
    ('source "x" { ntsport = 0 }', 1, ["ntsport", "1 to 65535"]),
    ('source "x" { minpoll = 5 maxpoll = 3 }', 1, ["minpoll <= maxpoll"]),
    ('source "x" { distance-m = 5.0 latitude = 7.0 longitude = 8.0 }', 1, ["give one of"]),
    ('source "x" { measured-minimum-forward = "1ms" cable-length-m = 7.0 }', 1, ["give one of"]),
    ('source "x" { distance-m = 7.0 attacker-index = 0.9 }', 1, ["attacker-index", "1 to 10"]),
    ('source "x" {\n attacker-index = -1.0 }', 2, ["attacker-index", "1 to 10"]),
    ('source "x" {\n baseline = "b.txt" }', 2, ["baseline", "guard-key"]),
    ('source "x" {\n guard-shift = "-1ms" }', 2, ["guard-shift", "zero or more"]),
    ('guard-pd = 1.0', 1, ["guard-pd", "below 1"]),
    ('guard-pfa = 0.0', 1, ["guard-pfa", "1e-12"]),
    ('\nhook = "bin/sh"', 2, ["hook", "absolute path"]),
    ('hook = "/nowhere/hook"', 1, ["hook", "can be run"]),
    ('source "x" { family = "ipx" }', 1, ["family", "ipv4 or ipv6"]),
    ('source "" { }', 1, ["expected a host name"]),
    ('source "x" { }\nsource "x" { }', 2, ["x"]),
    ('source { }', 1, ["source"]),
    ('server { listen = {"nonsense"} }', 1, ["listen", "nonsense", "ADDRESS:PORT"]),
    ('server { listen = {"127.0.0.1"} }', 1, ["listen", "ADDRESS:PORT"]),
    ('server { threads = 0 }', 1, ["threads", "1 to 64"]),
    ('server { local-stratum = 16 }', 1, ["local-stratum", "0 to 15"]),
    ('server { ratelimit = -1.0 }', 1, ["ratelimit", "zero or more"]),
    ('server { }\nserver { }', 2, ["server", "one section"]),
    ('nts-ke { }', 1, ["nts-ke", "server section"]),
    ('server { }\nnts-ke { ntsservercert = "/x" }', 2, ["ntsserverkey"]),
    ('server { }\nnts-ke { ntsrotate = "10ms" }', 2, ["ntsrotate", "1s or more"]),
    ('server { }\nnts-ke { maxntsconnections = 0 }', 2, ["maxntsconnections"]),
    ('tunnel ".." { }', 1, ["tunnel \"..\"", "expected a name"]),
    ('tunnel "t" { role = initiator key-file = "k" }', 1, ["t", "peer", "needed"]),
    ('tunnel "t" { peer = "192.0.2.2" }', 1, ["t", "local", "needed"]),
    ('tunnel "t" {\n peer = "192.0.2.2:4500" }', 2, ["peer", "an address without a port"]),
    ('tunnel "t" { peer = "192.0.2.2" encapsulation = udp }', 1, ["inner-local", "needed"]),
    ('tunnel "t" { peer = "192.0.2.2" local = "::1" }', 1, ["local", "same family"]),
    ('tunnel "t" { peer = "::1" local = "::2" inner-peer = "::2" }', 1, ["inner-local", "another"]),
    ('tunnel "t" { peer = "::1" local = "::2" key-file = "k" }', 1, ["role", "needed", "responder"]),
    ('tunnel "t" { peer = "::1" local = "::2" role = initiator }', 1, ["key-file", "keygen"]),
    ('tunnel "t" {\n role = client }', 2, ["role", "initiator or responder"]),
    ('tunnel "t" {\n encryption = aes128 }', 2, ["encryption", "aes128gcm16 or aes256gcm16"]),
    ('tunnel "t" {\n padding = "random 9" }', 2, ["padding", "random MIN-MAX"]),
    (f'{TUNNEL} port = {{319, 319}} }}', 1, ["port", "each port once"]),
    ('tunnel "t" {\n lifetime = "0" }', 2, ["lifetime", "1s to 30d"]),
    (f'{TUNNEL} ah = true encapsulation = udp }}', 1, ["ah", "inside UDP"]),
    (f'{TUNNEL} profile = seed encapsulation = udp }}', 1, ["ah", "inside UDP"]),
    (f'{TUNNEL} bytes = 5 }}', 1, ["bytes", "65536"]),
    (f'{TUNNEL} cover = "1us" }}', 1, ["cover", "1ms"]),
    (f'{TUNNEL} }}\n{TUNNEL} }}', 2, ["t"]),
    (f'{TUNNEL} }}\ntunnel "u" {{ local = "::1" peer = "::2" role = responder key-file = "k" }}', 2,
     ["key-file", "tunnel \"t\" has the same"]),
    ('ptp-receiver "x" { transmitter = "192.0.2.2" tunnel = "t" }', 1, ["no section tunnel \"t\""]),
    (f'tunnel "tea" {{ {TUNNEL[12:]} }}\nptp-receiver "x" {{ tunnel = "teas" }}', 2,
     ["did you mean 'tea'"]),
    (f'{TUNNEL} }}\nptp-receiver "x" {{ tunnel = "t" }}', 2, ["transmitter", "192.0.2.2"]),
    (f'{TUNNEL} }}\nptp-receiver "x" {{ {THROUGH} network_transport = "UDPv6" }}', 2, ["UDPv4"]),
    (f'{TUNNEL} }}\nptp-receiver "x" {{ {THROUGH} address = "192.0.2.1" }}', 2, ["inner-local"]),
    (f'{TUNNEL} port = {{319}} }}\nptp-receiver "x" {{ {THROUGH} }}', 2, ["319 and 320"]),
    (f'{TUNNEL} }}\nptp-transmitter "x" {{ interface = "eth0" tunnel = "t" }}', 2,
     ["multicast = false"]),
    ('source "x" {', 1, ["never closed"]),
    ('alert-limit = "1ms"\nsource "x" {\n  nts = true\n', 2, ["never closed"]),
    ('}', 1, ["closing brace"]),
    ('\n"', 2, ["never closed"]),
    ('/* no end\n', 1, ["never closed"]),
    ('include("/does/not/exist")', 1, ["/does/not/exist", "No such file"]),
]


def run(*args, **kw):
    return subprocess.run([DAEMON, *args], capture_output=True, text=True, timeout=20 * PATIENCE,
                          stdin=subprocess.DEVNULL, **kw)


def test_errors_have_file_line_and_expectation(w):
    wrong = []
    for text, line, words in BAD:
        path = w.write("bad.conf", text + "\n")
        for option in ("--check", "-f"):
            if option == "-f" and wrong:
                break  # it might start
            done = run(option, path)
            where = [x for x in done.stderr.splitlines() if x.startswith(f"{path}:")]
            lines = {int(x[len(path) + 1:].split(":")[0]) for x in where}
            # libConfuse may be at the line after the one that ends the section.
            near = {line, line + 1}
            if done.returncode != 1 or not where or not lines & near or \
                    not all(x in done.stderr for x in words):
                wrong.append(f"{option} {text!r}: status {done.returncode}: {done.stderr!r} "
                             f"(expected line {line}, {words})")
    check(not wrong, "\n".join(wrong))


# Heading of the manual page: how a section of it is opened.
SECTIONS = {
    "GENERAL OPTIONS": ("", ""), "CLOCK": ("clock {", "}"), "SOURCES": ('source "x" {', "}"),
    "SERVER": ("server {", "}"), "NTS-KE": ("server { }\nnts-ke {", "}"),
    "TIME-STAMP AUTHORITY": ("tsa {", "}"), "DAYTIME AND TIME": ("daytime {", "}"),
    "PTP RECEIVERS": ('ptp-receiver "x" {', "}"),
    "PTP TRANSMITTERS": ('ptp-transmitter "x" {', "}"),
    "TUNNELS": ('tunnel "x" {', "}"),
}


def test_a_value_that_is_none_is_refused_for_every_option(w):
    """What the manual page says is a time or a frequency is never taken for zero."""
    page = (TOP / "docs/man/noonmarkd.conf.5.scd").read_text()
    tried, wrong = 0, []
    for part in page.split("\n# ")[1:]:
        begin, end = SECTIONS.get(part.splitlines()[0], (None, None))
        for name, kind in re.findall(r"\*([A-Za-z-]+)\* = _(time|frequency)_", part):
            if begin is None:
                wrong.append(f"{name} is in a section that is not known")
                continue
            opening = begin
            if begin == "tsa {" and name == "accuracy":
                opening, end = 'tsa { policy "1.2.3" {', "} }"
            elif name == "guard-shift" and "watch" in part and "transmitter" in begin:
                opening, end = begin + ' watch "a" {', "} }"
            path = w.write("bad.conf", f'{opening}\n{name} = "far"\n{end}\n')
            done = run("--check", path)
            tried += 1
            if done.returncode != 1 or f"expected a {kind}" not in done.stderr or \
                    name not in done.stderr:
                wrong.append(f"{opening} {name}: {done.returncode} {done.stderr!r}")
    check(not wrong, "\n".join(wrong))
    check(tried >= 29, tried)


def test_the_list_of_options_is_what_is_accepted(w):
    """Each default and limit that --list-options names is taken, and what is beyond a limit is not."""
    table = json.loads(run("--list-options").stdout)
    opening = {"": ("", "")}
    opening.update((begin.splitlines()[-1].split()[0], (begin, end))
                   for begin, end in SECTIONS.values() if begin)
    opening["time"] = ("time {", "}")
    opening["tsa policy"] = ('tsa { policy "1.2.3" {', "} }")
    opening["ptp-transmitter watch"] = ('ptp-transmitter "x" { watch "507c6f.fffe.1fb16b" {', "} }")
    tried, wrong = 0, []

    def refused(section, name, value):
        begin, end = opening[section]
        path = w.write("x.conf", f'{begin}\n{name} = "{value}"\n{end}\n')
        return f'{name} = "{value}": ' in run("--check", path).stderr

    for section in table["sections"]:
        for o in section["options"]:
            check(o["help"] and o["since"], section["name"], o)
            values = [(o["default"], False)] if "default" in o and "most" not in o else []
            limits = re.fullmatch(r"(-?[\d.e-]+) to (below )?(-?[\d.e-]+)", o.get("range", ""))
            if limits and o["type"] == "integer":
                low, high = int(limits[1]), int(limits[3])
                values += [(low, False), (high, False), (low - 1, True), (high + 1, True)]
            elif limits and o["type"] == "real":
                values += [(limits[1], False), (limits[3], bool(limits[2])),
                           (f"-9{limits[1].lstrip('-')}", True), (f"9{limits[3]}9", True)]
            for value, is_refused in values:
                tried += 1
                if refused(section["name"], o["name"], value) != is_refused:
                    wrong.append(f'{section["name"]} {o["name"]} = {value}')
    check(not wrong, "\n".join(wrong))
    check(tried > 200, tried)


def test_check_accepts(w):
    inner = w.write("inner.conf", 'wander = "2ppm"\n')
    secret = w.path("secret")
    run_quiet([TOOL, "tunnel", "keygen", secret])
    good = ['', 'alert-limit = "2s"\n', '# nothing\n', 'alert-limit = "250us" // why not\n',
            'source "time.example.net" { }\n',
            'clock { type = "system" }\nserver { }\nnts-ke { }\n', f'include("{inner}")\n',
            'state-directory = "/var/lib/a{b" # {{{\n/* { */\n',
            f'{TUNNEL} }}\nptp-receiver "x" {{ {THROUGH} }}\n'
            'ptp-transmitter "y" { multicast = false tunnel = "t" }\n',
            'tunnel "t" { encapsulation = udp peer = "::1" inner-local = "192.0.2.1" role = responder '
            'inner-peer = "192.0.2.2" key-file = "k" profile = seed ah = false }\n']
    for text in good:
        path = w.write("good.conf", text.replace('"k"', f'"{secret}"'))
        done = run("--check", path)
        check(done.returncode == 0 and "no errors" in done.stdout, repr(text), done)


def test_check_reads_keys_and_certificates(w):
    base = w.path("end")
    run_quiet([TOOL, "tunnel", "certificate", base])
    exchange = f'certificate = "{base}.crt" certificate-key = "{base}.key" peer-certificates = "{base}.crt"'
    tunnel = 'tunnel "t" {{ local = "192.0.2.1" peer = "192.0.2.2" role = initiator {} }}'
    sections = (tunnel, 'ptp-receiver "r" {{ transmitter = "192.0.2.1" {} }}',
                'ptp-transmitter "x" {{ multicast = false {} }}')
    for section in sections:
        done = run("--check", w.write("good.conf", section.format(exchange)))
        check(done.returncode == 0, section, done)
        for wrong, what in ((exchange.replace(f"{base}.key", f"{base}.crt"), "private key"),
                            (exchange.replace(f'certificate = "{base}.crt"', 'certificate = "none.crt"', 1), "none.crt")):
            done = run("--check", w.write("bad.conf", section.format(wrong)))
            check(done.returncode == 1 and what in done.stderr, section, what, done)
    done = run("--check", w.write("bad.conf", tunnel.format('key-file = "no-such-key"')))
    check(done.returncode == 1 and "no-such-key" in done.stderr, done)


def test_limits_that_cannot_be_met(w):
    """A warning, with the term that is too large; nothing where some source could do it."""
    for text, words in (
            ('source "x" { extra-error = "120ms" }', ["error of the server 120 ms", "extra-error"]),
            ('alert-limit = "1ms"\nsource "x" { minpoll = 8 }',
             ["drift from poll to poll 1.81 ms", "minpoll"]),
            ('alert-limit = "1ms"\nsource "x" { measured-minimum-forward = "9ms"\n'
             'measured-minimum-reverse = "9ms" }', ["hidden advance 9 ms", "distance-m"])):
        path = w.write("never.conf", 'clock { type = "virtual" }\n' + text + "\n")
        done = run("--check", path)
        said = done.stderr
        check(done.returncode == 0 and f"{path}: warning: alert-limit" in said, text, done)
        check(all(x in said for x in words + ["cannot be met"]), text, said)
        path = w.write("may.conf", 'clock { type = "virtual" }\nsource "y" { }\n' + text + "\n")
        check(run("--check", path).stderr == "", text)


def test_error_in_an_included_file(w):
    inner = w.write("inner.conf", '\n\nalert-limit = "soon"\n')
    path = w.write("outer.conf", f'wander = "1ppm"\ninclude("{inner}")\n')
    done = run("--check", path)
    check(done.returncode == 1 and f"{inner}:3:" in done.stderr, done.stderr)


def test_command_line(w):
    check(run("--check", w.path("none")).returncode == 1, "a missing file is no error")
    check("No such file" in run("-f", w.path("none")).stderr, "reason")
    check(run("--event-backend=kqueue").returncode == 2, "backend")
    check(run("--bad-option").returncode == 2, "option")
    check(run("word").returncode == 2, "word")
    check(run("--version").stdout.startswith("noonmarkd "), "version")
    check("--event-backend" in run("--help").stdout, "help")
    check(run("--check", w.dir).returncode == 1, "a directory is no configuration")


def test_unreadable_file(w):
    path = w.write("secret.conf", 'alert-limit = "1ms"\n', 0o600)
    before = ["setpriv", "--reuid", "65534", "--clear-groups"]
    needs_root()
    done = subprocess.run(before + [DAEMON, "--check", path], capture_output=True, text=True,
                          timeout=20 * PATIENCE)
    check(done.returncode == 1 and "Permission denied" in done.stderr, done.stderr)


def test_a_campaign_at_another_interval_than_the_polls_is_warned_of(w):
    key, pub = baselines.keys(w)
    path = baselines.write(w, "localhost.baseline", key, interval=1)

    def warned(minpoll, maxpoll, baseline=path):
        conf = w.write("guarded.conf", f'guard-key = "{pub}"\nsource "localhost" {{\n'
                       f'  minpoll = {minpoll} maxpoll = {maxpoll}\n  guard-shift = "1ms"\n'
                       f'  baseline = "{baseline}"\n}}\n')
        done = run("--check", conf)
        check(done.returncode == 0, done)
        lines = [x for x in done.stderr.splitlines() if "was recorded with an exchange" in x]
        check(len(lines) <= 1, lines)
        return lines[0] if lines else None

    for fitting in ((0, 0), (2, 2), (-2, 2)):
        check(warned(*fitting) is None, fitting, warned(*fitting))
    for minpoll, maxpoll, words in ((0, 3, "polls come every 1 to 8 s"),
                                    (-3, 0, "polls come every 0.125 to 1 s"),
                                    (4, 10, "polls come every 16 to 1024 s")):
        line = warned(minpoll, maxpoll)
        check(line and words in line and "an exchange every 1 s" in line, line)
        check("localhost" in line and path in line, line)
    shown = w.tool("guard", "show", path, "--key", pub, "--json", status=0).stdout
    check(abs(json.loads(shown)["interval_s"] - 1) < 1e-9, shown)
    check("between exchanges" in w.tool("guard", "show", path).stdout)
    path_of_rest = baselines.write(w, "quick.baseline", key, interval=0)
    check(warned(4, 10, path_of_rest) is None, "an interval that is not known")


def test_the_status_says_whether_the_campaign_fits_the_polls_of_now(w):
    key, pub = baselines.keys(w)
    path = baselines.write(w, "path.baseline", key, interval=1)
    server = w.server()
    guarded = {"baseline": path, "path-id": "localhost", "guard-shift": "1ms"}
    for poll, fits in ((0, True), (-3, False)):
        source = w.nts_source(server, minpoll=poll, maxpoll=poll, **guarded)
        client = w.client([source], name=f"client{poll}", top={"guard-key": pub}, watch=False)
        guard = client.source()["guard"]
        check(guard["baseline_interval_s"] == 1 and guard["interval_fits"] == fits, poll, guard)
        check(("was recorded with" in client.log()) != fits, poll, client.log())


if __name__ == "__main__":
    sys.exit(main(globals()))
