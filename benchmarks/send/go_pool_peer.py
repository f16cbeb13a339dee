"""The engine of listmonk, github.com/knadh/smtppool, driven by our program in `go_pool/`."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.send.job import Job
from benchmarks.send.programs import Missing, run_program
from benchmarks.support import Measured

SOURCE = Path(__file__).with_name("go_pool") / "main.go"
_MODULE = re.compile(r"^module (\S+)$", re.MULTILINE)
_LIBRARY = "github.com/knadh/smtppool/v2"


def prepare(directory: Path, checkout: Path | None) -> Path:
    """Build the program with the library as it stands in a checkout.

    :raises Missing: there is no checkout or no Go, or it does not build.
    """
    if checkout is None:
        raise Missing("--go-pool names no checkout of it")
    if shutil.which("go") is None:
        raise Missing("go is not installed")
    found = _MODULE.search((checkout / "go.mod").read_text())
    if found is None or found[1] != _LIBRARY:
        raise Missing(f"{checkout} is not {_LIBRARY}")
    folder = directory / "go_pool"
    folder.mkdir()
    shutil.copy(SOURCE, folder)
    (folder / "go.mod").write_text(
        f"module peer\n\ngo 1.19\n\nrequire {_LIBRARY} v2.0.0\n\n"
        f"replace {_LIBRARY} => {checkout.resolve()}\n"
    )
    done = subprocess.run(
        ["go", "build", "-o", "peer", "."],
        cwd=folder,
        env=os.environ | {"GOPROXY": "off", "GOFLAGS": "-mod=mod"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Missing(f"it does not build: {done.stderr.strip()[-300:]}")
    return folder / "peer"


def send(job: Job) -> Measured:
    """Send everything."""
    return run_program([str(job.program), *map(str, job.write_for_others())])
