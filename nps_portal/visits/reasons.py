"""The reasons of the rules in words, as an owner reads them."""

from nps_portal.visits.rules import Rule

_WORDS = {
    Rule.DECOY: "opened the link that people cannot see",
    Rule.MANY_SCORES: "opened three or more different scores within a minute, or six in an hour",
    Rule.MANY_ANSWERS: "sent different scores within a minute, each as its link had chosen it",
    Rule.HEAD: "asked for the headers of the page only",
    Rule.PREFETCH: "a browser fetched the page ahead, before anybody asked for it",
    Rule.AGENT: "the program names itself as a machine",
    Rule.SCANNER_NETWORK: "came from a network that only filters mail",
    Rule.UNTRUSTED: "a script pressed Send, not a hand",
    Rule.SOON_AFTER_DELIVERY: "came within seconds of the delivery",
    Rule.VENDOR_NETWORK: "came from a mail security company, soon after the delivery",
    Rule.MANY_PEOPLE: "the same network opened the links of five or more people within a minute",
    Rule.OTHER_PROGRAM: "another program than the one the person used minutes before",
    Rule.NO_DWELL: "sent less than two seconds after the page was opened",
    Rule.DOUBTFUL_AGENT: "the program's name is more often a machine's than a person's",
    Rule.CROWDED_NETWORK: "very many answers came from one network within an hour",
    Rule.NO_HAND: "sent without a sign of a hand, for instance in a browser without scripts",
}


def rule_words(rule_id: str) -> str:
    """Return a rule's reason as an owner reads it; one that is not known any more as it is."""
    try:
        return _WORDS[Rule(rule_id)]
    except ValueError:
        return rule_id.replace("_", " ")
