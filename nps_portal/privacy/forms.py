"""The form of the rules of retention."""

from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional

from nps_portal.accounts.settings_forms import StoredSettingsForm

MOST_MONTHS = 240
_RANGE = NumberRange(0, MOST_MONTHS, "Enter a number of months from 0 to 240.")


class RetentionForm(StoredSettingsForm):
    """For how long people and their words are kept; 0 keeps them for ever."""

    expire_after_months = IntegerField(
        "Erase people after months of silence",
        [Optional(), _RANGE],
        description="Nobody asked them, they did not answer, and nothing of theirs was changed. "
        "The scores stay. 0 or empty: kept.",
    )
    forget_comments_after_months = IntegerField(
        "Erase comments after months",
        [Optional(), _RANGE],
        description="What was written with an answer goes, the score stays. 0 or empty: kept.",
    )
