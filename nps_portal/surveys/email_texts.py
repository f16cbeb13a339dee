"""The texts of the emails and of the question itself."""

from nps_portal.surveys.text_rules import (
    SCORED_FIELDS,
    SUBJECT_LENGTH,
    TextGroup,
    line,
    paragraphs,
    short,
)

EMAIL = TextGroup(
    key="email",
    title="The email",
    note="What stands around the question.",
    texts=(
        # The default subject is no question: some spam filters count the final mark against it.
        short("subject", "Subject", "A quick question from {{ business }}", SUBJECT_LENGTH),
        line("greeting", "Greeting", "Dear {{ first_name }},"),
        line("greeting_without_name", "Greeting when no name is known", "Hello,"),
        paragraphs(
            "introduction",
            "Introduction",
            "Thank you for being our customer. We have one question, and a person here reads every "
            "answer:",
        ),
        paragraphs(
            "after_scale",
            "Below the numbers",
            "Choose a number; there is room for a word on the next page.",
        ),
        line("signature_name", "Signature", "{{ business }}", required=False),
        line("signature_role", "Second line of the signature", "", required=False),
        paragraphs(
            "reason",
            "Why they receive it",
            "You receive this because you are a customer of {{ business }}.",
            required=True,
            length=600,
        ),
        short("unsubscribe", "Words of the unsubscribe link", "Unsubscribe", 100),
        short("my_data", "Words of the link to their data", "Your data", 100),
    ),
)

REMINDER = TextGroup(
    key="reminder",
    title="The reminder",
    note="The same email once more, with these words instead of subject and introduction.",
    texts=(
        short(
            "reminder_subject",
            "Subject",
            "A reminder: one question from {{ business }}",
            SUBJECT_LENGTH,
        ),
        paragraphs(
            "reminder_introduction",
            "Introduction",
            "A few days ago we asked you one question. If you have a moment, we would still like "
            "to know:",
        ),
        paragraphs(
            "reminder_clicked",
            "Introduction for those who chose a number and did not send it",
            "You chose {{ score }} and did not send it. One more press on the next page completes "
            "your answer.",
            required=True,
            length=600,
            fields=SCORED_FIELDS,
        ),
        short("reminder_button", "Button for those", "Complete my answer"),
    ),
)

QUESTION = TextGroup(
    key="question",
    title="The question",
    note="The same in the email and on the survey page.",
    texts=(
        line(
            "question",
            "Question",
            "How likely is it that you would recommend {{ business }} to a friend or colleague?",
        ),
        short("low_anchor", "Beside 0", "Not at all likely"),
        short("high_anchor", "Beside 10", "Extremely likely"),
    ),
)
