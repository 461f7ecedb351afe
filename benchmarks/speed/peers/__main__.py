"""Runs one peer on one job, and writes what it did, or why it could not, as JSON."""

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.speed.peers.job import NotMeasured, PeerJob
from benchmarks.speed.peers.registry import PEERS


def main(name: str, job: Path, result: Path) -> None:
    """Run the peer of that name. An exception that is no `NotMeasured` is its failure, and ends this process."""
    peer = PEERS[name]
    try:
        module = importlib.import_module(f"benchmarks.speed.peers.{peer.module}")
        judged = getattr(module, peer.function)(PeerJob.read(job))
        said: dict[str, object] = asdict(judged)
    except ModuleNotFoundError as error:
        said = {"not_measured": f"{error.name} is not installed: {peer.install}"}
    except NotMeasured as error:
        said = {"not_measured": str(error)}
    result.write_text(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
