# Tries: return a moment in a time zone of its own class
# Setup: import datetime
# Test: assert f().year == 2024
# Test: assert f().utcoffset() == datetime.timedelta(hours=1)
# Expect: passed
import datetime


class Zone(datetime.tzinfo):
    def utcoffset(self, moment):
        return datetime.timedelta(hours=1)

    def dst(self, moment):
        return datetime.timedelta(0)

    def tzname(self, moment):
        return "ours"


def f():
    return datetime.datetime(2024, 1, 1, tzinfo=Zone())
