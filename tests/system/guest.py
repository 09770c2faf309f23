# SPDX-License-Identifier: Apache-2.0
"""A guest of User-Mode Linux: a real kernel with a system clock of its own that may be set and
steered, a PPS device, VLAN, ESP and AH, none of which the machine of a test needs to have.

The root of the machine is the guest's, read-only; /run is its own and writable. Its clock begins at
the machine's time, in steps of 256 ns.
"""
import os
import pathlib
import shutil

from harness import Process, Skip, check

TOP = pathlib.Path(__file__).resolve().parents[2]
MODULES = "/usr/lib/uml/modules"

# Process 1 of the guest.
INIT = """#!/bin/bash
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run
folder={folder}
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
for module in {modules}; do modprobe -d "$folder/mod" $module || echo "no module $module"; done
ip link set lo up
cd /run
bash -e -u "$folder/script" 2>&1
echo "guest: status $?"
halt -d -f
"""


def for_guest(program):
    """The program itself, or its release build if it is one with sanitizers: their shadow memory
    finds no place in a guest."""
    if b"__asan_init" not in pathlib.Path(program).read_bytes():
        return str(program)
    release = TOP / "build" / pathlib.Path(program).name
    if not release.exists():
        raise Skip(f"no {release.name} without sanitizers: scripts/build makes it")
    newest = max(p.stat().st_mtime for p in (TOP / "src").rglob("*.[ch]"))
    if newest > release.stat().st_mtime:
        raise Skip(f"{release.name} without sanitizers is older than its sources: scripts/build")
    return str(release)


class Guest(Process):
    """Runs a script of bash in a guest, which ends with it. `network` is the name of a tap device
    that becomes vec0."""

    def __init__(self, world, script, modules=(), memory="256M", network=None, name="guest"):
        if not shutil.which("linux.uml") or not os.path.isdir(MODULES):
            raise Skip("user-mode-linux is not installed")
        folder = world.path(name)
        os.makedirs(folder + "/mod/lib/modules")
        release = os.listdir(MODULES)[0]
        os.symlink(os.path.join(MODULES, release), f"{folder}/mod/lib/modules/{release}")
        with open(folder + "/script", "w") as f:
            f.write(script)
        with open(folder + "/init", "w") as f:
            f.write(INIT.format(folder=folder, modules=" ".join(modules)))
        os.chmod(folder + "/init", 0o755)
        argv = ["linux.uml", "mem=" + memory, "rootfstype=hostfs", "rootflags=/", "ro",
                f"init={folder}/init", "con=null", "con0=null,fd:1", "quiet"]
        if network:
            argv.append("vec0:transport=tap,ifname=" + network)
        # The guest's memory is a file of TMPDIR, which has to be a tmpfs that allows execution.
        super().__init__(world, name, argv, env={"TMPDIR": "/dev/shm"})

    def said(self):
        """What the script has printed so far, as lines, without what the kernel said before."""
        return self.log().replace("\r", "").splitlines()

    def finish(self, seconds=60):
        """Wait for the end of the script, which must be good; returns what it printed."""
        self.wait(seconds)
        said = self.said()
        check("guest: status 0" in said, "the script of the guest failed:", "\n".join(said[-15:]))
        self.popen = None
        return said[:said.index("guest: status 0")]
