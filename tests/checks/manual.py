#!/usr/bin/python3
"""The manual pages have every option, and no other, with the default, range and kind that it has. Prints TAP.

The programs print their tables (--list-options). Of a file each option stands in its page as

    *name* = _kind_ (default; range)

and what that looks like follows from its row. noonmark(1) has all options of all verbs in a part that
is made from the tables; with --write it is written again, and so are entries of the other pages whose
kind, default or range has changed.
"""
import json
import pathlib
import re
import subprocess
import sys

import layout

# Heading of noonmarkd.conf(5): sections of the file that it describes.
CONF = {
    "GENERAL OPTIONS": [""], "CLOCK": ["clock"], "SOURCES": ["source"], "SERVER": ["server"],
    "NTS-KE": ["nts-ke"], "TIME-STAMP AUTHORITY": ["tsa", "tsa policy"],
    "DAYTIME AND TIME": ["daytime", "time"], "PTP RECEIVERS": ["ptp-receiver"],
    "PTP TRANSMITTERS": ["ptp-transmitter", "ptp-transmitter watch"], "TUNNELS": ["tunnel"],
}
SCENARIO = {
    "GENERAL OPTIONS": [""], "SERVER AND CLIENT": ["server", "client"],
    "PATH": ["path", "path forward", "path reverse"], "SEEKER": ["seeker"], "ATTACK": ["attack"],
    "EVENT": ["event"],
}
KIND = r'(?:\{[^}\n]*\}|(?:_[^_\n]+_|[\w.:"-]+)(?: ?\| ?(?:_[^_\n]+_|[\w.:"-]+))*)'
ENTRY = re.compile(rf"\*([A-Za-z][\w-]*)\* = ({KIND})((?: \((?:[^()\n]|\([^()\n]*\))*\))?)")
BEGIN, END = "; The rest of this part is made by tests/checks/manual.py.\n", "; The end of that part.\n"


def kind(option):
    value = option.get("value", "text")
    text = value if "|" in value else f"_{value}_"
    return "{" + text + ", ...}" if "most" in option else text


def facts(option):
    """ (default; range), or nothing"""
    default = option.get("default_says")
    if default is None and "default" in option:
        quoted = option["type"] in ("time", "frequency", "text") and option["default"] != "0"
        default = f'"{option["default"]}"' if quoted else option["default"]
    said = "; ".join(x for x in (default, option.get("range")) if x)
    return f" ({said})" if said else ""


def entry(option):
    return f'*{option["name"]}* = {kind(option)}{facts(option)}'


def parts_of(page):
    """heading: text"""
    parts = re.split(r"^# (.*)\n", page, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def heads(text):
    """The lines of entries; what is indented below them is prose, and may show any value."""
    return "\n".join(line for line in text.splitlines() if line.startswith("*"))


def mentioned(text):
    """Options that an entry names without a value: "as above"."""
    return set(re.findall(r"\*([A-Za-z][\w-]*)\*", heads(text)))


def file_faults(name, page, headings, sections):
    """What a page does not say of the options of a file, or says wrongly."""
    found, parts = [], parts_of(page)
    for heading, names in headings.items():
        text = parts.get(heading, "")
        known = {}
        for section in names:
            for option in sections.get(section, []):
                known.setdefault(option["name"], []).append((section, option))
        said = {}
        for match in ENTRY.finditer(heads(text)):
            said.setdefault(match[1], []).append(match[0])
        for option, rows in known.items():
            right = {entry(row) for _, row in rows}
            if option not in said and option not in mentioned(text):
                found.append(f'{name}, {heading}: "{option}" is missing: {sorted(right)[0]}')
            for text_of in said.get(option, []):
                if text_of not in right:
                    found.append(f"{name}, {heading}: {text_of}, but it is {sorted(right)[0]}")
        found += [f'{name}, {heading}: there is no option "{option}"'
                  for option in said if option not in known]
    return found


def corrected(page, headings, sections):
    """The page with the entries as they have to be."""
    for heading, names in headings.items():
        rows = {o["name"]: entry(o) for s in reversed(names) for o in sections.get(s, [])}
        text = parts_of(page).get(heading, "")
        right = [ENTRY.sub(lambda m: rows.get(m[1], m[0]), line) if line.startswith("*") else line
                 for line in text.split("\n")]
        page = page.replace(text, "\n".join(right))
    return page


def escaped(text):
    return re.sub(r"([\\_*])", r"\\\1", text)


def verb_lines(command):
    """The options of a verb in scdoc."""
    words = [f'*--{o["name"]}* _{escaped(o["value"])}_' for o in command["options"]
             if o.get("required")]
    usage = " ".join([f'*noonmark {command["name"]}*', *words, "[_option_...]"])
    if "arguments" in command:
        usage += " " + escaped(command["arguments"])
    yield usage
    for option in command["options"]:
        flag = option["type"] in ("bool", "flag")
        name = f'*-{option["letter"]}*, ' if "letter" in option else ""
        name += f'*--{option["name"]}*' + ("" if flag else f' _{escaped(option["value"])}_')
        about = [x for x in (option.get("range"), option.get("unit")) if x]
        about = [" ".join(about)] if about else []
        if not flag and ("default" in option or "default_says" in option):
            about.append("default " + (option.get("default") or option["default_says"]))
        yield f'\t{name}++\n{escaped(option["help"])}' + \
            (f' ({escaped("; ".join(about))})' if about else "")
    yield ""


def generated(commands):
    return BEGIN + "\n" + "\n".join(line for c in commands for line in verb_lines(c)) + END


def part_between(page):
    i, j = page.find(BEGIN), page.find(END)
    return page[i:j + len(END)] if 0 <= i < j else None


def verb_faults(page, commands):
    part = part_between(page)
    if part is None:
        return ["noonmark.1: there is no part made from the tables"]
    right = generated(commands)
    if part == right:
        return []
    pairs = list(zip(part.splitlines() + [""], right.splitlines() + [""]))
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), len(pairs) - 1)
    return [f"noonmark.1: {pairs[at][0]!r}, but it is {pairs[at][1]!r} (manual.py --write TOP "
            "NOONMARKD NOONMARK writes it)"]


def daemon_faults(page, command):
    """Options of noonmarkd(8): an entry each, and no other."""
    text = parts_of(page).get("OPTIONS", "")
    said = set(re.findall(r"\*--([\w-]+)\*", heads(text))) - {"help"}
    known = {o["name"] for o in command["options"]}
    return [f'noonmarkd.8: "--{x}" is missing' for x in sorted(known - said)] + \
        [f'noonmarkd.8: there is no option "--{x}"' for x in sorted(said - known)]


def tables(program):
    done = subprocess.run([program, "--list-options"], capture_output=True, text=True, check=True)
    table = json.loads(done.stdout)
    return table["commands"], {s["name"]: s["options"] for s in table["sections"]}


PORT = {"name": "port", "type": "integer", "value": "n", "default": "123", "range": "1 to 65535"}
LIMIT = {"name": "limit", "type": "time", "value": "time", "default": "100ms"}
HEADINGS = {"SERVER": ["server"]}
# Words of the fault, or None; text of the page; rows of the section.
PLANTED = [
    (None, "*port* = _n_ (123; 1 to 65535), *limit* = _time_ (\"100ms\")\n\tBoth.\n", [PORT, LIMIT]),
    (None, "*limit*, *port*\n\tAs above.\n", [PORT, LIMIT]),
    ('"limit" is missing', "*port* = _n_ (123; 1 to 65535)\n\tOf *limit*.\n", [PORT, LIMIT]),
    ("but it is *port* = _n_ (123;", "*port* = _n_ (124; 1 to 65535)\n", [PORT]),
    ("but it is *port*", "*port* = _n_ (123; 0 to 65535)\n", [PORT]),
    ("but it is *port*", "*port* = _name_ (123; 1 to 65535)\n", [PORT]),
    ("but it is *limit*", '*limit* = _time_ ("100us")\n', [LIMIT]),
    ('no option "prot"', "*port* = _n_ (123; 1 to 65535)\n\n*prot* = _n_\n", [PORT]),
]
JOBS = {"name": "sim run", "arguments": "FILE...",
        "options": [{**PORT, "letter": "p", "help": "where"}]}


def planted():
    """Which planted faults are not found."""
    out = []
    for words, text, rows in PLANTED:
        page = f"# SERVER\n\n{text}\n# END\n"
        found = file_faults("x.5", page, HEADINGS, {"server": rows})
        if words is None and found or words is not None and (
                len(found) != 1 or words not in found[0]):
            out.append(f"expected {words}, found {found}: {text!r}")
        if words and "but it is" in words and file_faults(
                "x.5", corrected(page, HEADINGS, {"server": rows}), HEADINGS, {"server": rows}):
            out.append(f"not corrected: {text!r}")
    page = "# A\n\n" + generated([JOBS]) + "\n# B\n"
    for text, right in ((page, True), (page.replace("default 123", "default 124"), False),
                        (page.replace("*--port*", "*--prot*"), False), ("# A\n", False)):
        if (verb_faults(text, [JOBS]) == []) != right:
            out.append(f"verbs: {text!r}")
    for text, right in (("*-p*, *--port* _n_\n", True), ("*--prot*\n", False), ("", False)):
        if (daemon_faults(f"# OPTIONS\n\n{text}", JOBS) == []) != right:
            out.append(f"daemon: {text!r}")
    return out


def main():
    write = sys.argv[1] == "--write"
    top, daemon, tool = sys.argv[2:] if write else sys.argv[1:]
    pages = pathlib.Path(top, "docs/man")
    names = ["noonmarkd.conf.5", "noonmark-scenario.5", "noonmark.1", "noonmarkd.8"]
    conf, scenario, verbs, options = ((pages / f"{n}.scd").read_text() for n in names)
    commands, conf_sections = tables(daemon)
    tool_commands, scenario_sections = tables(tool)
    if write:
        conf = corrected(conf, CONF, conf_sections)
        scenario = corrected(scenario, SCENARIO, scenario_sections)
        if part_between(verbs) is not None:
            verbs = verbs.replace(part_between(verbs), generated(tool_commands))
        for name, text in zip(names, (conf, scenario, verbs)):
            (pages / f"{name}.scd").write_text(text)
    layout.report([
        ("noonmarkd.conf(5) has the options of the file",
         file_faults(names[0], conf, CONF, conf_sections)),
        ("noonmark-scenario(5) has the options of scenarios",
         file_faults(names[1], scenario, SCENARIO, scenario_sections)),
        ("noonmark(1) has the options of the verbs", verb_faults(verbs, tool_commands)),
        ("noonmarkd(8) has the options of the daemon", daemon_faults(options, commands[0])),
        ("planted faults are found", planted()),
    ])


if __name__ == "__main__":
    sys.exit(main())
