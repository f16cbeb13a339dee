"""The words by which mail servers say why: one table a cause, in the order they are believed.

The words are matched in lower case, with addresses, host names and links taken out, and with
hyphens, underscores, quotes and brackets as blanks.
"""

import re

from nps_portal.reports.models import ReportKind

# An address that no message will ever reach, said in words that look like a refusal.
_PLAINLY_GONE = (
    r"recipient address rejected: access denied",  # Microsoft 365, edge blocking of unknown users
    r"resolver adr recip(?:ient)?not ?found|resolver adr exrecipnotfound|recipnotfound",
    r"badrcptto|bad recipient see|no such user (?:here|addr)? ?(?:block|spam) not",
    r"(?:host|domain|server) does not accept (?:any )?(?:e ?)?mails?(?! from)",
    r"does not accept (?:any )?(?:e ?)?mail:? \(?null ?mx|null ?mx",
)

_FULL = (
    r"\bquota\b|over ?quota|mailbox[\w ]{0,20} full|mail ?box (?:has )?exceed|disk full",
    r"full (?:mail ?box|inbox)|(?:mailbox|inbox|mail ?box|folder|maildir|mail ?drop|account"
    r"|storage|mail directory|user)"
    r"(?: \S+){0,5} (?:is |are |was )?(?:too |over ?|almost )?(?:full|overflow|overdrawn)",
    r"(?:insufficient|not enough|have enough|no|out of) (?:\w+ ){0,2}(?:storage|space|room)\b",
    r"exceed\w* (?:\S+ ){0,5}(?:storage|mailbox|limit|allocation|capacity|size)",
    r"(?:storage|mailbox|message count|recipient s size) (?:\S+ ){0,3}(?:exceed|limit)",
    r"too many messages (?:in|on) (?:\S+ ){0,3}(?:mail ?box|server)|mailbox (?:is )?over",
    r"(?:post)?fach (?:\S+ ){0,4}(?:voll|überfüllt)|buz[oó]n (?:\S+ ){0,3}lleno|casella piena",
    r"bo[iî]te (?:\S+ ){0,4}pleine|caixa postal cheia|przepełnion|skrzynka (?:\S+ ){0,3}pełna",
    r"ящик (?:\S+ ){0,4}переполнен|邮箱已满|邮箱空间不足",
    r"(?:容量|サイズ|保存)[^\n]{0,20}(?:超|オーバー|一杯|いっぱい)|メールボックス[^\n]{0,20}(?:満杯|一杯|いっぱい)",
)

_REFUSED = (
    r"\bspam\b|spammer|\bspammy\b|unsolicited|\bjunk\b|\bbulk (?:e ?)?mail|phish|virus|malware"
    r"|trojan",
    r"black ?list|block ?list|deny ?list|white ?list|\brbl\b|\bdnsbl\b|sender ?base|senderscore",
    r"spamhaus|spamcop|barracuda|sorbs\b|uceprotect|cloudmark|mass mail",
    r"\bblocked\b|\bblocking\b|\bbanned\b|\bban\b|polic(?:y|ies)|reputation|suspicious|\babus",
    r"\bdmarc\b|\bdkim\b|\bspf\b|sender policy framework|unauthenticated|authenticat|domainkeys",
    r"relay(?:ing)? (?:\S+ ){0,3}(?:denied|allowed|permitted|prohibited|refused|rejected|attempt)",
    r"(?:(?:un|not )able|not (?:allowed|permitted)|denied|refuse|cannot|can t|do(?:es)? not|don t) "
    r"(?:\w+ ){0,2}relay|relay not|(?:is|are) not an? (?:open )?relay|rcpthosts|as a relay",
    r"isn t in my list|not (?:a )?(?:gateway|local domain)|prohibit|forbidden|open (?:relay|proxy)",
    r"access (?:is |was )?(?:denied|rejected|not)|(?:no|have|need) permission"
    r"|permission to (?:send|post)",
    r"not (?:authori[sz]ed|permitted|allowed)|unauthori[sz]ed|rate limit|throttl|(?:sending"
    r"|mail) rate",
    r"too (?:many|much) (?:\w+ ){0,3}(?:connections|recipients|messages|mails?|emails|traffic"
    r"|invalid"
    r"|errors|sessions|from)|reverse (?:dns|lookup|mapping)|\bptr\b|\brdns\b|dynamic (?:ip|addr"
    r"|pool)",
    r"\b[he][eh]lo\b(?: \S+){0,5} (?:reject|invalid|denied|refus|require|not|bad|forged)",
    r"content (?:\w+ ){0,3}(?:reject|filter|refus|violat|not|inappropriate)|inappropriate"
    r"|profanity",
    r"(?:attachments?|file type) (?:\S+ ){0,4}(?:not|reject|block|refus|denied)"
    r"|mail with attachments",
    r"\bfilter|\bcensor|restrict|(?<!not )\blisted (?:in|at|on|by)\b|not (?:pre )?approved",
    r"not accept(?:ing)? (?:\w+ ){0,2}from|(?:does not|doesn t|do not|don t"
    r"|won t) accept (?:\S+ ){0,3}"
    r"(?:from|because)",
    r"sender (?:\S+ ){0,4}(?:reject|denied|verif|unknown|invalid|not|refus|does|must|domain)",
    r"(?:invalid|unknown|bad|unverified|verify|unresolvable|forged|illegal"
    r"|reject\w*) (?:\w+ ){0,2}sender",
    r"(?:verification|verify|call ?(?:back|out)) (?:\w+ ){0,2}fail|sender s? ?domain"
    r"|sender address",
    r"(?:your|client) (?:\w+ )?(?:ip|host|host ?name|server|network|domain)|domain of sender"
    r"|return path",
    r"mail from (?:\S+ ){0,3}(?:not|reject|denied|refus)|envelope sender|challenge"
    r"|confirm (?:that )?you",
    r"not (?:on|in) (?:\w+ ){0,3}(?:friends|contacts|allowed|approved)|requires confirmation",
    r"abgelehnt|zurückgewiesen|gesperrt|refusé|rechazado|recusad|odrzucon|отклонен|заблокирован",
    r"受信拒否|拒否|迷惑メール|拒收|refused due to recipient preferences",
)

# The address lives, but not today: silence for ever would be wrong.
_NOT_NOW = (
    r"(?:disabled|suspend|frozen|locked|inactive|deactivat|discontinued|dormant|on hold"
    r"|archived?)\b"
    r"|suspended|suspension|overdue|temporar\w+ (?:\w+ ){0,2}(?:disabled|closed|unavailable)",
    r"not (?:currently |presently )?(?:an? )?active (?:\w+ )?(?:now|account|today)|unpaid",
    r"host not found,? (?:please )?try again|name (?:service|resolution)(?: error)?.{0,80}try again"
    r"|temporary (?:failure|error|dns|lookup|name)|(?:closed|dropped|lost) (?:the )?connection"
    r"|lookup (?:did not complete|timed|fail\w* tempor)",
    r"\bloop\b|looping|too many hops|hop count|hops exceeded|forwards? to itself|points? back to",
    r"too (?:big|large|long)|message (?:\w+ ){0,3}size|size (?:\w+ ){0,3}(?:exceed|limit|maximum)",
    r"line (?:is )?too long|grey ?list|gray ?list|internal (?:server )?(?:software )?error",
    r"expired|retry time|retry ?timeout|delivery time ?d? ?out|time limit|too long in"
    r"|undeliverable for",
    r"tempor\w+ (?:\w+ ){0,2}(?:reject|deferr|fail|error)|service (?:\w+ )?unavailable"
    r"|server (?:error|busy)",
    r"mailer (?:error|prog)|exit (?:status|code)|program (?:exited|fail)|child (?:status|process)",
    r"syntax error|out of memory|resources|i/o error|read error|write error|permission problem",
)

_PERSON = (
    r"(?:user|recipient|rcpt|mail ?box|address(?:ee)?|account|alias|person|subscriber|customer"
    r"|destination|local ?part|login|inbox|member|username|mailfolder"
    r"|empfänger\w*|benutzer\w*|destinataire|destinatario|usuario|utente|odbiorca)"
)
_UNKNOWN = (
    r"(?:unknown|not (?:be )?found|not exist|n t exist|not known|non ?exist\w*|no longer exist\w*"
    r"|nicht gefunden|unbekannt|existiert nicht|n existe pas|inconnu\w*|no existe|desconocid\w"
    r"|inesistente|sconosciut\w|não existe|desconhecid\w|nie istnieje|nieznany"
    r"|не (?:существует|найден\w?))"
)
_ABSENT = (
    r"(?:no longer|invalid|not valid|not listed|not (?:be )?recogni[sz]ed|unrecogni[sz]ed|not here"
    r"|not a (?:valid|known|local|user|member)|not (?:defined|registered|local|located|present"
    r"|on file)"
    r"|not live here|not (?:be )?resolved?|not in (?:the|our|use)|has moved|undefined"
    r"|unrout[e]?able"
    r"|(?:doesn t|does not) have|(?:isn t|is not) (?:an? )?(?:active|valid|our|member)|wrong"
    r"|obsolete"
    r"|(?<!connection )(?<!session )(?<!message )(?:has been|have been|is|was"
    r"|are) (?:permanently )?"
    r"(?:closed|removed|deleted|terminated|cancell?ed|expunged)|left (?:the|our|this) )"
)
_GONE = (
    rf"\b{_PERSON}s?\b(?: (?!(?:and|or|if|sender|from|connection)\b)\S+){{0,6}}? (?:{_UNKNOWN}"
    rf"|{_ABSENT})",
    rf"\b(?:host|domain)s?\b(?: (?!(?:and|or|if|sender|from)\b)\S+){{0,6}}? {_UNKNOWN}",
    r"\b(?:no such|unknown|invalid|non ?exist\w*|unrecogni[sz]ed|unkown|undefined|no(?: valid)?"
    r"|bad|illegal"
    r"|ambiguous|incorrect|wrong|unrout[e]?able|not a (?:valid|known|local)|not our|no local)"
    rf" (?:(?!sender|client|command)[\w/]+ ){{0,3}}(?:{_PERSON}|host|domain|name)\b",
    r"(?:we do not|don t|do not|doesn t) (?:recogni[sz]e|know|have)(?: \S+){0,5} "
    r"(?:user|address|account|mailbox|recipient|name|person|customer)",
    r"no mx (?:record|host)|nxdomain|name or service not known|host lookups? failed permanently",
    r"no (?:account|mail ?box|user|person|one|body) (?:\w+ ){0,3}(?:here|by that|with|named"
    r"|at this|found|addr)",
    r"(?:mailbox|user|recipient)(?: \S+)? (?:is )?(?:un|not )available|this address no longer",
    r"no longer (?:\w+ )?(?:on|at|with|exists?|valid|works?|employed|accept\w*|used|here)\b",
    r"not listed in (?:domino|public|the)|list of valid (?:users|recipients)|user (?:has )?left",
    r"address rejected: undeliverable|not our customer|mailbox disconnected|invalid final delivery",
    r"(?:address|recipient|user) (?:\S+ ){0,3}(?:couldn t|could not|wasn t|was not) (?:be )?found",
    r"宛先[^\n]{0,12}(?:不明|見つか|存在|ありません|誤)|(?:アドレス|ユーザ|メールボックス)[^\n]{0,16}"
    r"(?:存在し|見つか|不明|ありません|間違)|(?:用户|邮箱|收件人|地址)[^\n]{0,8}不存在|找不到",
    r"(?:получатель|пользовател\w+|ящик|адрес)[^\n]{0,40}не (?:существует|найден)|неверный адрес",
    r"no such (?:\w+ )?(?:here|in|at)\b|no mail ?box|all relevant mx records point to non",
)

# Said also where the same notice goes on to name a better cause, so it is believed after one.
_REFUSED_SOMEHOW = (
    r"(?:message|mail|e ?mail|transaction|data|body) (?:\w+ ){0,3}(?:rejected|refused|denied"
    r"|blocked)",
    r"(?:rejected|refused|denied) (?:due|because|for)",
)

_TROUBLE = (
    r"connection (?:\w+ )?(?:refused|timed|reset|lost|closed|failed|dropped)|lost connection"
    r"|time ?d? ?out",
    r"could ?n[o ]?t (?:be )?(?:connect|reach)|unable to (?:connect|reach|open)"
    r"|no route to host|unreachable",
    r"cannot (?:connect|open|append)|not responding|no (?:answer|response)|is down"
    r"|server failed|queue",
)


def _table(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases))


IN_ORDER_OF_BELIEF: tuple[tuple[re.Pattern[str], ReportKind], ...] = (
    (_table(_PLAINLY_GONE), ReportKind.HARD),
    (_table(_FULL), ReportKind.SOFT),
    (_table(_REFUSED), ReportKind.BLOCKED),
    (_table(_NOT_NOW), ReportKind.SOFT),
    (_table(_GONE), ReportKind.HARD),
    (_table(_REFUSED_SOMEHOW), ReportKind.BLOCKED),
    (_table(_TROUBLE), ReportKind.SOFT),
)
