"""Columns that say whom nobody may write to, or who is gone: by their headers and their cells.

A file may have several of them, and each counts: whoever one of them keeps out stays out.
"""

import re
from functools import lru_cache

from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.values import NO, YES
from nps_portal.imports.vocabulary import Field, comparable, header_words

SIGNS = (Field.OPTED_OUT, Field.BOUNCED, Field.OPTED_IN, Field.REMOVED)


def _any_of(pieces: str) -> re.Pattern[str]:
    """Return the pattern of whatever one of the lines matches."""
    return re.compile("|".join(line.strip() for line in pieces.strip().splitlines()))


# Headers. Who wants no calls may still be written to; and a column about a sign is no sign.
_ELSEWHERE = _any_of(
    r"""
    \b(sms|text|phone|calls?|fax(es)?|whats ?app|push|post|postal|letters?|viber|voice|chat)\b
    \b(telefon\w*|anruf\w*|brief\w*|handy|mobile?|courrier|tele\w*|cookies?|direct mail)\b
    """
)
_EMAIL = re.compile(r"\be ?mail|newsletter")
# Beside when it was suppressed our own export says why.
_ABOUT = _any_of(
    r"""
    \b(campaigns?|urls?|links?|ip|source|method|mode|tokens?|keys?|ids?|titles?|content|context)\b
    \b(counts?|rates?|bounces|number|last|how|by|double|text|page|name|kampagne|quelle|anzahl)\b
    ^suppressed at$
    """
)
_NEGATED = re.compile(r"\b(not|no|dont|never|kein\w*|non|ne)\b")
_REASON = re.compile(r"\b(reasons?|grund|other|raison|motivo|comments?)\b")
_DATED = re.compile(r"\b(date|time|timestamp|on|at|am|since|seit|datum|updated)\b")
_BOUNCED = _any_of(
    r"""
    (?<!soft )\bbounced?\b
    \bclean(ed)?( time)?$
    \b(invalid|bad|undeliverable) (e ?mail|address)
    e ?mail (address )?(is )?(invalid|undeliverable)
    quarantin|unzustellbar|\bnpai\b|\brebond|\brebote|\brimbalz
    """
)
_OPTED_OUT = _any_of(
    r"""
    \bun ?sub|\bopt(ed|s)? ?out|suppress|block ?list|black ?list|\bspam\b
    (?<!credit )(?<!account )(?<!order )(?<!payment )(?<!card )(?<!login )\bblocked$
    \b(abuse|e ?mail) (complain|report)|\b(do ?not|dont) (mail|contact|send|market|solicit)
    \b(do ?not|dont) ?(allow )?(bulk ?)?e ?mails?\b|\bno (more )?e ?mails?$|\bdnc\b
    \b(e ?mail|marketing|mailing|newsletter) subscription (status|state)$
    \b(e ?mail|marketing|mailing|subscriber|newsletter|permission) (status|state)$
    \be ?mail (marketing|permission) (status|state)$
    abgemeldet|abmelde|abbestell|austrag|ausgetragen|keine (e ?mails?|werbung|newsletter)
    \bnicht (mehr )?(anschreiben|kontaktieren)|kontaktverbot|\bkein mailing|robinson ?liste
    werbesperre|mail(ing)? ?sperre|kontaktsperre|(e ?mail|newsletter) gesperrt|widerrufen
    widersprochen|desabonn|desinscri|ne pas contacter|\bbaja\b|no contactar|no enviar|disiscri
    nao enviar|descadastr|cancelou|afgemeld|uitgeschreven|uitschrijf|avregistrer|avmeld|avanmal
    afmeldt|wypisan|odhlas|leiratkoz|отпис|配信停止
    """
)
_OPTED_IN = _any_of(
    r"""
    \bopt(ed|s)? ?in\b|^(is )?subscribed( to)?|\bsubscribed$|accepts? (e ?mail )?marketing
    \b(e ?mail|newsletter|marketing|mailing) (marketing )?(consent|permission|opt ?in|ok)\b
    \b(e ?mail|newsletter|marketing|mailing) (subscribed|subscriber|subscription|allowed)\b
    \b(e ?mail|newsletter|marketing|mailing) (erlaubt|einwilligung|abo|abonniert|angemeldet)\b
    ^newsletter$|^(e ?mail )?marketing$
    \b(may|can|allows?|receives?) (be )?(bulk )?(e ?mail|mail|contact|marketing|newsletter)
    \b(consent|permission|einwilligung|zustimmung) (to |for |zu |zur |fur )?(e ?mail|mail)
    \b(consent|permission|einwilligung|zustimmung) (to |for |zu |zum |fur )?(newsletter|marketing)
    \bconsentement (a |pour )?(la )?(newsletter|marketing|e ?mail)
    werbe ?(einwilligung|erlaubnis|freigabe)|werbung erlaubt|(abonne|inscrit) (a la )?newsletter
    suscrito|iscritto|ingeschreven nieuwsbrief|^accepte (la )?newsletter$
    ^(gdpr |dsgvo |rodo |contact )?(consent|permission|einwilligung|zgoda)( gdpr| dsgvo| rodo)?$
    ^nieuwsbrief$|^nyhetsbrev$
    """
)
_REMOVED = _any_of(
    r"""
    ^(is )?(removed|deleted|archived|erased)( at| on| date| time)?$
    ^merged into$|^(geloscht|verstorben)( am)?$|^(is )?deceased( at| on| date)?$
    """
)

# Cells.
_BLANK = frozenset(
    ["", "none", "null", "nil", "n a", "na", "nan", "unknown", "unbekannt", "inconnu", "not set"]
)
_UNSAID = _any_of(
    r"""
    ^keine angaben?$|^k a$|^non (renseigne|precise|specifie)|^no (especificado|indicado)
    ^(not|no) (answer|answered|response|data|info|preference|specified|provided|available)
    ^(not applicable|nicht (angegeben|bekannt))$
    """
)
# That there is none of it: no opt-out, no bounce.
_NO_SUCH_THING = frozenset(["keine", "kein", "never", "nie", "niemals", "jamais", "nunca", "mai"])
_FIRST_WORD = re.compile(r"(?P<word>[^\s,;:(/–—-]+)(?P<ended>\s*[,;:(/–—]|\s+-)?")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{5,}")
_NAMED_DATE = re.compile(r"[a-z]{3,9} \d{1,2} \d{4}|\d{1,2} [a-z]{3,9} \d{4}")
_SAID_BY_THE_PERSON = re.compile(r"complain|spam|abuse|beschwerde|plainte|queja")
_DEAD = re.compile(
    r"(?<!soft )\bbounced?\b|cleaned|\binvalid|undeliverable|does not exist|unzustellbar|\bdead\b"
)
_BY_HAND = re.compile(r"blocked by hand|user suppressed|by admin")
_OUT = _any_of(
    r"""
    unsub|opt(ed)? ?out|\bnon ?(market|subscri)|suppress|block|black ?list|do ?not
    \b(not|never|nicht|no|un) ?(subscrib|opted|opt in|consent|permi|allow|given|granted)
    \bnicht (angemeldet|abonn|erlaubt)
    \b(denied|declined|withdrawn|revoked|refused|rejected|disabled|inactive)\b
    \b(removed|archived|expired|cancell?ed|deleted)\b
    abgemeldet|abbestell|ausgetragen|gesperrt|widerrufen|widersprochen|abgelehnt|keine
    desabonn|desinscri|refus|\bbaja\b|disiscri|afgemeld|uitgeschreven|avregistrer|avmeld|afmeld
    wypisan|odhlas|leiratkoz|cancelado|отпис
    """
)
_NOT_OUT = _any_of(
    r"""
    \b(not|never|no|nicht|non|un) ?(yet )?(unsub|opted out|opt out|bounce|suppress|block|spam)
    \b(not|never|no|nicht) (yet )?(abgemeldet|invalid|complain)
    \bnie (zostal )?(wypisan|odhlas)
    soft bounce|^soft$|^transient$
    """
)
_STILL_THERE = _any_of(
    r"""
    ^(active|aktiv|actif|activo|attivo|actief|alive|current|open)$
    """
)
_NOT_GONE = frozenset(["no", "not", "never", "nein", "nicht", "non"])
_IN = _any_of(
    r"""
    subscri|opt(ed)? ?in|\baktiv|confirm|bestatigt|\bvalid|verified|deliver|consent|grant|permi
    allow|\bmarket|impli|expli|express|accept|given|enabled|angemeldet|abonn|inscrit|suscrit
    iscritt|pending|await|\b(active|ok|good|new|member|customer|temporary|hold|open)\b
    """
)


class Unclear(Exception):
    """A cell tells neither one thing nor the other."""


def sign_of(header: str) -> Field | None:
    """Return what a column with this header is a sign of; None when it is none."""
    words = header_words(header)
    if _REMOVED.search(words):
        return Field.REMOVED
    if _ELSEWHERE.search(words) and not _EMAIL.search(words):
        return None
    if _ABOUT.search(words):
        return None
    if _BOUNCED.search(words):
        return Field.BOUNCED
    if _REASON.search(words):
        return None
    if _OPTED_OUT.search(words):
        return Field.OPTED_OUT
    # The day on which somebody has agreed says nothing of those without one.
    if _DATED.search(words) or _NEGATED.search(words):
        return None
    return Field.OPTED_IN if _OPTED_IN.search(words) else None


@lru_cache(maxsize=4096)
def said_by(sign: Field, cell: str) -> SuppressionReason | None:
    """Return why nobody may write to the person, as a cell under a sign says; None if it does not.

    :raises Unclear: it says neither.
    """
    written = cell.strip().casefold()
    words = comparable(cell)
    speaks = _plainly_against(sign, written, words)
    if speaks is None:
        speaks = _wordily_against(sign, written, words)
    if speaks is None:
        raise Unclear(f"«{cell.strip()[:60]}» does not tell whether they may be written to.")
    return _reason(sign, words) if speaks else None


@lru_cache(maxsize=4096)
def says_gone(cell: str) -> bool:
    """Tell whether a cell under a sign that somebody was removed says so."""
    written = cell.strip().casefold()
    if written in YES:
        return True
    words = comparable(cell)
    if words in _BLANK or written in NO or _STILL_THERE.search(words):
        return False
    first = _FIRST_WORD.match(written)
    return first is None or first["word"] not in _NOT_GONE


def _plainly_against(sign: Field, written: str, words: str) -> bool | None:
    """Judge a cell that is a yes, a no, a number, a day or nothing; None for any other."""
    is_yes, is_no = (written in some or words in some for some in (YES, NO))
    if is_yes or is_no:
        return is_no if sign is Field.OPTED_IN else is_yes
    if words in _BLANK or _UNSAID.search(words):
        return False
    if sign is not Field.OPTED_IN and words in _NO_SUCH_THING:
        return False
    if sign is not Field.OPTED_IN and written.isdigit():
        # How often, or when.
        return bool(written.strip("0"))
    if _DATE.match(written) or _NAMED_DATE.match(words):
        return sign is not Field.OPTED_IN and not written.startswith("0000")
    return None


def _wordily_against(sign: Field, written: str, words: str) -> bool | None:
    """Judge a cell by its words; None if they tell neither."""
    if _NOT_OUT.search(words):
        return False
    if _speaks_against(words):
        return True
    begun = _begins_against(sign, written)
    if begun is not None:
        return begun
    if _IN.search(words):
        return False
    # Columns of bounces hold the words of mail servers.
    return True if sign is Field.BOUNCED else None


def _begins_against(sign: Field, written: str) -> bool | None:
    """Judge a cell by the yes or no that it begins with, «yes - by phone»; None without one."""
    first = _FIRST_WORD.match(written)
    # «On hold» is no yes.
    if first is None or first["word"] == "on":
        return None
    if first["word"] in YES:
        return sign is not Field.OPTED_IN
    if first["word"] not in NO:
        return None
    if sign is Field.OPTED_IN:
        return True
    # «No emails please» and «no such user» are not the no of «no, she still reads them».
    return False if first["ended"] else None


def _speaks_against(words: str) -> bool:
    return any(found.search(words) for found in (_SAID_BY_THE_PERSON, _DEAD, _BY_HAND, _OUT))


def _reason(sign: Field, words: str) -> SuppressionReason:
    if _SAID_BY_THE_PERSON.search(words):
        return SuppressionReason.COMPLAINT
    if sign is Field.BOUNCED or _DEAD.search(words):
        return SuppressionReason.HARD_BOUNCE
    if _BY_HAND.search(words):
        return SuppressionReason.BLOCKED_BY_HAND
    return SuppressionReason.UNSUBSCRIBED
