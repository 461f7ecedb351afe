# Tries: use libraries with a compiled part: a database, compressed data, hashes, numbers
# Test: assert f([3, 1, 2]) == [1, 2, 3]
# Test: assert g('x' * 1000) == 'x' * 1000
# Test: assert h('a') == '0cc175b9c0f1b6a831c399e269772661'
# Expect: passed
import csv
import hashlib
import io
import sqlite3
import zlib


def f(values):
    with sqlite3.connect(":memory:") as base:
        base.execute("create table t (x)")
        base.executemany("insert into t values (?)", [(value,) for value in values])
        rows = base.execute("select x from t order by x").fetchall()
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return [int(line) for line in out.getvalue().split()]


def g(text):
    return zlib.decompress(zlib.compress(text.encode())).decode()


def h(text):
    return hashlib.md5(text.encode()).hexdigest()
