"""What rows say about people, and what came of saying it."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from nps_portal.contacts.models import ConsentBasis
from nps_portal.contacts.values import Value
from nps_portal.foundation.addresses import EmailAddress


class UpdateRule(enum.Enum):
    """What becomes of contacts that are known already."""

    FILL = "fill"
    OVERWRITE = "overwrite"
    KEEP = "keep"


class ChangeKind(enum.Enum):
    """What was done to a Contact: suppressed means the address, the others the row."""

    ADDED = "added"
    UPDATED = "updated"
    RESTORED = "restored"
    SUPPRESSED = "suppressed"


class Change(NamedTuple):
    """What was done to one known Contact, with what was there before and after.

    Both hold `fields` by column, `properties` by id, and `tags` as the ids that were gained.
    """

    contact_id: int
    kind: ChangeKind
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class ContactNews(NamedTuple):
    """What one row says about a person; empty text and None say nothing.

    `values` are by the property's id.
    """

    email: EmailAddress
    name: str = ""
    first_name: str = ""
    company: str = ""
    language: str = ""
    time_zone: str = ""
    owner_id: int | None = None
    consent_basis: ConsentBasis | None = None
    consent_on: date | None = None
    decides: bool | None = None
    pays: bool | None = None
    uses: bool | None = None
    tags: tuple[str, ...] = ()
    values: Mapping[int, Value] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class OnTheWay:
    """What was made beside contacts: companies and tags by id, and domains."""

    companies: Sequence[int] = ()
    domains: Sequence[str] = ()
    tags: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Upserted:
    """What became of the rows of one chunk.

    `unchanged` counts rows that said nothing new: of known contacts, or a second time in the chunk.
    `updated` has those who came back too, `restored` only them. `changes` are of known contacts.
    `erased` are the addresses that were left out.
    """

    added: Sequence[int]
    updated: Sequence[int]
    unchanged: int
    restored: Sequence[int] = ()
    changes: Sequence[Change] = ()
    made: OnTheWay = field(default_factory=OnTheWay)
    erased: frozenset[str] = frozenset()
