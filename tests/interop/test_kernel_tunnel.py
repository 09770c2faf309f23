#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The kernel's IPsec behind a tunnel of ours, in a guest that has it: against itself, against our own
ESP and AH, and with Debian's ptp4l at either end."""
import pathlib
import shutil
import sys

import peers
from harness import DAEMON, Skip, main
from guest import Guest, for_guest

HERE = pathlib.Path(__file__).resolve().parent
MODULES = ("ipv6 xfrm_user esp4 ah4 esp6 ah6 veth crypto_null gcm ghash-generic seqiv ctr hmac "
           "sha256_generic sha512_generic authenc drbg jitterentropy_rng").split()


def in_guest(w, scenario, *args, seconds=400):
    for program, package in (("linux.uml", "user-mode-linux"), ("modprobe", "kmod")):
        if not shutil.which(program):
            raise Skip(f"{package} is not installed")
    argv = ["/usr/bin/python3", str(HERE / "kernel_guest.py"), scenario, for_guest(DAEMON), *args]
    guest = Guest(w, " ".join(argv) + "\n", MODULES).start()
    for line in guest.finish(seconds):
        if line.startswith("note "):
            w.note(line[5:])


def test_kernel_with_kernel(w):
    in_guest(w, "kernel")


def test_kernel_with_our_own(w):
    in_guest(w, "kernel_user")


def test_our_own_with_kernel(w):
    in_guest(w, "user_kernel")


def test_over_ipv6(w):
    in_guest(w, "ipv6")


def test_plain_numbers_and_cells(w):
    in_guest(w, "plain_numbers")


def ptp4l():
    return peers.find("usr/sbin/ptp4l"), peers.environment()["LD_LIBRARY_PATH"]


def test_follows_ptp4l(w):
    in_guest(w, "follows_ptp4l", *ptp4l())


def test_leads_ptp4l(w):
    in_guest(w, "leads_ptp4l", *ptp4l())


def test_refreshes_lose_nothing(w):
    in_guest(w, "refreshes")


def test_secrets_that_are_exchanged(w):
    bases = [w.path(name) for name in ("alice.example", "bob.example")]
    for base in bases:
        w.tool("tunnel", "certificate", base, status=0)
    in_guest(w, "exchanged", *bases)


def test_ntp(w):
    in_guest(w, "ntp")


def test_states_of_others_are_observed(w):
    in_guest(w, "observed")


def test_restart_of_either_end(w):
    in_guest(w, "restart")


def test_tables_emptied_by_others(w):
    in_guest(w, "flushed")


if __name__ == "__main__":
    sys.exit(main(globals()))
