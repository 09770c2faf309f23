#!/usr/bin/python3
"""The pure folders ask the world for nothing: no undefined symbol of theirs is a clock, a socket,
a file, the heap or the environment. Prints TAP.

Looked at is each object that is made of a file below them, at any depth and in any library. The list
says what is allowed, not what is forbidden: memory and string functions, mathematics, assertions, and
what compilers and sanitizers add.
"""
import json
import pathlib
import re
import subprocess
import sys

import layout

ALLOWED = re.compile(
    r"^(noon_\w+"
    r"|bcmp"  # what clang makes of memcmp() == 0
    r"|mem(cpy|set|cmp|move|chr)|__mem(cpy|set|move)_chk|strn?len|strn?cmp|strchr"
    r"|__assert_fail|__stack_chk_fail"
    r"|(a?sin|a?cos|a?tan|atan2|sqrt|cbrt|exp|exp2|expm1|log|log2|log10|log1p|pow|erfc?|l?gamma"
    r"|sincos|hypot|fabs|fmin|fmax|fmod|floor|ceil|round|trunc|rint|l?lround|ldexp|frexp|copysign)f?"
    r"|__isnan|__isinf|__isfinite|__finite|__fpclassify"
    r"|__u?(div|mod|divmod)ti[34]|__fix(uns)?dfti|__float(un)?tidf"  # 128-bit integers
    r"|__(asan|ubsan|sanitizer|sancov|lsan)_\w+"
    r"|_GLOBAL_OFFSET_TABLE_|__start_\w+|__stop_\w+)$"
)


def impure(top, objects):
    """Faults of these objects; [(file, object)]"""
    run = subprocess.run(["nm", "-u", "-A", *[o for _, o in objects]], check=True, capture_output=True,
                         text=True)
    files = {str(o): path.relative_to(top / "src") for path, o in objects}
    found = []
    for line in run.stdout.splitlines():
        obj, symbol = line.rsplit(":", 1)
        name = symbol.split()[-1]
        if not ALLOWED.match(name):
            found.append(f"{files[obj]}: {name}")
    return found


def faults(top, build, layer):
    compiled, found = layout.commands(top, build, layer)
    found += [f"{path}: {obj} is not built" for path, obj, _ in compiled if not obj.is_file()]
    objects = [(path, obj) for path, obj, _ in compiled if obj.is_file()]
    return found + (impure(top, objects) if objects else [])


PLANTED = {
    "time": "#include <time.h>\ntime_t f(void){return time(0);}",
    "clock_gettime": "#include <time.h>\nint f(struct timespec*t){return clock_gettime(0,t);}",
    "socket": "#include <sys/socket.h>\nint f(void){return socket(2,2,0);}",
    "puts": "#include <stdio.h>\nint f(void){return puts(\"x\");}",
    "malloc": "#include <stdlib.h>\nvoid *f(void){return malloc(3);}",
    "getenv": "#include <stdlib.h>\nchar *f(void){return getenv(\"X\");}",
    "rand": "#include <stdlib.h>\nint f(void){return rand();}",
    "usleep": "int usleep(unsigned)__attribute__((weak));int f(void){return usleep?usleep(1):0;}",
}
HONEST = "#include <string.h>\nvoid noon_f(void*);void f(void*p){memset(p,0,9);noon_f(p);}"
# A layer's own file, a sub-folder, a library of its own, a folder that comes later.
PLACES = ["src/proto/a.c", "src/proto/ptp/a.c", "src/engine/vote/a.c", "src/metrology/budget/a.c"]


def build_of(top, build=True, listed=True):
    """Compile what is in the tree, each file for a library of its folder."""
    entries = []
    for source in top.rglob("*.c"):
        obj = top / "build" / source.parent.relative_to(top) / "libnoon_x.a.p" / (source.name + ".o")
        obj.parent.mkdir(parents=True, exist_ok=True)
        if build:
            subprocess.run(["cc", "-c", source, "-o", obj], check=True)
        entries.append({"directory": str(top / "build"), "file": str(source), "command": "cc -c",
                        "output": str(obj.relative_to(top / "build"))})
    text = json.dumps(entries if listed else [])
    (top / "build").mkdir(exist_ok=True)
    (top / "build/compile_commands.json").write_text(text)


def all_faults(top):
    return [f for layer in layout.pure_layers(top) for f in faults(top, top / "build", layer)]


def not_caught():
    def built(top):
        build_of(top)
        return all_faults(top)

    def unbuilt(top):
        build_of(top, build=False)
        return all_faults(top)

    def unlisted(top):
        build_of(top, listed=False)
        return all_faults(top)

    deep = "src/proto/ptp/a.c"
    trees = [(f"{deep[4:]}: {name}", {deep: text}) for name, text in PLANTED.items()]
    trees += [(f"{place[4:]}: malloc", {place: PLANTED["malloc"]}) for place in PLACES]
    trees += [(f"{deep[4:]}: rand", {p: HONEST for p in PLACES} | {deep: PLANTED["rand"]})]
    trees += [(None, {p: HONEST for p in PLACES} | {"src/daemon/core/a.c": PLANTED["malloc"]})]
    return (layout.missed(trees, built)
            + layout.missed([("is not built", {deep: HONEST})], unbuilt)
            + layout.missed([("is not compiled", {deep: HONEST})], unlisted))


def main():
    top, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    results = [(f"{layer} is pure", faults(top, build, layer)) for layer in layout.pure_layers(top)]
    layout.report(results + [("planted faults are caught, honest files pass", not_caught())])
    return 0


sys.exit(main())
