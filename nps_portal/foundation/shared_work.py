"""Units of work that several requests of one process share.

A transaction that is safe from a power cut costs milliseconds, however little it writes. Whoever
comes while one is under way waits; then all who wait are written in one. Each returns only when
what it has brought is committed.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from nps_portal.foundation.database import DatabaseUnavailable
from nps_portal.foundation.work import Actor, Work, unit_of_work

log = structlog.get_logger(__name__)

MOST_TOGETHER = 64

T = TypeVar("T")


class SharedWorkFailed(DatabaseUnavailable):
    """A shared unit came to nothing by an error, which may be another request's."""


def _closed_gate() -> threading.Lock:
    gate = threading.Lock()
    gate.acquire()
    return gate


@dataclass(kw_only=True)
class _Waiting(Generic[T]):
    """What one request has brought; the gate opens when it is written, or its turn to write."""

    item: T
    gate: threading.Lock = field(default_factory=_closed_gate)
    is_settled: bool = False
    fault: DatabaseUnavailable | None = None


class SharedWork(Generic[T]):
    """Where the threads of one process bring what is to be written together.

    `write` gets a Work and what has been brought, in the order in which it came.
    """

    def __init__(self, actor: Actor, write: Callable[[Work, Sequence[T]], None]) -> None:
        self._actor = actor
        self._write = write
        self._waiting: list[_Waiting[T]] = []
        self._is_led = False
        self._lock = threading.Lock()

    def add(self, item: T) -> None:
        """Write something down together with what others bring; on return it is committed.

        :raises SharedWorkFailed: an error undid it, and all that was written with it.
        :raises DatabaseUnavailable: the database did not take it now.
        """
        mine = _Waiting(item=item)
        with self._lock:
            self._waiting.append(mine)
            is_leader, self._is_led = not self._is_led, True
        if not is_leader:
            mine.gate.acquire()
        if not mine.is_settled:
            self._lead(mine)
        if mine.fault is not None:
            raise type(mine.fault)(str(mine.fault)) from mine.fault

    def _lead(self, mine: _Waiting[T]) -> None:
        """Write what lies there, and let the next of those who came meanwhile do the same."""
        with self._lock:
            batch = self._waiting[:MOST_TOGETHER]
            del self._waiting[:MOST_TOGETHER]
        fault: DatabaseUnavailable | None
        fault = failure = SharedWorkFailed("It could not be written together.")
        try:
            with unit_of_work(self._actor) as work:
                self._write(work, [one.item for one in batch])
            fault = None
        except DatabaseUnavailable as error:
            fault = error
        except SQLAlchemyError as error:
            log.warning("not written together", together=len(batch), reason=type(error).__name__)
            failure.__cause__ = error
        finally:
            with self._lock:
                self._is_led = bool(self._waiting)
                following = self._waiting[:1]
            for one in following:
                one.gate.release()
            for one in batch:
                one.is_settled, one.fault = True, fault
                if one is not mine:
                    one.gate.release()
