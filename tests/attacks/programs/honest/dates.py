# Tries: return dates, times, differences and zones, also one of its own
# Setup: import datetime
# Test: assert f(2024) == datetime.date(2024, 2, 29)
# Test: assert g() == datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.timezone.utc)
# Test: assert g() - g() == datetime.timedelta(0)
# Test: assert g().tzname() == 'UTC'
# Test: assert h().year == 2024
# Expect: passed
import datetime


class Zone(datetime.tzinfo):
    def utcoffset(self, moment):
        return datetime.timedelta(hours=1)

    def dst(self, moment):
        return datetime.timedelta(0)

    def tzname(self, moment):
        return "ours"


def f(year):
    return datetime.date(year, 3, 1) - datetime.timedelta(1)


def g():
    return datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.timezone.utc)


def h():
    return datetime.datetime(2024, 1, 1).date()
