#!/usr/bin/python3
"""The pure folders ask the world for nothing: no undefined symbol of theirs is a clock, a socket,
a file, the heap or the environment. Prints TAP.

The list says what is allowed, not what is forbidden: memory and string functions, mathematics,
assertions, and what compilers and sanitizers add.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

PURE = ["base", "wire", "estimate", "metrology", "proto", "engine"]
ALLOWED = re.compile(
    r"^(noon_\w+"
    r"|mem(cpy|set|cmp|move|chr)|__mem(cpy|set|move)_chk|strn?len|strn?cmp|strchr"
    r"|__assert_fail|__stack_chk_fail"
    r"|(a?sin|a?cos|a?tan|atan2|sqrt|cbrt|exp|exp2|expm1|log|log2|log10|log1p|pow|erfc?|l?gamma"
    r"|sincos|hypot|fabs|fmin|fmax|fmod|floor|ceil|round|trunc|rint|l?lround|ldexp|frexp|copysign)f?"
    r"|__isnan|__isinf|__isfinite|__finite|__fpclassify"
    r"|__(asan|ubsan|sanitizer|sancov|lsan)_\w+"
    r"|_GLOBAL_OFFSET_TABLE_|__start_\w+|__stop_\w+)$"
)


def impure(archive):
    out = subprocess.run(["nm", "-u", archive], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1] for line in out.splitlines() if " U " in f" {line} "}
    return sorted(n for n in names if not ALLOWED.match(n))


PLANTED = {
    "clock": "#include <time.h>\ntime_t f(void){return time(0);}",
    "clock_gettime": "#include <time.h>\nint f(struct timespec*t){return clock_gettime(0,t);}",
    "socket": "#include <sys/socket.h>\nint f(void){return socket(2,2,0);}",
    "file": "#include <stdio.h>\nint f(void){return puts(\"x\");}",
    "heap": "#include <stdlib.h>\nvoid *f(void){return malloc(3);}",
    "environment": "#include <stdlib.h>\nchar *f(void){return getenv(\"X\");}",
    "random": "#include <stdlib.h>\nint f(void){return rand();}",
}


def not_caught():
    missed = []
    with tempfile.TemporaryDirectory() as top:
        for name, text in PLANTED.items():
            source = pathlib.Path(top, "x.c")
            obj = pathlib.Path(top, "x.o")
            source.write_text(text)
            subprocess.run(["cc", "-c", source, "-o", obj], check=True)
            if not impure(obj):
                missed.append(name)
    return missed


def main():
    build = pathlib.Path(sys.argv[1])
    archives = [build / f"src/{f}/libnoon_{f}.a" for f in PURE if (build / f"src/{f}").is_dir()]
    print(f"1..{len(archives) + 1}")
    for n, archive in enumerate(archives, 1):
        bad = impure(archive)
        if bad:
            print("# " + ", ".join(bad))
        print(("not ok" if bad else "ok") + f" {n} - {archive.parent.name} is pure")
    missed = not_caught()
    if missed:
        print("# not caught: " + ", ".join(missed))
    print(("not ok" if missed else "ok") + f" {len(archives) + 1} - planted faults are caught")
    return 0


sys.exit(main())
