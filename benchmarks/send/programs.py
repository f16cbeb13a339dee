"""Peers that are programs of their own: they print what they needed as one line of JSON."""

import json
import subprocess

from benchmarks.support import LIMIT_SECONDS, Measured


class Missing(RuntimeError):
    """A peer cannot take part on this machine."""


def run_program(words: list[str]) -> Measured:
    """Run a peer and return what it says of itself."""
    done = subprocess.run(
        words, stdout=subprocess.PIPE, text=True, check=True, timeout=LIMIT_SECONDS
    )
    return Measured(**json.loads(done.stdout))
