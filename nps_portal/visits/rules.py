"""The rules that tell machines from people, each with its name and its reason in words.

One certain rule suffices; of the probable ones it takes two. What they say of an answer that was
sent is decided above, in the room of responses.
"""

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nps_portal.visits.agents import family, known_agent
from nps_portal.visits.bursts import BURST, Hit, Span, busy_spans
from nps_portal.visits.known import Certainty
from nps_portal.visits.models import Visit, VisitKind
from nps_portal.visits.networks import known_network

AROUND_A_DECOY = timedelta(seconds=30)
MANY_SCORES = 3
SHORTEST_STAY_SECONDS = 2.0
VENDOR_SECONDS = 30 * 60
SAME_PERSON = timedelta(minutes=5)
# Nobody opens so many links of one email to give one answer, however slowly.
MOST_SCORES_TRIED = 6
# The longest that any rule looks back; who judges a visit needs those of so long before.
LONGEST_LOOK = timedelta(hours=1)
# What the page of the decoy has chosen: no score at all.
DECOY_CHOSEN = 11

Program = tuple[str, str]


class Rule(enum.Enum):
    """A sign of a machine."""

    DECOY = "decoy"
    MANY_SCORES = "many_scores"
    MANY_ANSWERS = "many_answers"
    HEAD = "head"
    PREFETCH = "prefetch"
    AGENT = "agent"
    SCANNER_NETWORK = "scanner_network"
    UNTRUSTED = "untrusted"
    SOON_AFTER_DELIVERY = "soon_after_delivery"
    VENDOR_NETWORK = "vendor_network"
    MANY_PEOPLE = "many_people"
    OTHER_PROGRAM = "other_program"
    NO_DWELL = "no_dwell"
    DOUBTFUL_AGENT = "doubtful_agent"
    CROWDED_NETWORK = "crowded_network"
    NO_HAND = "no_hand"


CERTAIN = frozenset(
    {
        Rule.DECOY,
        Rule.MANY_SCORES,
        Rule.MANY_ANSWERS,
        Rule.HEAD,
        Rule.PREFETCH,
        Rule.AGENT,
        Rule.SCANNER_NETWORK,
        Rule.UNTRUSTED,
    }
)


def program_of(visit: Visit) -> Program:
    """Return what tells one program from another: its network and its name."""
    return (visit.network, visit.user_agent)


def opened_at(visit: Visit) -> datetime:
    """Return when the page was opened that a visit came from."""
    return visit.at - timedelta(seconds=visit.seconds_on_page or 0)


def is_trusted_press(visit: Visit) -> bool:
    """Tell whether a hand pressed Send, as far as the page could see."""
    return visit.kind is VisitKind.SUBMISSION and visit.details.get("pressed") == "trusted"


def is_by_hand(visit: Visit) -> bool:
    """Tell whether a hand pressed Send that had also picked the score, typed or written.

    That is more than pressing the first button of a page.
    """
    did = {"pick", "key"} & set(visit.details.get("gestures", ()))
    return is_trusted_press(visit) and bool(did or visit.details.get("wrote"))


def is_as_preselected(visit: Visit) -> bool:
    """Tell whether the score was sent as the link had chosen it, without a hand picking it."""
    picked = "pick" in visit.details.get("gestures", ())
    return (
        visit.score is not None and visit.details.get("preselected") == visit.score and not picked
    )


@dataclass(kw_only=True)
class _Traces:
    """What one program did with one Invitation's links, oldest first."""

    openings: list[Hit] = field(default_factory=list)
    decoys: list[datetime] = field(default_factory=list)
    submissions: list[Visit] = field(default_factory=list)
    bursts: list[Span] = field(default_factory=list)


class Company:
    """The visits of one Invitation, in which each of them is judged; they come oldest first."""

    def __init__(self, visits: Sequence[Visit], delivery_seconds: int) -> None:
        self._delivery_seconds = delivery_seconds
        self._traces: dict[Program, _Traces] = {}
        self._people: list[tuple[datetime, str]] = []
        for visit in visits:
            self._note(visit)
        for traces in self._traces.values():
            traces.bursts = [
                span
                for span in busy_spans(traces.openings, MANY_SCORES)
                if not _ended_by_a_hand(traces.submissions, span)
            ]

    def rules(self, visit: Visit, *, crowd: Iterable[Span] = ()) -> frozenset[Rule]:
        """Return the rules that apply to one of the visits.

        `crowd` is when its network opened the links of many people.
        """
        found = {*self._certain(visit), *self._probable(visit)}
        if any(span.holds(visit.at) for span in crowd):
            found.add(Rule.MANY_PEOPLE)
        return frozenset(found)

    def partners(self, submission: Visit) -> list[Visit]:
        """Return the other submissions of the same burst: other scores, all as preselected."""
        if not is_as_preselected(submission):
            return []
        return [
            other
            for other in self._beside(submission)
            if other is not submission
            and other.score != submission.score
            and is_as_preselected(other)
            and abs(other.at - submission.at) <= BURST
            # What a person has sent stays, whatever another program sends beside it.
            and (not is_trusted_press(other) or program_of(other) == program_of(submission))
        ]

    def _note(self, visit: Visit) -> None:
        traces = self._traces.setdefault(program_of(visit), _Traces())
        if visit.kind is VisitKind.SURVEY_PAGE and visit.score is not None:
            traces.openings.append(Hit(at=visit.at, what=visit.score))
        elif visit.kind is VisitKind.DECOY:
            traces.decoys.append(visit.at)
        elif visit.kind is VisitKind.SUBMISSION:
            traces.submissions.append(visit)
        if is_trusted_press(visit) or (
            visit.kind is VisitKind.SEEN and visit.details.get("gestures")
        ):
            self._people.append((visit.at, family(visit.user_agent)))

    def _beside(self, submission: Visit) -> Sequence[Visit]:
        """Return the submissions that may belong to one burst with this one.

        A scanner may change its name and network with every request; a hand keeps them. Nobody
        is doubted for what plainly was a machine of another name.
        """
        if is_trusted_press(submission):
            # A hand is not doubted for what a script has sent before it under the same name.
            return [one for one in self._of(submission).submissions if not _is_untrusted(one)]
        mine = program_of(submission)
        return [
            one
            for program, traces in self._traces.items()
            for one in traces.submissions
            if program == mine or CERTAIN.isdisjoint(self._signs_of_its_own(one))
        ]

    def _of(self, visit: Visit) -> _Traces:
        return self._traces.get(program_of(visit), _Traces())

    def _certain(self, visit: Visit) -> Iterator[Rule]:
        yield from self._signs_of_its_own(visit)
        if visit.kind is VisitKind.SUBMISSION and self._is_one_of_many_answers(visit):
            yield Rule.MANY_ANSWERS

    def _signs_of_its_own(self, visit: Visit) -> Iterator[Rule]:
        """Yield what speaks against a visit by what its own program did."""
        traces = self._of(visit)
        agent, network = known_agent(visit.user_agent), known_network(visit.network)
        if visit.method == "HEAD":
            yield Rule.HEAD
        if "prefetch" in visit.purpose or "prerender" in visit.purpose:
            yield Rule.PREFETCH
        if agent is not None:
            certain = agent.certainty is Certainty.CERTAIN
            yield Rule.AGENT if certain else Rule.DOUBTFUL_AGENT
        if network is not None and network.certainty is Certainty.CERTAIN:
            yield Rule.SCANNER_NETWORK
        near_a_decoy = any(abs(at - visit.at) <= AROUND_A_DECOY for at in traces.decoys)
        from_a_decoy = visit.details.get("preselected") == DECOY_CHOSEN
        if (near_a_decoy or from_a_decoy) and not is_by_hand(visit):
            yield Rule.DECOY
        if visit.kind is not VisitKind.SUBMISSION:
            times = (visit.at, opened_at(visit))
            if any(span.holds(at) for span in traces.bursts for at in times):
                yield Rule.MANY_SCORES
            return
        if _is_amid_many_scores(visit, traces):
            yield Rule.MANY_SCORES
        if _is_untrusted(visit):
            yield Rule.UNTRUSTED

    def _probable(self, visit: Visit) -> Iterator[Rule]:
        since, stayed = visit.seconds_since_sent, visit.seconds_on_page
        network = known_network(visit.network)
        is_vendor = network is not None and network.certainty is Certainty.PROBABLE
        if since is not None and since < self._delivery_seconds:
            yield Rule.SOON_AFTER_DELIVERY
        if is_vendor and since is not None and since < VENDOR_SECONDS:
            yield Rule.VENDOR_NETWORK
        was_sent = visit.kind is VisitKind.SUBMISSION
        was_quick = stayed is not None and stayed < SHORTEST_STAY_SECONDS
        # A form that came back to be completed needs only one more press.
        if was_sent and was_quick and not is_by_hand(visit):
            yield Rule.NO_DWELL
        mine = family(visit.user_agent)
        if any(at <= visit.at <= at + SAME_PERSON and name != mine for at, name in self._people):
            yield Rule.OTHER_PROGRAM

    def _is_one_of_many_answers(self, submission: Visit) -> bool:
        """Tell whether it was sent as preselected within a minute of another score.

        Of an answer that a hand picked and a later one that the link had chosen, only the later
        one is doubtful; a later one that a hand picked is a change of mind.
        """
        if not is_as_preselected(submission):
            return False
        earlier = [
            other
            for other in self._beside(submission)
            if other.score != submission.score
            and timedelta(0) <= submission.at - other.at <= BURST
            and other is not submission
        ]
        return bool(earlier or self.partners(submission))


def _is_untrusted(visit: Visit) -> bool:
    """Tell whether the page has seen that a script pressed Send."""
    return visit.details.get("pressed") == "untrusted"


def _ended_by_a_hand(submissions: Sequence[Visit], span: Span) -> bool:
    """Tell whether somebody tried several scores and then sent one: that is a person."""
    near = [one for one in submissions if span.start <= one.at <= span.end + BURST]
    scores = {one.score for one in near}
    return len(scores) == 1 and any(is_trusted_press(one) and one.at >= span.end for one in near)


def _is_amid_many_scores(submission: Visit, traces: _Traces) -> bool:
    """Tell whether many scores were opened around an answer, at once or slowly.

    A person may try several and then press Send, but does not open several others right after.
    Words are a person's too: a program sends a form as it finds it. A burst that is over is a
    scanner's of the same name, and speaks against nobody who comes later.
    """
    if is_by_hand(submission):
        return False
    near = [hit for hit in traces.openings if abs(hit.at - submission.at) <= BURST]
    if not is_trusted_press(submission) and not submission.details.get("wrote"):
        return bool(busy_spans(near, MANY_SCORES)) or _tried_slowly(submission, traces)
    after = {hit.what for hit in near if hit.at > submission.at} - {submission.score}
    return len(after) >= MANY_SCORES


def _tried_slowly(submission: Visit, traces: _Traces) -> bool:
    tried = {
        hit.what
        for hit in traces.openings
        if abs(hit.at - submission.at) <= LONGEST_LOOK
        and not any(span.holds(hit.at) for span in traces.bursts)
    }
    return len(tried) >= MOST_SCORES_TRIED
