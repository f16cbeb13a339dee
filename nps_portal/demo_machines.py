"""The mail scanners of the sample business: at a few of its clients they open every link."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from nps_portal import demo_words
from nps_portal.batches.models import Invitation
from nps_portal.foundation.work import Work
from nps_portal.nps import SCORES
from nps_portal.visits.commands import VisitFacts, log_visit
from nps_portal.visits.models import VisitKind

# One client in so many has its mail looked through.
ONE_IN = 9
NETWORK = "104.47.10.0/24"
PROGRAM = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/103.0.0.0 Safari/537.36"
)


def scan(work: Work, invitations: Sequence[Invitation]) -> None:
    """Let the scanners open the emails of their clients, some seconds after each has arrived."""
    scanned = {demo_words.domain_of(name) for name in demo_words.COMPANIES[::ONE_IN]}
    for invitation in invitations:
        if invitation.contact.email_key.rpartition("@")[2] not in scanned:
            continue
        for score in SCORES:
            then = replace(work, now=work.now + timedelta(seconds=4, milliseconds=150 * score))
            log_visit(then, invitation.id, _opening(score))


def _opening(score: int) -> VisitFacts:
    return VisitFacts(
        kind=VisitKind.SURVEY_PAGE,
        method="GET",
        network=NETWORK,
        user_agent=PROGRAM,
        purpose="",
        score=score,
    )
