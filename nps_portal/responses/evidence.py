"""What speaks against an answer: pure judgements, made from visits and a Survey's settings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from nps_portal.responses.models import Channel
from nps_portal.visits.agents import known_agent
from nps_portal.visits.bursts import BURST, Span
from nps_portal.visits.judging import SHORTEST_SIGHT_MS, is_machine, is_sight, rules_on
from nps_portal.visits.known import Certainty
from nps_portal.visits.models import Visit, VisitKind
from nps_portal.visits.networks import known_network
from nps_portal.visits.rules import SHORTEST_STAY_SECONDS, Company, Rule, opened_at, program_of

# Each of these holds an answer by itself, although no machine is proven: a look costs little.
HOLDING_ALONE = frozenset({Rule.NO_DWELL, Rule.SOON_AFTER_DELIVERY})
# An office behind one address opens its mail at nine; that alone says nothing against a click.
HARMLESS_TO_A_CLICK = frozenset({Rule.MANY_PEOPLE})
MOST_SCORES_OF_A_PERSON = 2
MOST_ANSWERS_AN_HOUR = {Channel.LINK: 60, Channel.WIDGET: 60, Channel.KIOSK: 200}


@dataclass(frozen=True, kw_only=True)
class PublicFacts:
    """What is known of somebody who answers without an Invitation.

    `seconds_on_page` is None where no page was served to them lately, as by a kiosk that was
    offline; `answered_at` is when they answered there, None for now. `contact_id` is proven,
    `said_to_be` only their word.
    """

    network: str = ""
    user_agent: str = ""
    seconds_on_page: float | None = None
    contact_id: int | None = None
    said_to_be: str = ""
    language: str = ""
    answered_at: datetime | None = None


def reasons_to_hold(
    submission: Visit,
    visits: Sequence[Visit],
    delivery_seconds: int,
    *,
    crowd: Collection[Span] = (),
) -> frozenset[Rule]:
    """Return why an answer waits for a look, nothing when it counts.

    `visits` are those of its Invitation, itself among them, oldest first; what comes later may
    still speak against it. `crowd` is when its network opened the links of many people.
    """
    rules = Company(visits, delivery_seconds).rules(submission, crowd=crowd)
    holds = is_machine(submission, rules) or not HOLDING_ALONE.isdisjoint(rules)
    return rules if holds else frozenset()


def reasons_to_hold_public(
    channel: Channel, facts: PublicFacts, within_the_hour: int
) -> frozenset[Rule]:
    """Return why an answer without an Invitation waits for a look, nothing when it counts.

    `within_the_hour` is how many answers came from its network before it. What staff type in
    for a customer on the phone is never doubted.
    """
    if channel is Channel.PHONE:
        return frozenset()
    agent, network = known_agent(facts.user_agent), known_network(facts.network)
    stayed, most = facts.seconds_on_page, MOST_ANSWERS_AN_HOUR.get(channel)
    found = set()
    if agent is not None and agent.certainty is Certainty.CERTAIN:
        found.add(Rule.AGENT)
    if network is not None and network.certainty is Certainty.CERTAIN:
        found.add(Rule.SCANNER_NETWORK)
    if channel is not Channel.KIOSK and stayed is not None and stayed < SHORTEST_STAY_SECONDS:
        found.add(Rule.NO_DWELL)
    if most is not None and within_the_hour >= most:
        found.add(Rule.CROWDED_NETWORK)
    return frozenset(found)


def confirmed_click(visits: Sequence[Visit]) -> Visit | None:
    """Return the last sight of a person who chose one score and did not send it, if any.

    The visits are judged, of one Invitation, oldest first. Three different scores that were each
    looked at for a while by one program are no choice.
    """
    sights = [visit for visit in visits if _is_choice(visit, visits)]
    if not sights:
        return None
    last = sights[-1]
    chosen = {sight.score for sight in sights if program_of(sight) == program_of(last)}
    return last if len(chosen) <= MOST_SCORES_OF_A_PERSON else None


def opened_score(sight: Visit, visits: Sequence[Visit]) -> int | None:
    """Return the one score that was opened around a sight, None when there were none or several.

    The network does not matter here: a telephone may change it between two requests.
    """
    since, until = opened_at(sight) - BURST, sight.at + BURST
    scores = {
        visit.score
        for visit in visits
        if visit.kind is VisitKind.SURVEY_PAGE
        and visit.method != "HEAD"
        and visit.user_agent == sight.user_agent
        and since <= visit.at <= until
    }
    scores.discard(None)
    return scores.pop() if len(scores) == 1 else None


def _is_choice(visit: Visit, visits: Sequence[Visit]) -> bool:
    stayed = visit.seconds_on_page
    return (
        is_sight(visit)
        and visit.score is not None
        and (stayed is None or stayed * 1000 >= SHORTEST_SIGHT_MS)
        and rules_on(visit) <= HARMLESS_TO_A_CLICK
        and opened_score(visit, visits) is not None
    )
