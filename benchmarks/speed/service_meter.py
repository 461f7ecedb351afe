"""What processes have spent and hold, as Linux tells it: processor time and memory, boxes apart."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """Processor seconds so far.

    Attributes:
        parts: Of each process that was asked for with its threads, by name.
        boxes_s: Of all others below this one, those that have ended too: the sandbox's boxes. None: it can't be told.
    """

    parts: dict[str, float]
    boxes_s: float | None

    @property
    def own_s(self) -> float:
        return sum(self.parts.values())

    def since(self, earlier: "Spent") -> "Spent":
        parts = {name: seconds - earlier.parts[name] for name, seconds in self.parts.items()}
        known = self.boxes_s is not None and earlier.boxes_s is not None
        return Spent(parts, self.boxes_s - earlier.boxes_s if known else None)  # type: ignore[operator]


@dataclass(frozen=True)
class Memory:
    """What a process and those below it hold at present; PSS counts what several share once.

    Attributes:
        processes: How many are below it.
    """

    name: str
    rss_mib: float
    pss_mib: float
    processes: int
    below_pss_mib: float


class Account:
    """Processor time of this process and of all that it starts. To be had from `opened`.

    Only a control group knows what the processes of a box have spent: those that are killed with their name space are
    buried by nobody, and the system's table forgets them.
    """

    def __init__(self, group: Path | None) -> None:
        self._group = group

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator["Account"]:
        """Until the context ends. Where no group may be made (that takes root, as a rule), boxes are not counted."""
        above = _own_group()
        group = above / f"selfdebug-speed-{os.getpid()}" if above else None
        try:
            if above and group:
                group.mkdir()
                (group / "cgroup.procs").write_text(str(os.getpid()))
        except OSError:
            with suppress(OSError):
                group.rmdir() if group else None
            group = None
        try:
            yield cls(group)
        finally:
            if above and group:
                with suppress(OSError):  # somebody is left in it
                    (above / "cgroup.procs").write_text(str(os.getpid()))
                    group.rmdir()

    def spent(self, pids: Mapping[str, int], *, whole: Collection[str] = ()) -> Spent:
        """What each of these has spent, by its name.

        Args:
            whole: Those whose children are no boxes, but parts of them.
        """
        table = _processes()
        ticks = {name: table[pid].own for name, pid in pids.items()}
        for name in whole:
            if name in pids:
                below = [table[pid] for pid in _below(pids[name], table)]
                ticks[name] += table[pids[name]].dead + sum(each.own + each.dead for each in below)
        parts = {name: each / _TICKS for name, each in ticks.items()}
        all_s = self._all_s()
        if all_s is None:
            return Spent(parts, None)
        me = 0 if os.getpid() in pids.values() else table[os.getpid()].own
        return Spent(parts, all_s - sum(parts.values()) - me / _TICKS)

    def _all_s(self) -> float | None:
        if self._group is None:
            return None
        if (old := self._group / "cpuacct.usage").exists():
            return int(old.read_text()) / 1e9
        lines = dict(line.split() for line in (self._group / "cpu.stat").read_text().splitlines())
        return int(lines["usage_usec"]) / 1e6


def _own_group() -> Path | None:
    """The control group of this process that counts processor time, of version 1 or 2; None where there is none."""
    found: dict[str, Path] = {}
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            root = "/sys/fs/cgroup/cpuacct" if "cpuacct" in controllers.split(",") else "/sys/fs/cgroup"
            if not controllers or root.endswith("cpuacct"):
                found["old" if controllers else "new"] = Path(root + path)
    usable = [found[each] for each in ("old", "new") if each in found and (found[each] / "cgroup.procs").exists()]
    return usable[0] if usable else None


def memory(pids: Mapping[str, int]) -> list[Memory]:
    """What each of these holds."""
    table = _processes()
    found = []
    for name, pid in pids.items():
        below = [_rollup(each) for each in _below(pid, table)]
        rss, pss = _rollup(pid)
        found.append(Memory(name, rss, pss, len(below), sum(each[1] for each in below)))
    return found


@dataclass(frozen=True)
class _Process:
    """A line of the system's table. `own` and `dead`: its ticks, and those of its children that it has buried."""

    parent: int
    state: str
    own: int
    dead: int


def _processes() -> dict[int, _Process]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it has ended
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                own, dead = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
                found[int(entry.name)] = _Process(int(fields[1]), fields[0], own, dead)
    return found


def _below(pid: int, table: Mapping[int, _Process]) -> list[int]:
    children: dict[int, list[int]] = {}
    for each, process in table.items():
        children.setdefault(process.parent, []).append(each)
    found = list(children.get(pid, []))
    for each in found:  # grows while it is walked
        found += children.get(each, [])
    return found


def _rollup(pid: int) -> tuple[float, float]:
    """RSS and PSS in MiB; zeros for a process that has ended or belongs to somebody else."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0.0, 0.0
    kib = {key: int(rest.split()[0]) for key, _, rest in (line.partition(":") for line in lines)}
    return kib["Rss"] / 1024, kib["Pss"] / 1024
