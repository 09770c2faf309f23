#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""noonmark calibrate report, export and compare: what a campaign measured, for others to read."""
import csv
import hashlib
import html.parser
import io
import json
import os
import re
import shutil
import subprocess
import sys

from harness import PATIENCE, Skip, check, main
from test_calibrate import AHEAD, authority, calibrate, contains, result

NASTY = 'a "device" <script>alert(1)</script> & more'


class Page(html.parser.HTMLParser):
    """What is in a page: its tags, and whether it asks for anything from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.elsewhere, self.text, self.json = {}, [], [], ""
        self.open = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href") or (name == "style" and "url(" in (value or "")):
                self.elsewhere.append((tag, name, value))

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.json += data
        else:
            self.text.append(data)


def campaigns(w):
    """A campaign of stamps and one of two-way exchanges."""
    _, url = authority(w, clock_precision_digits=0)
    stamps = result(w, "run", url, "--ca", w.pki.ca, "--reference-bound", "300us", "--count", 9, "--interval",
                    "0.3", "--device", NASTY)
    server = w.server(clock={"type": "virtual", "offset": "37ms"})
    two = result(w, "run", f"ntp://127.0.0.1:{server.ntp}", "--reference-bound", "300us", "--interval", "0.01",
                 "--count", 800)
    return stamps, two


def chromium(w, *args):
    program = shutil.which("chromium")
    if program is None:
        raise Skip("chromium is not installed")
    return subprocess.run(
        [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={w.path('browser')}", *args],
        capture_output=True, text=True, timeout=120 * PATIENCE, cwd=w.dir, check=False)


def test_page(w):
    stamps, two = campaigns(w)
    for o, plots in ((stamps, 6), (two, 7)):
        out, _ = calibrate(w, "report", o["id"], "--trials", 20000)
        check(out.split() == [f"campaign-{o['id']}.html", f"campaign-{o['id']}.json"], out)
        with open(w.path(f"campaign-{o['id']}.html"), encoding="utf-8") as f:
            text = f.read()
        page = Page(text)
        check(page.tags["figure"] == plots and not page.elsewhere, page.tags, page.elsewhere)
        check(not re.search(r"https?://(?!www\.w3\.org|127\.0\.0\.1)", text), "the page points elsewhere")
        with open(w.path(f"campaign-{o['id']}.json"), encoding="utf-8") as f:
            beside = json.load(f)
        inside = json.loads(page.json)
        check(beside == inside and beside["x_s"] == o["x_s"] and beside["raw_sha256"] == o["raw_sha256"], beside)
        words = " ".join(page.text)
        check("Uncertainty budget" in words and beside["raw_sha256"] in words, words)
    check("<script>alert" not in text, "text of the user is markup")
    # A page that is in the way is replaced; a bad name is refused.
    calibrate(w, "report", stamps["id"], "--output", "other.html", "--trials", 0)
    check(os.path.exists(w.path("other.json")))
    _, err = calibrate(w, "report", stamps["id"], "--output", "other.json", status=2)
    check("other.json" in err and "*.html" in err, err)
    _, err = calibrate(w, "report", stamps["id"], "--output", "/nonexistent/p.html", status=3)
    check("/nonexistent/p.html" in err, err)


def test_browser(w):
    _, url = authority(w, clock_precision_digits=0)
    o = result(w, "run", url, "--ca", w.pki.ca, "--reference-bound", "300us", "--count", 5, "--interval", "0.2",
               "--device", NASTY)
    calibrate(w, "report", o["id"], "--output", "page.html", "--trials", 20000)
    p = chromium(w, "--dump-dom", f"file://{w.path('page.html')}")
    check(p.returncode == 0 and p.stdout.count("<figcaption>") == 6, p.returncode, p.stderr[-2000:])
    p = chromium(w, "--window-size=1200,2400", f"--screenshot={w.path('page.png')}", f"file://{w.path('page.html')}")
    check(p.returncode == 0 and os.path.getsize(w.path("page.png")) > 30000, p.stderr[-2000:])
    p = chromium(w, f"--print-to-pdf={w.path('page.pdf')}", f"file://{w.path('page.html')}")
    with open(w.path("page.pdf"), "rb") as f:
        pages = len(re.findall(rb"/Type\s*/Page\b", f.read()))
    check(1 <= pages <= 4, pages)


def test_export(w):
    stamps, two = campaigns(w)
    raw, _ = calibrate(w, "export", two["id"], "--format", "raw")
    check(hashlib.sha256(raw.encode()).hexdigest() == two["raw_sha256"], raw[:300])
    rows = list(csv.DictReader(io.StringIO(calibrate(w, "export", two["id"])[0])))
    check(len(rows) == two["samples"], len(rows))
    # The columns are what the result is of: its single readings come out again.
    mean = sum(float(r["offset_s"]) for r in rows) / len(rows)
    check(abs(mean - two["single_readings"]["mean_s"]) < 1e-7, mean, two["single_readings"])
    check(abs(min(float(r["rtt_s"]) for r in rows) - two["rtt"]["min_s"]) < 1e-9, two["rtt"])
    check(all(r["reference_state"] == "locked" and float(r["reference_bound_s"]) == 300e-6 for r in rows), rows[0])
    whole = json.loads(calibrate(w, "export", stamps["id"], "--format", "json")[0])
    check(len(whole["samples"]) == stamps["samples"] and whole["campaign"]["device"] == NASTY, whole["campaign"])
    # An own bound, from the numbers alone, is the one that was stated.
    lower = max(s["first_ns"] - s["tr_ns"] for s in whole["samples"]) / 1e9
    upper = min(s["last_ns"] - s["tq_ns"] for s in whole["samples"]) / 1e9
    check(lower - 300e-6 - 1e-3 <= stamps["bound"]["lower_s"] <= lower, lower, stamps["bound"])
    check(upper + 300e-6 + 1e-3 >= stamps["bound"]["upper_s"] >= upper, upper, stamps["bound"])
    with open("/dev/full", "w", encoding="ascii") as full:
        p = subprocess.run([os.environ["NOON_TOOL"], "calibrate", "export", str(two["id"])], stdout=full, text=True,
                           stderr=subprocess.PIPE, cwd=w.dir, check=False)
    check(p.returncode == 3 and "standard output" in p.stderr, p.returncode, p.stderr)
    calibrate(w, "export", 77, status=3)
    compared(w, stamps, two)


def compared(w, stamps, two):
    contains(stamps, AHEAD, 300e-6)
    contains(two, AHEAD, 300e-6)
    o = json.loads(calibrate(w, "compare", stamps["id"], two["id"], "--json")[0])
    d = o["differences"][0]
    # Two services whose clocks are ahead by the same.
    check(d["agree"] and d["E_n"] <= 1 and d["bounds_overlap"], d)
    check(abs(d["x_s"] - (two["x_s"] - stamps["x_s"])) < 1e-12, d)
    text, _ = calibrate(w, "compare", stamps["id"], two["id"])
    check("they agree" in text and "hard bounds overlap" in text and "access point" in text, text)
    calibrate(w, "compare", stamps["id"], status=2)


if __name__ == "__main__":
    sys.exit(main(globals()))
