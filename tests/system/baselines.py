# SPDX-License-Identifier: Apache-2.0
"""Baselines written and sealed by other means than ours, for tests that need no campaign."""
import hashlib
import random
import subprocess


def keys(w, name="operator"):
    """The paths of a private and a public Ed25519 key."""
    key, pub = w.path(name + ".key"), w.path(name + ".pub")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True,
                   capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", pub], check=True,
                   capture_output=True)
    return key, pub


def write(w, name, key, count=4000, interval=1, least=100e3, spread=50e3, seed=1,
          source="nts://localhost:4460"):
    """A campaign of count exchanges, one every interval seconds, with round trips from least to
    least + 2 * spread ns."""
    draw = random.Random(seed)
    values = [round(least + draw.uniform(0, spread) + draw.uniform(0, spread))
              for _ in range(count)]
    begin = 1700000000
    text = "".join(f"{line}\n" for line in [
        "noonmark-baseline 1", "path-id localhost", f"source {source}",
        f"started {begin}", f"ended {begin + round((count - 1) * interval)}", f"count {count}", "lost 0",
        "granularity-ns 1", "rtt-ns", *values, "end"])
    text += f"sha256 {hashlib.sha256(text.encode()).hexdigest()}\n"
    message, signature = w.write(name + ".message", text), w.path(name + ".signature")
    subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message, "-out",
                    signature], check=True, capture_output=True)
    with open(signature, "rb") as f:
        return w.write(name, text + f"ed25519 {f.read().hex()}\n")
