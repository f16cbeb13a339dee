"""Run the commands as `python -m nps_portal`."""

from nps_portal.cli import main

main()
