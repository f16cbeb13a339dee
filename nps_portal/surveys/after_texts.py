"""The texts after the answer: thanks, reviews, a call, a quotation."""

from nps_portal.surveys.text_rules import TextGroup, line, paragraphs, short

THANKS = TextGroup(
    key="thanks",
    title="The thank-you pages",
    note="Words may differ by score; what you ask of people may not.",
    texts=(
        line("promoter_title", "Heading after 9 or 10", "Thank you!"),
        paragraphs(
            "promoter_text",
            "Text after 9 or 10",
            "We are glad to hear that, and we will work to keep it so.",
        ),
        line("passive_title", "Heading after 7 or 8", "Thank you!"),
        paragraphs("passive_text", "Text after 7 or 8", "Your answer helps us to do better."),
        line("detractor_title", "Heading after 0 to 6", "Thank you for being open with us."),
        paragraphs(
            "detractor_text",
            "Text after 0 to 6",
            "We are sorry that it was not better. A person here will read your answer with care.",
        ),
        short("change", "Words of the link to change the answer", "Change your answer"),
    ),
)

REVIEWS = TextGroup(
    key="reviews",
    title="Reviews and referrals",
    note="Everyone sees the same links; only the words may differ. Nothing may be promised for a "
    "review.",
    texts=(
        paragraphs(
            "reviews_promoter",
            "Above the review links after 9 or 10",
            "If you like, tell others about your experience in public, too:",
            length=600,
        ),
        paragraphs(
            "reviews_passive",
            "Above the review links after 7 or 8",
            "If you like, tell others about your experience in public, too:",
            length=600,
        ),
        paragraphs(
            "reviews_detractor",
            "Above the review links after 0 to 6",
            "You can also tell others about your experience in public:",
            length=600,
        ),
        short("your_comment", "Above their comment", "Your comment"),
        short("copy_comment", "Button to copy it", "Copy my comment"),
        short("copied", "Once it is copied", "Copied"),
        paragraphs(
            "referral_text",
            "Above the referral link",
            "Do you know somebody whom we could help, too?",
            length=600,
        ),
        short("referral_link", "Words of the referral link", "Recommend {{ business }}", 100),
    ),
)

CALL = TextGroup(
    key="call",
    title="Please call me",
    note="A call that a customer asks for becomes a task.",
    texts=(
        line("call_title", "Heading", "Shall we call you?"),
        line(
            "call_text",
            "Below it",
            "Leave your number and say when it suits you, and a person will call.",
            required=False,
        ),
        short("call_phone", "Beside the number", "Phone number"),
        short("call_when", "Above the times", "When does it suit you?"),
        short("call_morning", "First time", "In the morning, 9 to 12"),
        short("call_afternoon", "Second time", "In the afternoon, 12 to 17"),
        short("call_evening", "Third time", "In the early evening, 17 to 19"),
        short("call_about", "Beside the note", "What is it about?"),
        short("call_button", "Button", "Please call me"),
        line("call_done", "Afterwards", "Thank you. A person here will call you."),
        line(
            "call_no_phone",
            "When the number is missing",
            "Please enter a phone number that we can call.",
        ),
    ),
)

QUOTE = TextGroup(
    key="quote",
    title="Permission to quote",
    note="How a customer allows their words to be shown to others.",
    texts=(
        line("quote_title", "Heading", "May we show your words to others?"),
        short("quote_name", "First choice", "Yes, with my name"),
        short("quote_initials", "Second choice", "Yes, with my initials"),
        short("quote_anonymous", "Third choice", "Yes, without any name"),
        short("quote_no", "Last choice", "No"),
        short("quote_button", "Button", "Save my choice"),
        line("quote_done", "Afterwards", "Saved. You can change this at any time."),
    ),
)
