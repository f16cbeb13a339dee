"""Where everything is kept: the database, the file system below it, and the room that is left."""

import shutil
import sqlite3
import time
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from nps_portal.config import Settings
from nps_portal.doctor.findings import Finding, Matter, Part
from nps_portal.foundation.schema import schema_is_current

DATABASE = Matter(part=Part.MACHINE, name="Database")
DISK = Matter(part=Part.MACHINE, name="Disk")
LITTLE_DISK_BYTES = 500_000_000
SCARCE_DISK_BYTES = 2_000_000_000

_MOUNTS = Path("/proc/self/mountinfo")
# Their locks do not hold between machines, and SQLite's log in shared memory not at all.
_NETWORK_SYSTEMS = frozenset(
    "9p afs beegfs ceph cifs fuse.glusterfs fuse.s3fs fuse.sshfs gfs2 glusterfs lustre ncpfs nfs "
    "nfs4 smb2 smb3 smbfs".split()
)
_STEPS_BETWEEN_LOOKS = 100_000


def schema_fault(process: Settings) -> Finding | None:
    """Return what keeps the database from being used at all, None when it can be."""
    try:
        current = schema_is_current()
    except SQLAlchemyError as error:
        return DATABASE.red(
            f"It cannot be used: {str(error).splitlines()[0]}",
            "" if process.is_sqlite else "NPS_DATABASE_URL=postgresql+psycopg://…",
        )
    if not current:
        return DATABASE.red(
            "Its schema is not this version's. Bring it there:", "nps-portal migrate"
        )
    return None


def database_finding(process: Settings, seconds: float) -> Finding:
    """Judge whether a SQLite file is whole and lies on a disk of this machine."""
    if not process.is_sqlite:
        return DATABASE.green("PostgreSQL, and its schema is this version's.")
    file = Path(make_url(process.database_url).database or "").absolute()
    if (system := _file_system(file)) in _NETWORK_SYSTEMS:
        return DATABASE.red(
            f"{file} lies on a network file system ({system}), where SQLite loses answers. Move "
            "it to a disk of this machine, or use PostgreSQL:",
            f"NPS_DATABASE_URL=sqlite:////var/lib/nps-portal/{file.name}",
        )
    faults = _faults_of(file, seconds)
    if faults is None:
        return DATABASE.green("SQLite, schema up to date; too large to be read through here.")
    if faults:
        return DATABASE.red(
            f"The file is damaged: {faults}. Stop the portal, keep a copy of the file, then save "
            "what can be read:",
            f'sqlite3 {file} ".recover" | sqlite3 {file.with_suffix(".recovered.sqlite")}',
        )
    return DATABASE.green("SQLite, whole, and its schema is this version's.")


def disk_finding(process: Settings) -> Finding:
    """Judge the room that is left for the instance directory."""
    free = shutil.disk_usage(process.instance_dir).free
    words = f"{free / 1e9:.1f} GB are free for {process.instance_dir}"
    line = f"du -sh {process.instance_dir}/*"
    if free < LITTLE_DISK_BYTES:
        return DISK.red(f"Only {words}: soon no answer can be kept. See what takes the room:", line)
    if free < SCARCE_DISK_BYTES:
        return DISK.amber(f"{words}. See what takes the room:", line)
    return DISK.green(f"{words}.")


def _file_system(file: Path) -> str:
    """Return the kind of file system that a file lies on, "" where that cannot be told."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    # The fifth field is the place of a mount, and the first one behind « - » its kind. The last
    # of those that fit best lies on top.
    best, kind = "", ""
    for line in lines:
        place, _, rest = line.partition(" - ")
        point = place.split()[4].replace("\\040", " ")
        if file.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, rest.split()[0]
    return kind


def _faults_of(file: Path, seconds: float) -> str | None:
    """Return what SQLite finds wrong with the file, "" for nothing, None when there was no time."""
    deadline = time.monotonic() + seconds
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=seconds)
    try:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS)
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return None
        return str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        connection.close()
    words = str(found[0])
    return "" if words == "ok" else words.splitlines()[-1]
