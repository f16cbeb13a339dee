"""Beginning an act on many contacts, and going on with it a piece at a time."""

import sqlalchemy as sa

from nps_portal.bulk.acts import do_act
from nps_portal.bulk.choice import Choice, chosen
from nps_portal.bulk.models import BulkAct, BulkKind, BulkMember, BulkState
from nps_portal.bulk.terms import Terms
from nps_portal.contacts.models import Tag
from nps_portal.contacts.tags import ensure_tags, tag_key
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.privacy.named_texts import FORGET_AT_END, FORGOTTEN_ACT

PIECE = 1_000
# To erase one takes as long as to change hundreds.
PIECE_OF_ERASURES = 20


class NumberChanged(PortalError):
    """Another number of people is meant than was shown; `found` says how many."""

    def __init__(self, found: int) -> None:
        super().__init__(
            f"It would be {found:,} people now, not as many as were shown. Nothing was changed."
        )
        self.found = found


def begin_act(work: Work, choice: Choice, terms: Terms, shown: int) -> BulkAct:
    """Write down an act that somebody has confirmed, and whom it is about.

    They are fixed now: what the act changes may be just what its filter asks for.

    :raises NumberChanged: there are more or fewer than was shown.
    :raises BadChoice: the Segment has been deleted.
    """
    act = BulkAct(
        kind=terms.kind,
        state=BulkState.WAITING,
        terms=dict(terms.stored) | _tag_ids(work, terms) | {"words": terms.words},
        choice=choice.stored(),
        total=shown,
        created_at=work.now,
        created_by=work.actor.id,
    )
    work.session.add(act)
    work.session.flush()
    members = chosen(work.session, choice, work.now).add_columns(sa.literal(act.id))
    work.session.execute(sa.insert(BulkMember).from_select(["contact_id", "act_id"], members))
    counted = sa.select(sa.func.count()).where(BulkMember.act_id == act.id)
    found = work.session.scalar(counted) or 0
    if found != shown:
        raise NumberChanged(found)
    return act


def go_on(work: Work, act_id: int) -> int:
    """Do the next piece of an act and return how many had their turn; 0 when it is at its end.

    Who comes first takes the act's row; another one waits and goes on with the piece after.
    """
    claimed = work.session.execute(
        sa.update(BulkAct)
        .where(BulkAct.id == act_id, BulkAct.state != BulkState.FINISHED)
        .values(state=BulkState.RUNNING)
        .returning(BulkAct.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if claimed is None:
        return 0
    act = work.session.get_one(BulkAct, act_id, populate_existing=True)
    size = PIECE_OF_ERASURES if act.kind is BulkKind.ERASE else PIECE
    waiting = sa.select(BulkMember.contact_id).where(BulkMember.act_id == act_id)
    ids = work.session.scalars(waiting.order_by(BulkMember.contact_id).limit(size)).all()
    act.changed += do_act(work, act.kind, act.terms, ids)
    act.done += len(ids)
    work.session.execute(
        sa.delete(BulkMember).where(BulkMember.act_id == act_id, BulkMember.contact_id.in_(ids))
    )
    if len(ids) < size:
        act.state, act.finished_at = BulkState.FINISHED, work.now
        # What somebody searched for may be a person's name, and nobody needs it any more.
        act.choice = {}
        if act.terms.get(FORGET_AT_END):
            act.terms = dict(FORGOTTEN_ACT)
    work.session.flush()
    return len(ids)


def _tag_ids(work: Work, terms: Terms) -> dict[str, list[int]]:
    """Return the ids of the tags; to take one away makes none."""
    names = terms.stored.get("tags", ())
    if terms.kind is BulkKind.TAG:
        return {"tag_ids": sorted(ensure_tags(work, names).values())}
    if terms.kind is BulkKind.UNTAG:
        keys = [tag_key(name) for name in names]
        found = work.session.scalars(sa.select(Tag.id).where(Tag.name_key.in_(keys)))
        return {"tag_ids": sorted(found)}
    return {}
