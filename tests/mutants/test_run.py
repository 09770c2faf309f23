#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TAP: tests/mutants/run fails where it must, on a tree of two files; and the lists fit the sources.

Usage: test_run.py
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RUN = HERE / "run"

BUILD = """project('tiny', 'c', meson_version: '>= 1.0')
test('unit min', executable('test_min', 'test_min.c', 'min.c'), suite: 'unit')
test('unit wrong', executable('test_wrong', 'wrong.c'))
"""
CODE = """int min(int a, int b);

int min(int a, int b)
{
	if (a < b)
		return a;
	return b;
}

int sum(int a, int b);

int sum(int a, int b)
{
	if (a < b)
		return b + a;
	return a + b;
}
"""
TEST = """int min(int a, int b);
int sum(int a, int b);

int main(void)
{
	return min(1, 2) == 1 && min(2, 1) == 1 && sum(2, 1) == 3 ? 0 : 1;
}
"""
KILLED = """flipped
  file   min.c
  in     min
  -      if (a < b)
  +      if (a > b)
  tests  unit min
"""
# sum() gives the same either way.
SURVIVOR = KILLED.replace("flipped", "equal").replace("in     min", "in     sum")

number = 0
failed = 0


def ok(good, text, more=""):
    global number, failed
    number += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {text}")
    if not good:
        print("\n".join("# " + line for line in str(more).splitlines()[-20:]))
    sys.stdout.flush()


class World:
    def __init__(self, folder):
        self.top = folder / "tree"
        self.top.mkdir()
        self.list = folder / "list.txt"
        for name, text in (("meson.build", BUILD), ("min.c", CODE), ("test_min.c", TEST),
                           ("wrong.c", "int main(void)\n{\n\treturn 1;\n}\n")):
            (self.top / name).write_text(text)

    def run(self, text, *options):
        self.list.write_text(text)
        return subprocess.run([RUN, "--source", self.top, "--lists", self.list, "--jobs", "1", *options],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)

    def expect(self, what, text, status, *words, options=()):
        r = self.run(text, *options)
        said = r.stdout + r.stderr
        ok(r.returncode == status and all(w in said for w in words), what, said)


def lists_that_are_wrong(w):
    w.expect("a line that is not there is an error", KILLED.replace("- ", "- x "), 1, "found 0 times")
    w.expect("a line that is there twice is an error", KILLED.replace("  in     min\n", ""), 1, "found 2 times")
    w.expect("a function that is not there is an error", KILLED.replace("in     min", "in     max"), 1,
             "0 functions max()")
    w.expect("a mutation without tests is an error", KILLED[:KILLED.index("  tests")], 1, "tests is missing")
    w.expect("a mutation that changes nothing is an error", KILLED.replace("a > b", "a < b"), 1, "says the same")
    w.expect("a name that is used twice is an error", KILLED + KILLED, 1, "used twice")
    w.expect("an unknown field is an error", KILLED.replace("tests", "test"), 1, "expected a name")


def verdicts(w):
    w.expect("a mutation that its test notices is killed", KILLED, 0, "killed    flipped: unit min fails",
             "1 mutants: 1 killed, 0 survive (0 known)")
    w.expect("a survivor that is not known fails the run", KILLED + SURVIVOR, 1, "survives: equal", "NOT KNOWN",
             "2 mutants: 1 killed, 1 survive (0 known)")
    w.expect("a known survivor does not", KILLED + SURVIVOR + "  known  sums commute\n", 0,
             "2 mutants: 1 killed, 1 survive (1 known)")
    w.expect("a known survivor that is killed fails the run", KILLED + "  known  nobody looks\n", 1, "must go")
    w.expect("a mutation that does not compile is an error, not killed", KILLED.replace("if (a > b)", "if (a > c)"),
             1, "does not compile", "0 killed", "1 errors")
    w.expect("a test that is not in the build is an error", KILLED.replace("unit min", "unit max"), 1, "no such test")
    w.expect("a test that fails without a mutation is an error", KILLED.replace("unit min", "unit wrong"), 1,
             "without any mutation: unit wrong fails")


def hygiene(w):
    r = w.run(KILLED + SURVIVOR, "--json", "flipped")
    told = json.loads(r.stdout)
    ok(r.returncode == 0 and [m["name"] for m in told["mutants"]] == ["flipped"] and told["killed"] == 1,
       "names select, and --json prints one object", r.stdout + r.stderr)
    ok((w.top / "min.c").read_text() == CODE, "the sources are not touched")
    copy = w.top / "build/mutants/tree-0/min.c"
    ok(copy.read_text() == CODE, "the copy is as it was")


def test_that_does_not_end():
    """Without waiting for it: the limit is the runner's own, so only its functions are asked."""
    module = {"__name__": "run", "__file__": str(RUN)}
    exec(compile(RUN.read_text(), str(RUN), "exec"), module)
    tree = module["Tree"](pathlib.Path("/"), pathlib.Path("/"), 0)
    tree.tests = {"t": {"cmd": ["/bin/sleep", "60"], "workdir": "/", "env": {}}}
    word, took = tree.test("t", 0.2)
    ok(word == "does not end" and took < 10, "a test that does not end is ended, and counts as killed", word)


def main():
    with tempfile.TemporaryDirectory() as folder:
        w = World(pathlib.Path(folder))
        lists_that_are_wrong(w)
        verdicts(w)
        hygiene(w)
    test_that_does_not_end()
    r = subprocess.run([RUN, "--check"], capture_output=True, text=True)
    ok(r.returncode == 0, "every line of the lists is in the sources", r.stdout + r.stderr)
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
