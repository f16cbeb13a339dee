"""Every column that can hold a person's words is known to erasing."""

import sqlalchemy as sa
from flask import Flask

from nps_portal.foundation.database import Base
from nps_portal.privacy.named_texts import LOOKED_THROUGH

# What is emptied, replaced or deleted because it hangs on the person.
OF_A_PERSON = {
    "bounces": "email_key reason",
    "contact_changes": "former_text new_text",
    "contacts": "email email_key name first_name language time_zone source",
    "import_changes": "before after left_because",
    "import_pieces": "content",
    "import_rejections": "reason text cells",
    "invitations": "public_id",
    "messages": "language recipient_name recipient_email email_key values last_reply",
    "personal_views": "asked",
    "property_values": "text key",
    "response_answers": "value",
    "response_revisions": "comment",
    "responses": "comment public_id submission_key language said_to_be",
    "suppressions": "email_key",
    "tasks": "wishes outcome",
    "visits": "network user_agent purpose mail_domain details",
}
# What is looked through for the person's name and address, and what goes if nobody else has it.
BY_WORDS = {
    "bulk_acts": "terms choice",
    "companies": "name name_key",
    "company_domains": "domain",
    "import_makings": "key",
    "segments": "name name_key",
    "tags": "name name_key",
}
# The account's own words, and words of the portal itself.
OF_NOBODY = {
    "bounces": "status told_by dedupe_key",
    "companies": "source",
    "contact_changes": "field",
    "email_contents": "sender_name sender_email reply_to list_id feedback_id subject html text",
    "email_variants": "language subject html text",
    "events": "kind facts",
    "export_schedules": "folder last_file fault",
    "heartbeats": "name",
    "histories": "layout",
    "import_mappings": "fingerprint",
    "inbox_positions": "place",
    "installations": "public_id",
    "journalled_sends": "public_id",
    "messages": "public_id owner reason",
    "personal_views": "page",
    "properties": "name name_key choices currency source",
    "responses": "marks",
    "sessions": "token_hash",
    "settings": "name value",
    "suppressions": "source",
    "survey_logos": "digest media_type image",
    "survey_questions": "categories texts",
    "survey_wordings": "language texts",
    "surveys": "name title language accent_colour review_links referral_url widget_secret",
    "tasks": "title",
    "users": "email email_key name password_hash",
    "visits": "method marks",
}


def test_every_column_of_words_is_accounted_for(app: Flask) -> None:
    there = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.String | sa.JSON | sa.LargeBinary)
        and not isinstance(column.type, sa.Enum)
    }
    known = [
        (table, column)
        for group in (OF_A_PERSON, BY_WORDS, OF_NOBODY)
        for table, columns in group.items()
        for column in columns.split()
    ]

    # A new one must say here what an erasure does to it.
    assert there == {*known, *LOOKED_THROUGH}
    assert len(known) == len(set(known))
