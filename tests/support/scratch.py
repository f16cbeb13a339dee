"""Where tests keep what they throw away: in memory, if the machine has room there.

On a disk, most of a test's time goes into files that nobody reads again: a database made anew for
each test is thousands of small ones for PostgreSQL, and a wait for the disk at each commit for
SQLite.
"""

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")

# What a run takes at its most, with room to spare; a container often has 64 MB.
NEEDED_BYTES = 1_000_000_000


def scratch_directory(memory: Path = MEMORY, needed_bytes: int = NEEDED_BYTES) -> Path | None:
    """Return a directory in memory, or None: then the system's temporary one must do."""
    if not os.access(memory, os.W_OK | os.X_OK):
        return None
    if shutil.disk_usage(memory).free < needed_bytes:
        return None
    return memory
