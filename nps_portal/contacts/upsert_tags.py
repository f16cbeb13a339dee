"""Tags of many contacts at once, telling which of the tags are new."""

from collections.abc import Sequence

import sqlalchemy as sa

from nps_portal.contacts.models import Tag
from nps_portal.contacts.tags import ensure_tags, tag_key
from nps_portal.foundation.work import Work


def ensure_tags_telling(work: Work, names: Sequence[str]) -> tuple[dict[str, int], list[int]]:
    """Return the ids of tags by the name as given, and the ids of those that were made."""
    distinct = list(dict.fromkeys(names))
    if not distinct:
        return {}, []
    keys = {name: tag_key(name) for name in distinct}
    known = set(
        work.session.scalars(sa.select(Tag.name_key).where(Tag.name_key.in_(keys.values())))
    )
    ids = ensure_tags(work, distinct)
    made = sorted(ids[key] for key in set(keys.values()) - known if key in ids)
    return {name: ids[key] for name, key in keys.items() if key in ids}, made
