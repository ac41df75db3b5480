"""What time it is, as Runs say it."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> str:
    """Give the time in UTC to the second, as ISO 8601 writes it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
