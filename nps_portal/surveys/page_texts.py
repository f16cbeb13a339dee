"""The texts of the survey page, of the further questions and of the other doors."""

from nps_portal.surveys.text_rules import SCORED_FIELDS, TextGroup, line, paragraphs, short

SURVEY_PAGE = TextGroup(
    key="page",
    title="The survey page",
    note="One open question, which fits the score that was chosen.",
    texts=(
        line(
            "comment_promoter",
            "Open question after 9 or 10",
            "What do you like most about working with us?",
        ),
        line("comment_passive", "Open question after 7 or 8", "What could we do better?"),
        line("comment_detractor", "Open question after 0 to 6", "What should we put right first?"),
        line(
            "comment_general",
            "Open question before a score is chosen",
            "Would you like to tell us why?",
        ),
        line(
            "comment_help",
            "Below the open question",
            "If you like, in your own words.",
            required=False,
        ),
        short("button", "Button", "Send my answer"),
        paragraphs(
            "note",
            "Below the button",
            "Your answer goes to {{ business }}. You can change it later with the same link.",
        ),
        line(
            "chosen",
            "When a number was chosen in the email",
            "You chose {{ score }}. You can still change it; nothing is sent yet.",
            fields=SCORED_FIELDS,
        ),
        line(
            "answered_text",
            "For those who have answered already",
            "We have your answer: {{ score }}. Change it?",
            fields=SCORED_FIELDS,
        ),
        line(
            "answered_help",
            "Above their comment",
            "If you leave this empty, what you wrote before stays as it is.",
        ),
        line(
            "late_text",
            "For those who come late",
            "This survey has ended, but your answer is still welcome.",
        ),
        line(
            "again_text",
            "When the page was open for too long",
            "Please send your answer once more: this page was open for so long that we could not "
            "take it.",
        ),
        line("too_long", "When a text is too long", "This is longer than fits here."),
        line("not_a_choice", "When a choice is not among ours", "Please choose one of these."),
        line("no_score", "When no number was chosen", "Please choose a number from 0 to 10."),
        line(
            "busy_text",
            "When the answer could not be taken",
            "We could not take your answer just now. Nothing of it is lost: please send it again "
            "in a moment.",
        ),
        line(
            "not_on_scale", "When the number is not on the scale", "This number is not on the scale"
        ),
        line(
            "not_on_scale_text",
            "Below that",
            "The scale goes from 0 to 10. The survey itself is one click away.",
        ),
        short("to_survey", "Words of the link to the survey", "To the survey"),
        short("language_label", "Beside the choice of language", "Language"),
        short("language_button", "Button beside it", "Show"),
        line("preview_text", "Above a preview", "This is a preview: nothing is stored."),
    ),
)

MORE_QUESTIONS = TextGroup(
    key="more",
    title="Further questions",
    note="What stands around them, once the score is safely in.",
    texts=(
        line("more_title", "Heading", "A little more, if you like"),
        line(
            "more_text",
            "Below the heading",
            "Your answer is safely in. You can leave any of these empty.",
            required=False,
        ),
        short("more_none", "To choose nothing", "No answer"),
        short("more_button", "Button", "Send these too"),
        line("more_done", "Afterwards", "Thank you. We have these answers too."),
    ),
)

DOORS = TextGroup(
    key="doors",
    title="The link, the tablet and the website",
    note="For answers that do not begin with an email.",
    texts=(
        line(
            "who_are_you",
            "Beside the field for an address",
            "Your email address, if you would like a reply",
        ),
        line("note_public", "Below the button", "Your answer goes to {{ business }}."),
        line("closed_title", "When the survey is closed", "This survey is closed"),
        line(
            "closed_text",
            "Below that",
            "Thank you for wishing to answer. No answers are taken here at the moment.",
        ),
        short("kiosk_next", "Button for the next person", "Next person"),
        line(
            "kiosk_offline",
            "While there is no connection",
            "No connection just now: answers are kept on this device and sent later.",
        ),
        short("kiosk_waiting", "Beside the number of kept answers", "Waiting to be sent:"),
        short("widget_close", "To close the window on the website", "Close"),
        short("widget_later", "To be asked another time", "Not now"),
    ),
)

ANONYMOUS = TextGroup(
    key="anonymous",
    title="Anonymous surveys",
    note="Only where the survey is anonymous: in the email, below the button, and at the end.",
    texts=(
        paragraphs(
            "anonymous_note",
            "What is promised",
            "This survey is anonymous: {{ business }} sees the answers, but not whose they are. An "
            "answer can be sent once.",
        ),
        line("anonymous_done_title", "For those who come back", "The answer is in"),
        line(
            "anonymous_done_text",
            "Below that",
            "This survey is anonymous. Nobody can see which answer came through this link, so it "
            "cannot be changed here.",
        ),
    ),
)
