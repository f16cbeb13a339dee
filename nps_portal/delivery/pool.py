"""The claimed messages that one worker has in hand and not yet on a lane."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Sequence

from nps_portal.delivery.pace import Manners, Pace
from nps_portal.outbox.claims import Claim


class Pool:
    """Gives claims out domain by domain, so that one slow receiver keeps nobody waiting.

    A message is in hand once: when the clock leaps, its lease may end and the same worker claim it
    again, and its two copies on two lanes would each take the other's commit for their own.
    """

    def __init__(self, pace: Pace, manners: Manners) -> None:
        self._pace = pace
        self._manners = manners
        self._waiting: OrderedDict[str, deque[Claim]] = OrderedDict()
        self._on_lanes: Counter[str] = Counter()
        self._in_hand: set[int] = set()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, claims: Iterable[Claim]) -> None:
        """Take claims in, in the order in which they are to leave."""
        for claim in claims:
            if claim.message_id in self._in_hand:
                continue
            self._in_hand.add(claim.message_id)
            self._waiting.setdefault(claim.domain, deque()).append(claim)
            self._size += 1

    def take(self) -> Claim | None:
        """Return the next claim whose domain may be written to now; it counts as on a lane."""
        for domain, claims in self._waiting.items():
            if self._is_free(domain):
                claim = claims.popleft()
                self._waiting.move_to_end(domain)
                if not claims:
                    del self._waiting[domain]
                self._size -= 1
                self._on_lanes[domain] += 1
                return claim
        return None

    def done(self, claim: Claim) -> None:
        """Count a claim as off its lane."""
        self._on_lanes[claim.domain] -= 1
        self._in_hand.discard(claim.message_id)

    def resting(self) -> list[tuple[float, list[Claim]]]:
        """Take out what must wait longer than a moment, with how many seconds."""
        found = []
        for domain in list(self._waiting):
            seconds = self._manners.seconds_to_wait(domain, self._pace)
            if seconds > 1:
                claims = list(self._waiting.pop(domain))
                self._forget(claims)
                found.append((seconds, claims))
        return found

    def empty(self) -> list[Claim]:
        """Take everything out."""
        claims = [claim for queue in self._waiting.values() for claim in queue]
        self._waiting.clear()
        self._forget(claims)
        return claims

    def _forget(self, claims: Sequence[Claim]) -> None:
        self._size -= len(claims)
        self._in_hand.difference_update(one.message_id for one in claims)

    def _is_free(self, domain: str) -> bool:
        most = self._pace.domain_connections
        if most and self._on_lanes[domain] >= most:
            return False
        return self._manners.seconds_to_wait(domain, self._pace) <= 0
