"""The texts of a customer's rights: unsubscribing, their data, and the ends of a way."""

from nps_portal.surveys.text_rules import DATED_FIELDS, TextGroup, line, paragraphs, short

UNSUBSCRIBING = TextGroup(
    key="unsubscribe",
    title="Unsubscribing",
    note="One page, one button.",
    texts=(
        line("unsubscribe_title", "Heading", "No more surveys?"),
        line(
            "unsubscribe_text",
            "Below it",
            "One press of the button, and {{ business }} will not ask you again.",
        ),
        short("unsubscribe_button", "Button", "Unsubscribe"),
        line(
            "unsubscribe_busy",
            "When it could not be done",
            "We could not do this just now. Please press the button again in a moment.",
        ),
        line("unsubscribed_title", "Heading afterwards", "You are unsubscribed"),
        line(
            "unsubscribed_text",
            "Text afterwards",
            "{{ business }} will not send you any more surveys.",
        ),
        line(
            "unsubscribed_help",
            "Below that",
            "There is nothing else to do. You can close this page.",
            required=False,
        ),
    ),
)

MY_DATA = TextGroup(
    key="my-data",
    title="Their data",
    note="Where a customer sees, corrects, takes away and erases what is known of them.",
    texts=(
        line("me_title", "Heading", "Your data"),
        line(
            "me_text",
            "Below it",
            "What {{ business }} knows of you from these surveys, and what you can do about it.",
            required=False,
        ),
        short("me_name", "Beside the name", "Name"),
        short("me_email", "Beside the address", "Email address"),
        short("me_company", "Beside the company", "Company"),
        short("me_language", "Beside the language", "Language"),
        short("me_answers", "Above the answers", "Your answers"),
        line("me_none", "When there are none", "You have not answered a survey yet."),
        short("me_earlier", "Above former versions", "What you answered before"),
        short("me_correct", "Words of the link to correct an answer", "Correct this answer"),
        short("me_pause_title", "Heading of the pause", "A pause"),
        line("me_pause_text", "Below it", "We will not ask you anything during this time."),
        short("me_pause_button", "Button", "Pause the surveys"),
        line(
            "me_paused",
            "While it lasts",
            "You will not be asked before {{ date }}.",
            fields=DATED_FIELDS,
        ),
        short("me_resume_button", "Button to end it", "End the pause"),
        short("me_stop_title", "Heading of unsubscribing", "No more surveys"),
        line("me_stop_text", "Below it", "We will not send you surveys any more."),
        line("me_stopped", "Once it is done", "You are unsubscribed: you will not be asked again."),
        short("me_take_title", "Heading of taking away", "Take your data with you"),
        line("me_take_text", "Below it", "Everything on this page in one file (JSON)."),
        short("me_take_button", "Button", "Download"),
        short("me_erase_title", "Heading of erasing", "Erase your data"),
        paragraphs(
            "me_erase_text",
            "Below it",
            "Your name, your address and your words are erased for good, and you are not asked "
            "again. Of your scores only the numbers stay, without any link to you.",
            required=True,
            length=900,
        ),
        line("me_erase_confirm", "Beside the box to tick", "Yes, erase everything about me"),
        short("me_erase_button", "Button", "Erase my data"),
        line("me_erase_tick", "When it was not ticked", "Please tick the box first."),
        line("me_erased_title", "Heading afterwards", "Your data is erased"),
        line(
            "me_erased_text",
            "Text afterwards",
            "Nothing that names you is left here, and you will not be asked again.",
        ),
        line(
            "me_again",
            "When the page was open for too long",
            "This page was open for too long, so nothing was changed. Please press the button once "
            "more.",
        ),
        line(
            "me_sure",
            "When a program may have pressed the button",
            "Was that you? Nothing was changed yet. Please press the button once more.",
        ),
        line("me_saved", "After a change", "Saved."),
    ),
)

ENDINGS = TextGroup(
    key="endings",
    title="When something is amiss",
    note="A link that lost a part, or a moment in which too much is going on.",
    texts=(
        line("invalid_title", "Heading for a broken link", "This link does not work"),
        line(
            "invalid_text",
            "Text for a broken link",
            "Part of it may have been lost on the way. Please open the link in the email again, or "
            "copy the whole of it.",
        ),
        line(
            "invalid_help",
            "Below that",
            "If it still does not work, simply reply to the email.",
            required=False,
        ),
        line("many_title", "Heading after too many attempts", "Too many attempts"),
        line(
            "many_text",
            "Text after too many attempts",
            "Please wait a minute, then open the link in the email again.",
        ),
        line("wait_title", "Heading when much is going on", "One moment, please"),
        line(
            "wait_text",
            "Text when much is going on",
            "We are busy just now. Please try again in a moment.",
        ),
        line("fault_title", "Heading after a fault", "That did not work"),
        line(
            "fault_text",
            "Text after a fault",
            "Nothing was changed. Please go back and try again, or simply reply to the email.",
        ),
    ),
)
