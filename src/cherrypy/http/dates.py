"""HTTP dates, out and in (RFC 9110 §5.6.7)."""

from __future__ import annotations

import re
import time
from datetime import date

__all__ = ["format_http_date", "parse_http_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

# The answers of one second carry the same date. One tuple, replaced whole, so that
# threads may read it without a lock.
_latest: tuple[int, str] = (0, "Thu, 01 Jan 1970 00:00:00 GMT")


def format_http_date(timestamp: float | None = None) -> str:
    """Return a moment as an IMF-fixdate, ``Sun, 06 Nov 1994 08:49:37 GMT``.

    Args:
        timestamp: Seconds since the epoch; fractions are cut off. None for now.

    Raises:
        OverflowError, OSError, ValueError: The platform has no such date.
    """
    global _latest
    second = int(time.time() if timestamp is None else timestamp)
    known, text = _latest
    if second == known:
        return text
    year, month, day, hour, minute, sec, weekday, *_ = time.gmtime(second)
    text = (
        f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} "
        f"{hour:02}:{minute:02}:{sec:02} GMT"
    )
    if timestamp is None:
        _latest = (second, text)
    return text


_IMF = re.compile(
    r"[A-Za-z]{3}, (?P<day>[0-9]{2}) (?P<month>[A-Za-z]{3}) (?P<year>[0-9]{4}) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) GMT"
)
_RFC850 = re.compile(
    r"[A-Za-z]{6,9}, (?P<day>[0-9]{2})-(?P<month>[A-Za-z]{3})-(?P<year>[0-9]{2}) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) GMT"
)
_ASCTIME = re.compile(
    r"[A-Za-z]{3} (?P<month>[A-Za-z]{3}) (?P<day>[0-9 ][0-9]) "
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) (?P<year>[0-9]{4})"
)
_EPOCH = date(1970, 1, 1).toordinal()


def parse_http_date(text: str) -> float | None:
    """Return the moment an HTTP date names, in seconds since the epoch.

    Takes the three forms of RFC 9110 §5.6.7: IMF-fixdate, RFC 850 and asctime. The
    name of the weekday is not compared with the date.

    Args:
        text: The value of a date field.

    Returns:
        Seconds since the epoch, or None if the text is no HTTP date; a recipient
        ignores such a field.
    """
    text = text.strip()
    # Internet Explorer once added "; length=1234" to If-Modified-Since.
    text = text.partition(";")[0]
    match = _IMF.fullmatch(text) or _RFC850.fullmatch(text) or _ASCTIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (int(match[x]) for x in ("hour", "minute", "second"))
    # A leap second is written :60.
    if hour > 23 or minute > 59 or second > 60:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year = _full_year(year)
    try:
        month = _MONTHS.index(match["month"].title()) + 1
        days = date(year, month, int(match["day"])).toordinal() - _EPOCH
    except ValueError:
        return None
    return float(days * 86400 + hour * 3600 + minute * 60 + second)


def _full_year(two_digits: int) -> int:
    """Complete a year of RFC 850: never more than 50 years in the future."""
    now = time.gmtime().tm_year
    year = now - now % 100 + two_digits
    return year - 100 if year > now + 50 else year
