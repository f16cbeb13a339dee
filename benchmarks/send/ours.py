"""Ours: a batch planned, and delivered by one worker or several that begin at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.people import write_people
from benchmarks.send.letter import Letter
from benchmarks.support import Measured, run_apart, throwaway_portal


@dataclass(frozen=True, kw_only=True)
class OurWork:
    """What is to be sent, from which database, and how; no letter stands for the product's own."""

    database: str
    messages: int
    port: int
    connections: int
    letter: Letter | None = None
    workers: int = 1
    dkim: str = ""


@dataclass(frozen=True, kw_only=True)
class OurResult:
    """What planning needed, and what delivering did."""

    planning: Measured
    delivery: Measured


def send(work: OurWork) -> OurResult:
    """Bring the recipients in, plan the batch, and deliver it."""
    mail = {
        "NPS_MAIL_SERVER": "127.0.0.1",
        "NPS_MAIL_PORT": str(work.port),
        "NPS_MAIL_SECURITY": "none",
        "NPS_MAIL_CONNECTIONS": str(work.connections),
    }
    with throwaway_portal(work.database, **mail) as environment:
        directory = Path(environment["NPS_INSTANCE_DIR"])
        if work.dkim:
            key_file = directory / "key.pem"
            run_apart("benchmarks.portal:make_dkim_key", key_file, work.dkim)
            environment["NPS_DKIM_KEY_FILE"] = str(key_file)
        write_people(directory / "people.csv", work.messages)
        run_apart("benchmarks.portal:bring_people", environment, directory / "people.csv")
        planning = run_apart("benchmarks.portal:plan_batch", environment)
        if work.letter is not None:
            run_apart("benchmarks.portal:change_letter", environment, work.letter)
        return OurResult(planning=planning, delivery=_deliver(environment, work.workers))


def _deliver(environment: dict[str, str], workers: int) -> Measured:
    def deliver(_: int) -> Measured:
        measured: Measured = run_apart("benchmarks.portal:deliver", environment, workers)
        return measured

    with ThreadPoolExecutor(workers) as threads:
        return _together(list(threads.map(deliver, range(workers))))


def _together(workers: Sequence[Measured]) -> Measured:
    """Return what several that began at once needed; the peak is that of the largest."""
    return Measured(
        count=sum(one.count for one in workers),
        seconds=max(one.seconds for one in workers),
        cpu_seconds=sum(one.cpu_seconds for one in workers),
        peak_mb=max(one.peak_mb for one in workers),
    )
