"""nodemailer's pool; npm installs it where the run keeps its files, and nowhere else."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.send.job import Job
from benchmarks.send.programs import Missing, run_program
from benchmarks.support import Measured

VERSION = "10.6.0"
SCRIPT = Path(__file__).with_name("nodemailer_peer.mjs")


def prepare(directory: Path) -> Path:
    """Install it below the directory.

    :raises Missing: there is no Node.js or npm, or npm cannot install it.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")
    folder = directory / "nodemailer"
    folder.mkdir()
    words = ["npm", "install", "--prefix", str(folder), "--no-package-lock", "--no-audit"]
    done = subprocess.run(
        [*words, "--ignore-scripts", f"nodemailer@{VERSION}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Missing(f"npm could not install it: {done.stderr.strip()[-200:]}")
    return folder


def send(job: Job) -> Measured:
    """Send everything."""
    assert job.program is not None
    return run_program(["node", str(SCRIPT), str(job.program), *map(str, job.write_for_others())])
