"""The signs by which a letter without status fields is known as a notice of failure or delay.

All of them are looked for in text whose blanks and line ends have become single blanks.
"""

import re

SENDER = re.compile(
    r"mailer.?daemon|mail.?daemon|postmaster|daemon@|mail ?(?:delivery|system|administrator|router"
    r"|gateway|server)|delivery.?(?:system|subsystem|service|agent|failure|notif|status)|bounce"
    r"|system administrator|smtp|mailsystem|mdaemon|e-?mail ?(?:gateway|system)|mail_?returned"
    r"|root@",
    re.IGNORECASE,
)
SUBJECT = re.compile(
    r"undeliver|non.?deliver|not deliver|returned (?:e?-?mail|message|to sender)"
    r"|deliver(?:y|ing|ed) .{0,40}(?:fail|status|problem|report|error|notif|delay|not|impossible)"
    r"|fail(?:ure|ed)? (?:notice|mail|deliver|to deliver)|could(?: not|n't) (?:be )?(?:deliver"
    r"|send)"
    r"|(?:mail|message|delivery)[ :]{0,3}(?:system )?"
    r"(?:fail|error|delay|could not|not|status|reject|bounc|return)|unable to deliver"
    r"|delayed|warning: |rejected|user unknown|bounce|problem delivering|can't|cannot"
    r"|nicht zustellbar|unzustellbar|zustellung|fehler|échec|non remis|no entregad|devuelto|erro "
    r"|falha|mancata consegna|nie dostarcz|niedoręcz|недоставлен|не доставлен|возврат"
    r"|配信|送信|不達|エラー|退信",
    re.IGNORECASE,
)
FAILED = re.compile(
    r"(?:could(?: not|n't)|can(?: ?not|'t)|was(?: not|n't)|were not|unable|failed to|not be(?:en)?"
    r"|impossible|did(?: not|n't)|ha(?:s|ve)(?: not|n't)|unsuccessful\w*|problem|error|trouble)"
    r".{0,100}(?:deliver|sen[dt]\b|sending|reach|complet|process|accept|relay|forward|match)"
    r"|deliver(?:y|ed|ing)?.{0,90}(?:fail|error|problem|delay|unsuccessful|impossible)"
    r"|undeliver|returned to (?:you|sender|the sender)|fatal errors?|said: [45]\d\d"
    r"|permanent error|addresses? (?:failed|had|below)|<<< [45]\d\d"
    r"|(?:rejected|returned|responded|refused|bounced) .{0,60}(?:message|mail|by|with|your"
    r"|as follows)"
    r"|(?:user|recipient|host|mailbox|address|account)s? .{0,40}"
    r"(?:unknown|not found|not exist|n't exist|n't have|invalid|full|disabled|rejected|no longer)"
    r"|(?:unknown|no such|invalid) (?:user|recipient|host|address|domain|mailbox)"
    r"|not a (?:valid|known) |final delivery userid|was aborted|postponed|action not taken"
    r"|unavailable"
    r"|failed recipients|mailbox exceeds|quota|does(?: not|n't) (?:exist|have)"
    r"|\b5\d\d[ -]#?5\.\d\.\d"
    r"|nicht zugestellt|n'a pas pu|n[ãa]o p[ôo]de|no (?:se )?pud[eo]|non (?:è stato|può)"
    r"|nie (?:mogł|może|został)|не (?:мо[гж]|был|удалось)|配信|届|宛先|送信でき|送れ|无法|退信",
    re.IGNORECASE,
)
WAITING = re.compile(
    r"not yet been delivered|postponed|still (?:trying|being)|warning message only|has(?: not"
    r"|n't) yet"
    r"|will (?:continue|keep|be re-?tr|try again|re-?try|still)|do not need to resend"
    r"|no action is required|been delayed|delivery (?:is |was )?delayed|transient non-fatal"
    r"|will be attempted|keep trying|further attempts|could not be delivered for the last"
    r"|has been queued|attempts? .{0,30}will (?:be|continue)|retried",
    re.IGNORECASE,
)
OVER = re.compile(
    r"(?:gave|given|giving) up|permanent(?:ly)? (?:fail|error|fatal)|not be retried|no further"
    r"|failed permanently|will not (?:be )?(?:re-?tr|try)"
    r"|(?<!will be )returned to (?:you|the sender|sender)"
    r"|has been (?:returned|rejected)",
    re.IGNORECASE,
)
