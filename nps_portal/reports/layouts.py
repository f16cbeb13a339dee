"""Where the large mail systems put the failed address in a notice written for people.

One row a layout: the words by which the system is known, and the line that names an address.
`{address}` stands for the address. A row's words are looked for first; the rows at the end fit
anything that is known to be a failure.
"""

import re
from dataclasses import dataclass

from nps_portal.reports.addresses import ADDRESS


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How one family of mail systems words its notices."""

    system: str
    sign: re.Pattern[str]
    line: re.Pattern[str]


def _layout(system: str, sign: str, line: str) -> Layout:
    flags = re.IGNORECASE | re.MULTILINE
    pattern = line.replace("{address}", rf"(?<![\w.%+=-])(?P<address>{ADDRESS})")
    return Layout(system=system, sign=re.compile(sign, flags), line=re.compile(pattern, flags))


_BRACKETED = r"^[ \t>*]{0,8}<{address}>(?=[ \t]*(?:$|[:(.,;-]|\.\.\.))"
_ALONE = r"^[ \t>*'\"<\[]{0,16}{address}['\">\]]{0,2}[ \t]*(?=$|[:;(,\[]|\.\.\.|on \w{3},| - )"

# The last rows find addresses that need not be the failed one.
VAGUE_LAYOUTS = 2
LAYOUTS: tuple[Layout, ...] = (
    _layout(
        "Sendmail and relatives",
        r"transcript of session follows|addresses had (?:permanent|delivery|transient)",
        r"^[ \t>]{0,8}(?:\d{3} )?<?{address}>?(?=[ \t]*(?:$|\(|\[|\.\.\.))",
    ),
    _layout(
        "Exchange 2007 and later, Outlook.com, Microsoft 365",
        r"diagnostic information for administrators|generating server:|informations de diagnostic"
        r"|diagnoseinformationen für administratoren|informaci[oó]n de diagn[oó]stico",
        r"^[ \t]{0,8}<?{address}>?[ \t]*(?=$)",
    ),
    _layout(
        "Exchange 5.5 and 2003",
        r"did not reach the following recipient|konnte folgende empfänger nicht erreichen",
        r"^[ \t]{0,8}(?:['\"].{0,80}?['\"] )?.{0,60}?{address}'?[ \t]*(?:\(.{0,80}\))? on \w{3},",
    ),
    _layout(
        "Domino and Notes",
        r"was not delivered to:|-- ?failure reasons",
        r"^[ \t]{0,8}{address}[ \t]*$",
    ),
    _layout(
        "MailMarshal, InterScan, MIMEsweeper",
        r"the following recipients were affected|unable to deliver message to <|sent <<< rcpt to",
        r"(?:affected:\s{0,8}|deliver message to <|<<< rcpt to: ?<){address}",
    ),
    _layout(
        "Sun and iPlanet Messaging Server, PMDF",
        r"recipient address: |your message cannot be delivered to the following recipients",
        r"^[ \t]{0,8}recipient address:[ \t]*<?{address}",
    ),
    _layout(
        "IMail and SMTP32",
        r"^(?:undeliverable to|unknown user|user mailbox exceeds|invalid final delivery)",
        r"^(?:(?:undeliverable to|unknown user:?|user mailbox exceeds allowed size:"
        r"|invalid final delivery userid:)[ \t]*<?){address}",
    ),
    _layout(
        "Japanese carriers",
        r"could not be delivered to: <|user\(s\) account is|recipients? was rejected by"
        r"|message could not be delivered to mobile",
        r"(?:delivered to: <|rcpt to:[ \t]*<?|^<){address}",
    ),
    _layout(
        "mFILTER, X6 and others that quote the conversation",
        r"--smtp command|rejected recipient <|did not like our rcpt to",
        r"(?:^rcpt to: ?<|rejected recipient <|delivering your mail to <?){address}",
    ),
    _layout("qmail, Postfix, Courier, Yahoo", _BRACKETED.replace("{address}", ADDRESS), _BRACKETED),
    _layout("Exim, Gmail, OpenSMTPD, James", _ALONE.replace("{address}", ADDRESS), _ALONE),
    _layout(
        "in a sentence",
        r"@",
        r"(?:deliver\w*(?: (?:a |the |your )?(?:message|mail|it))?(?: \w+)? to"
        r"|recipients?(?:\(s\))?:?"
        r"|address(?:\(es\))?|message to|mail to|e-?mail to|(?:^|\s)to|user|account|mailbox|for"
        r"|reach|destinataire|empfänger|destinatario|an)"
        r"[ \t]*:?\s{0,4}[<\"'`(\[]{0,2}(?:mailto:)?{address}",
    ),
    _layout("anywhere", r"@", r"{address}"),
)
