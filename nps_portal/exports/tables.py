"""All tables of an export, in the order in which they come back in."""

from nps_portal.exports.answer_tables import FURTHER_ANSWERS, RESPONSES, REVISIONS, TASKS
from nps_portal.exports.change_tables import CHANGES
from nps_portal.exports.people_tables import COMPANIES, CONTACTS, SUPPRESSIONS
from nps_portal.exports.set_up_tables import PROPERTIES, SEGMENTS, SURVEYS, TAGS, USERS

TABLES = (
    *(USERS, PROPERTIES, TAGS, COMPANIES, SEGMENTS, SUPPRESSIONS, SURVEYS),
    *(CONTACTS, CHANGES, RESPONSES, REVISIONS, FURTHER_ANSWERS, TASKS),
)
BY_NAME = {table.name: table for table in TABLES}
