"""The form of scheduled exports."""

from pathlib import Path
from typing import Any, Self

from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from nps_portal.accounts.forms import stripped
from nps_portal.exports.models import ExportSchedule, Rhythm
from nps_portal.exports.scheduling import Plan, UnusableFolder, check_folder

DEFAULT_HOUR = 3
DEFAULT_KEPT = 14
MOST_KEPT = 366
_CHOSEN = InputRequired("Choose one.")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


# WTForms 3.3 has a class for choices that its type stubs do not know yet, hence Any.
def _choices(*pairs: tuple[str, str]) -> list[Any]:
    return [SelectChoice(value, words) for value, words in pairs]


class ScheduleForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF carries no types
    """Where and when exports are made by themselves."""

    instance_dir: Path

    folder = StringField(
        "Folder",
        [InputRequired("Name a folder."), Length(max=500)],
        [stripped],
        description="A name within the portal's own exports folder, or the absolute path of a "
        "folder that exists on the machine, as of a disk that is backed up.",
    )
    rhythm = SelectField(
        "How often", [_CHOSEN], choices=_choices(("daily", "Daily"), ("weekly", "Weekly"))
    )
    weekday = SelectField(
        "Day, if weekly",
        [_CHOSEN],
        choices=_choices(*((str(n), day) for n, day in enumerate(_DAYS))),
    )
    hour = SelectField(
        "At", [_CHOSEN], choices=_choices(*((str(hour), f"{hour:02}:00") for hour in range(24)))
    )
    kept = IntegerField(
        "How many are kept",
        [
            InputRequired("Enter a number."),
            NumberRange(1, MOST_KEPT, f"Enter a number from 1 to {MOST_KEPT}."),
        ],
        description="Older ones are deleted once a new one is whole.",
    )

    @classmethod
    def of(cls, kept: ExportSchedule | None, instance_dir: Path) -> Self:
        """Return the form, filled with what is stored or with what most will want."""
        data = {
            "folder": kept.folder if kept else "daily",
            "rhythm": kept.rhythm.value if kept else Rhythm.DAILY.value,
            "weekday": str(kept.weekday if kept else 0),
            "hour": str(kept.hour if kept else DEFAULT_HOUR),
            "kept": kept.kept if kept else DEFAULT_KEPT,
        }
        form: Self = cls(data=data)
        form.instance_dir = instance_dir
        return form

    def validate_folder(self, field: StringField) -> None:
        """Refuse a folder into which nothing can be written."""
        try:
            check_folder(self.instance_dir, field.data or "")
        except (UnusableFolder, OSError, ValueError) as fault:
            told = str(fault) if isinstance(fault, UnusableFolder) else "This cannot be a folder."
            raise ValidationError(told) from fault

    def to_plan(self) -> Plan:
        """Return what the owner wants."""
        return Plan(
            folder=self.folder.data or "",
            rhythm=Rhythm(self.rhythm.data),
            weekday=int(self.weekday.data),
            hour=int(self.hour.data),
            kept=int(self.kept.data or DEFAULT_KEPT),
        )
