"""The ZIP of an export: its CSV files and what tells that they are whole."""

import hashlib
import hmac
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app

from nps_portal.exports.cells import written_instant
from nps_portal.foundation.errors import PortalError

VERSION = 1
MANIFEST = "manifest.json"
_AT_ONCE = 1_048_576


class BadArchive(PortalError):
    """The file is no ZIP of an export, or not a whole one."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an archive holds: rows and SHA-256 of each file by its name.

    `seal` tells whether the fingerprints of erased addresses were made with the same secret key.
    """

    made_at: str
    rows: Mapping[str, int]
    digests: Mapping[str, str]
    seal: str

    def as_json(self) -> dict[str, Any]:
        """Return what stands in the archive."""
        files = {
            name: {"rows": self.rows[name], "sha256": self.digests[name]} for name in self.rows
        }
        return {
            "format": "nps-portal",
            "version": VERSION,
            "made_at": self.made_at,
            "fingerprints": self.seal,
            "files": files,
        }


def own_seal() -> str:
    """Return what tells this installation's secret key from others, and nothing about it."""
    secret = str(current_app.secret_key).encode()
    return hmac.digest(secret, b"nps-portal.export", hashlib.sha256).hex()[:32]


def manifest_of(files: Mapping[str, Path], rows: Mapping[str, int], now: datetime) -> Manifest:
    """Return the manifest of files that lie ready."""
    return Manifest(
        made_at=written_instant(now),
        rows={name: rows[name] for name in files},
        digests={name: _digest(path) for name, path in files.items()},
        seal=own_seal(),
    )


def write_archive(target: Path, files: Mapping[str, Path], manifest: Manifest) -> None:
    """Pack files and their manifest into one ZIP."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            archive.write(path, name)
        archive.writestr(MANIFEST, json.dumps(manifest.as_json(), indent=2) + "\n")


def read_manifest(archive: zipfile.ZipFile) -> Manifest:
    """Return what an archive says that it holds, once that is found to be so.

    :raises BadArchive: it is no archive of ours, of another version, or damaged.
    """
    try:
        told = json.loads(archive.read(MANIFEST))
        files, version = told["files"], told["version"]
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as fault:
        raise BadArchive(
            "This is no ZIP of an export: it has no manifest.json that can be read. "
            "Nothing was imported."
        ) from fault
    if version != VERSION:
        raise BadArchive(
            f"This export has the format {version}; this version of the portal reads {VERSION}. "
            "Import it with the version that made it. Nothing was imported."
        )
    for name, facts in files.items():
        _check(archive, name, str(facts["sha256"]))
    return Manifest(
        made_at=str(told["made_at"]),
        rows={name: int(facts["rows"]) for name, facts in files.items()},
        digests={name: str(facts["sha256"]) for name, facts in files.items()},
        seal=str(told.get("fingerprints", "")),
    )


def _check(archive: zipfile.ZipFile, name: str, wanted: str) -> None:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as file:
            while piece := file.read(_AT_ONCE):
                digest.update(piece)
    except (KeyError, zipfile.BadZipFile, OSError, EOFError) as fault:
        raise BadArchive(
            f"«{name}» is missing from this export or cannot be read. Nothing was imported."
        ) from fault
    if digest.hexdigest() != wanted:
        raise BadArchive(
            f"«{name}» is not as it was when the export was made. Nothing was imported; "
            "take an unchanged copy of the file."
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
