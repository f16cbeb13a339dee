"""Surveys that keep no link to the person who answered."""

from alembic import op

from nps_portal.migrations.steps import add_choice, switch_column

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("surveys", switch_column("anonymous", on=False))
    add_choice("invitations", "anonymous_answer", "anonymousanswer", ("held", "sent"))
