"""The worker's duty: making the export that is due, and keeping as many as are wanted."""

import re
import shutil
import threading
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask

from nps_portal.accounts.portal_settings import portal_settings, process_settings
from nps_portal.exports.making import ExportFailed, export_archive
from nps_portal.exports.scheduling import (
    CLAIM,
    Claim,
    UnusableFolder,
    check_folder,
    claim_due,
    folder_of,
    give_back,
    note_failed,
    note_made,
    renew_claim,
)
from nps_portal.foundation.clock import current_clock
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import WORKER, unit_of_work

UNFINISHED = ".nps-portal-scheduled-"
_RENEWED_AFTER = timedelta(minutes=1)
_OURS = re.compile(r"nps-portal-\d{4}-\d{2}-\d{2}-\d{4}(-\d+)?\.zip")


class _Given(Exception):
    """The export is not ours to make any more: the worker stops, or another one has it."""


class _Keeper:
    """Holds a claim while an export is being made."""

    def __init__(self, claim: Claim, stopping: threading.Event) -> None:
        self.claim = claim
        self._stopping = stopping

    def step(self, _table: str, _rows: int) -> None:
        """Go on holding the claim, or end the export."""
        if self._stopping.is_set():
            raise _Given
        if self.claim.until - current_clock().now() > CLAIM - _RENEWED_AFTER:
            return
        with unit_of_work(WORKER) as work:
            renewed = renew_claim(work, self.claim)
        if renewed is None:
            raise _Given
        self.claim = renewed


def make_due_export(app: Flask, stopping: threading.Event) -> int:
    """Make the export that is due, and return 1 when one was made or tried."""
    with app.app_context():
        with unit_of_work(WORKER) as work:
            claim = claim_due(work)
        if claim is None:
            return 0
        keeper = _Keeper(claim, stopping)
        try:
            name = _make(keeper)
        except (ExportFailed, UnusableFolder) as fault:
            with unit_of_work(WORKER) as work:
                note_failed(work, keeper.claim, str(fault))
        except _Given:
            with unit_of_work(WORKER) as work:
                give_back(work, keeper.claim)
        else:
            with unit_of_work(WORKER) as work:
                note_made(work, keeper.claim, name)
        return 1


def _make(keeper: _Keeper) -> str:
    instance_dir = process_settings().instance_dir
    check_folder(instance_dir, keeper.claim.folder)
    folder = folder_of(instance_dir, keeper.claim.folder)
    for left in folder.glob(f"{UNFINISHED}*"):
        # Whoever held the claim before is dead, and left this half made.
        shutil.rmtree(left, ignore_errors=True)
    now = current_clock().now()
    target = _free_name(folder, now.astimezone(portal_settings(reading()).zone))
    export_archive(target, now, keeper.step, unfinished=UNFINISHED)
    _prune(folder, keeper.claim.kept)
    return target.name


def _free_name(folder: Path, local: datetime) -> Path:
    stem = f"nps-portal-{local:%Y-%m-%d-%H%M}"
    target, number = folder / f"{stem}.zip", 1
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}.zip"
    return target


def _prune(folder: Path, kept: int) -> None:
    """Delete the oldest of our own files; nothing else in the folder is touched."""
    ours = [path for path in folder.iterdir() if _OURS.fullmatch(path.name)]
    ours.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in ours[:-kept]:
        path.unlink(missing_ok=True)
