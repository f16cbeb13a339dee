"""A clock that only one process believes in, made by the library libfaketime."""

from glob import glob
from pathlib import Path

LIBRARY = next(iter(glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


class LeapingClock:
    """The clock of a process, ahead of the true one by what stands in a file."""

    def __init__(self, directory: Path) -> None:
        self._offset = directory / "clock"
        self.leap("+0")

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process go by this clock; its monotonic clock stays true.

        It learns of a leap up to a second late. It must not call `time.sleep`: libfaketime 0.9.10
        bends that deadline even so, and the call fails with EINVAL. Waits for an event are true.
        """
        assert LIBRARY is not None
        return {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_CACHE_DURATION": "1",
            # The name of the variable, and the one that it had before.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def leap(self, offset: str) -> None:
        """Set the clock to the true time with an offset as in +1d or -2h."""
        fresh = self._offset.with_suffix(".new")
        fresh.write_text(offset)
        fresh.replace(self._offset)
