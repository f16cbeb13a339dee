"""Deciding when exports are made by themselves: what is wanted, who makes the next, how it went."""

import os
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import portal_settings
from nps_portal.batches.wall_clock import instant_of
from nps_portal.exports.models import THE_ONLY, ExportSchedule, Rhythm
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record

# Who makes an export says so again and again; whoever has not for so long is dead.
CLAIM = timedelta(minutes=10)
TRIED_AGAIN_AFTER = timedelta(minutes=15)
LONGEST_FAULT = 500
_WEEK = 7


class UnusableFolder(PortalError):
    """Nothing can be written into the folder."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an owner wants: where, how often, when in the account's zone, and how many are kept."""

    folder: str
    rhythm: Rhythm
    weekday: int
    hour: int
    kept: int


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to make the export that is due, until somebody else may take it for dead."""

    folder: str
    kept: int
    until: datetime


def schedule(session: Session) -> ExportSchedule | None:
    """Return the schedule as it is stored, None without one."""
    return session.get(ExportSchedule, THE_ONLY, populate_existing=True)


def folder_of(instance_dir: Path, written: str) -> Path:
    """Return the folder that an owner has named: an absolute one, or one within `exports/`.

    :raises UnusableFolder: it lies elsewhere.
    """
    if Path(written).is_absolute():
        return Path(written)
    base = (instance_dir / "exports").resolve()
    found = (base / written).resolve()
    if not found.is_relative_to(base):
        raise UnusableFolder(f"«{written}» lies outside {base}. Write an absolute folder instead.")
    return found


def check_folder(instance_dir: Path, written: str) -> None:
    """Refuse a folder into which nothing can be written; one within `exports/` is made.

    :raises UnusableFolder: it is not there, or not writable.
    """
    folder = folder_of(instance_dir, written)
    if not Path(written).is_absolute():
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        raise UnusableFolder(f"There is no folder {folder} on the machine that runs the portal.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnusableFolder(f"The portal may not write into {folder}.")


def save_schedule(work: Work, plan: Plan) -> None:
    """Make exports from now on as the plan says."""
    zone = portal_settings(work.session).zone
    kept = work.session.get(ExportSchedule, THE_ONLY, with_for_update=True)
    if kept is None:
        kept = ExportSchedule(id=THE_ONLY, last_file="", fault="")
        work.session.add(kept)
    kept.folder, kept.rhythm, kept.weekday = plan.folder, plan.rhythm, plan.weekday
    kept.hour, kept.kept, kept.fault = plan.hour, plan.kept, ""
    kept.next_at = next_time(plan.rhythm, plan.weekday, plan.hour, work.now, zone)
    record(work, "exports.scheduled", rhythm=plan.rhythm.value, hour=plan.hour, kept=plan.kept)


def stop_schedule(work: Work) -> None:
    """Make no more exports; files that are there stay."""
    work.session.execute(sa.delete(ExportSchedule))
    record(work, "exports.stopped")


def next_time(rhythm: Rhythm, weekday: int, hour: int, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the next instant at which clocks in the zone show the hour, on the weekday if weekly.

    An hour that a night leaves out is its first instant after the gap.
    """
    day = after.astimezone(zone).date()
    while True:
        at = instant_of(datetime.combine(day, time(hour)), zone)
        if at > after and (rhythm is Rhythm.DAILY or day.weekday() == weekday):
            return at
        day += timedelta(days=1)


def claim_due(work: Work) -> Claim | None:
    """Take the export that is due, unless somebody is making it; None when there is none."""
    until = work.now + CLAIM
    row = work.session.execute(
        sa.update(ExportSchedule)
        .where(
            ExportSchedule.next_at <= work.now,
            sa.or_(
                ExportSchedule.claimed_until.is_(None),
                ExportSchedule.claimed_until < work.now,
            ),
        )
        .values(claimed_until=until)
        .returning(ExportSchedule.folder, ExportSchedule.kept)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if row is None else Claim(folder=row.folder, kept=row.kept, until=until)


def renew_claim(work: Work, claim: Claim) -> Claim | None:
    """Go on holding a claim; None when it was lost, or the schedule changed."""
    until = work.now + CLAIM
    held = _set(work, claim, claimed_until=until)
    return Claim(folder=claim.folder, kept=claim.kept, until=until) if held else None


def give_back(work: Work, claim: Claim) -> None:
    """Let somebody else make the export."""
    _set(work, claim, claimed_until=None)


def note_made(work: Work, claim: Claim, name: str) -> None:
    """Write down that the export is made, and when the next is due."""
    _set(
        work,
        claim,
        claimed_until=None,
        last_at=work.now,
        last_file=name,
        fault="",
        next_at=_following(work),
    )
    record(work, "exports.made")


def note_failed(work: Work, claim: Claim, fault: str) -> None:
    """Write down why the export failed; it is tried again before long."""
    again = min(work.now + TRIED_AGAIN_AFTER, _following(work))
    _set(
        work,
        claim,
        claimed_until=None,
        failed_at=work.now,
        fault=fault[:LONGEST_FAULT],
        next_at=again,
    )
    record(work, "exports.failed")


def _following(work: Work) -> datetime:
    kept = schedule(work.session)
    if kept is None:
        return work.now + timedelta(days=_WEEK)
    zone = portal_settings(work.session).zone
    return next_time(kept.rhythm, kept.weekday, kept.hour, work.now, zone)


def _set(work: Work, claim: Claim, **values: object) -> bool:
    """Change the schedule as long as the claim is held, and tell whether it was."""
    done = work.session.execute(
        sa.update(ExportSchedule)
        .where(ExportSchedule.claimed_until == claim.until)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE has it
