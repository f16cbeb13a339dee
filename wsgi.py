"""The application for any WSGI server."""

from nps_portal import create_app
from nps_portal.foundation.schema import require_current_schema

app = create_app()
require_current_schema(app)
