"""The words for what happened: each kind of event as a timeline tells it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from nps_portal.contacts.models import SuppressionReason
from nps_portal.nps import category


class Words(NamedTuple):
    """One kind of event: its icon, its title, a sentence below it, and a colour of meaning."""

    icon: str
    title: str
    text: str = ""
    kind: str = "neutral"


_PLAIN = {
    "contact.added": Words("plus", "Added to your contacts"),
    "contact.imported": Words("upload", "Imported"),
    "contact.updated": Words("upload", "Changed by an import"),
    "contact.import_undone": Words("history", "An import taken back"),
    "contact.edited": Words("pencil", "Details changed"),
    "contact.assigned": Words("users", "Somebody else looks after them now"),
    "contact.tagged": Words("plus", "Tagged"),
    "contact.untagged": Words("x", "A tag taken away"),
    "contact.joined_company": Words("building", "Put into a company", "By the address's domain."),
    "contact.expired": Words(
        "trash", "Erased", "Their time was over by the rules of retention.", "amber"
    ),
    "contact.removed": Words(
        "trash", "Removed from your contacts", "Answers and history are kept."
    ),
    "contact.restored": Words("history", "Brought back"),
    "contact.invited": Words("users", "Chosen for a survey"),
    "contact.reminded": Words("send", "Reminded", "Once, because no answer had come."),
    "contact.merged": Words("users", "Merged", "Two records of this person were made one."),
    "contact.paused": Words(
        "player-pause", "Paused surveys", "Nothing is sent until then.", "amber"
    ),
    "contact.pause_ended": Words("player-play", "May be asked again"),
    "contact.erased": Words("trash", "Erased", "Only counts are left.", "amber"),
    "response.excluded": Words("x", "Answer taken out of the score"),
    "response.change_rejected": Words("robot", "A held change was refused", "The answer stands."),
    "response.more_answered": Words("note", "Answered further questions"),
    "response.quoting_permitted": Words("check", "Allowed to be quoted"),
    "response.quoting_refused": Words("ban", "No longer to be quoted"),
    "response.erased": Words("trash", "Answer erased", kind="amber"),
    "task.opened": Words("phone", "Task opened", "Somebody is to call.", "amber"),
    "task.started": Words("phone", "Task begun"),
    "task.closed": Words("check", "Task closed", kind="green"),
    "response.counted": Words("check", "Answer counted", kind="green"),
    "contact.suppression_lifted": Words("check", "May be mailed again", kind="green"),
}
_MAILS = {
    "invitation": "Survey email",
    "reminder": "Reminder",
    "follow_up": "Follow-up email",
}
_MESSAGES = {
    "message.sent": Words("send", "sent", kind="blue"),
    "message.failed": Words("alert-circle", "failed", kind="red"),
    "message.uncertain": Words(
        "alert-triangle", "uncertain", "The mail server did not say whether it took it.", "amber"
    ),
    "message.requeued": Words("refresh", "queued once more"),
    "message.cancelled": Words("player-stop", "cancelled"),
    "message.delayed": Words("clock", "delayed", "The receiving mail server has not taken it yet."),
    "message.resolved": Words("check", "has left after all", kind="green"),
    "message.complained": Words("ban", "reported as spam", kind="red"),
    "message.auto_replied": Words("robot", "answered by an automatic reply"),
    "message.replied": Words("message", "answered by email"),
    "message.bounced": Words("alert-circle", "came back", kind="red"),
}
_BOUNCES = {
    "hard": "The address does not exist.",
    "soft": "The mailbox could not take it.",
    "blocked": "The receiving mail server refuses our mail.",
}
_SUPPRESSIONS = {
    SuppressionReason.UNSUBSCRIBED.value: Words(
        "ban", "Unsubscribed", "Nothing is sent to this address any more.", "amber"
    ),
    SuppressionReason.HARD_BOUNCE.value: Words(
        "ban", "The address does not exist", "An email came back; no more are sent there.", "red"
    ),
    SuppressionReason.COMPLAINT.value: Words(
        "ban", "Reported an email as spam", "Nothing is sent to this address any more.", "red"
    ),
    SuppressionReason.ERASED.value: Words("ban", "Asked to be erased", kind="amber"),
    SuppressionReason.BLOCKED_BY_HAND.value: Words("ban", "Blocked by hand", kind="amber"),
}
_COLOURS = {"promoter": "green", "passive": "amber", "detractor": "red"}
_SCORES = {
    "response.submitted": "Answered {}",
    "response.changed": "Changed the answer to {}",
    "response.counted": "Answer counted: {}",
    "response.imported": "Answered {} (imported)",
    "response.clicked": "Clicked {}, not sent",
    "response.held": "An answer of {} was held",
    "response.change_held": "A change was held; the answer stays {}",
}
_HELD = "It is not in the score until somebody has looked."


def words_of(kind: str, facts: Mapping[str, Any]) -> Words:
    """Return the words for an event; a kind that is not known here shows in plain words too."""
    if kind in _SCORES and isinstance(facts.get("score"), int):
        return _answer(kind, facts)
    if kind == "contact.paused":
        return _pause(facts)
    if kind == "contact.edited":
        return _PLAIN[kind]._replace(text=_fields(facts))
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _MESSAGES:
        words = _MESSAGES[kind]
        return words._replace(
            title=f"{_MAILS.get(facts.get('mail', ''), 'Email')} {words.title}",
            text=_BOUNCES.get(facts.get("bounce", ""), words.text),
        )
    if kind == "contact.suppressed" and facts.get("reason") in _SUPPRESSIONS:
        return _SUPPRESSIONS[facts["reason"]]
    return Words("info-circle", kind.replace(".", " ").replace("_", " ").capitalize())


def _answer(kind: str, facts: Mapping[str, Any]) -> Words:
    score = int(facts["score"])
    title = _SCORES[kind].format(score)
    if kind == "response.clicked":
        return Words("click", title, "Chosen in the email by a person.")
    if kind in ("response.held", "response.change_held"):
        return Words("eye-question", title, _HELD, "amber")
    name = category(score).value
    comment = ", with a comment" if facts.get("has_comment") else ""
    symbol = "check" if kind == "response.counted" else "message"
    return Words(symbol, title, f"A {name}{comment}.", _COLOURS[name])


def _fields(facts: Mapping[str, Any]) -> str:
    """Return which fields were changed, where what they said is not known."""
    names = [str(name).replace("_", " ") for name in facts.get("fields", ())]
    if count := len(facts.get("properties", ())):
        names.append("one property" if count == 1 else f"{count} properties")
    return f"{', '.join(names).capitalize()}." if names else ""


def _pause(facts: Mapping[str, Any]) -> Words:
    words = _PLAIN["contact.paused"]
    try:
        until = datetime.fromisoformat(str(facts.get("until")))
    except ValueError:
        return words._replace(text="")
    return words._replace(text=f"Nothing is sent before {until:%d %B %Y}.")
