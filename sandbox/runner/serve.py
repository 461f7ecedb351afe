"""Starts what a box consists of, each process before the next one's modules are there, and serves jobs."""

import json
import os
import select
from typing import BinaryIO

from . import namespaces, seccomp, tester, zygote

_IDLE_S = 1800.0


def serve(*, isolate: bool, idle_s: float = _IDLE_S) -> int:
    """Answer one line of JSON with another until standard input ends. The exit status: 0 when all was clean.

    It ends too when it is asked nothing for `idle_s` seconds: an engine that was killed may have forgotten the
    container, and holds its standard input open.
    """
    stdin, stdout = os.dup(0), os.dup(1)
    os.set_inheritable(stdin, False)
    os.set_inheritable(stdout, False)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    namespaces.adopt_orphans()
    if isolate:
        seccomp.ready()
    maker = zygote.start(isolate=isolate)
    testing = tester.start(isolate=isolate)
    from .supervisor import Supervisor  # only now, because whatever is here is copied for each candidate
    from .watch import Refused, Unclean

    supervisor = Supervisor(maker, testing, stdin, isolate=isolate)
    with os.fdopen(stdin, "rb") as jobs, os.fdopen(stdout, "wb") as answers:
        while line := _next(jobs, idle_s):
            clean = True
            try:
                answer = supervisor.execute(line)
            except Refused as error:
                answer = {"infrastructure": f"the box could not be built: {error}"}
            except Unclean as error:
                answer, clean = {"infrastructure": str(error)}, False
            except (OSError, ValueError, KeyError, TypeError) as error:
                answer, clean = {"infrastructure": f"{type(error).__name__}: {error}"}, False
            answers.write(json.dumps(answer).encode("ascii") + b"\n")
            answers.flush()
            if not clean or supervisor.spent:
                return 1
    return 0


def _next(jobs: BinaryIO, idle_s: float) -> bytes:
    """The next line, of a host that sends none before it has the last one's answer; empty where none comes."""
    return jobs.readline() if select.select([jobs], [], [], idle_s)[0] else b""
