"""Tries what each sandbox promises on this machine, with real attacks in real boxes.

    from sandbox.doctor import examine
    examination = await examine()

Nothing is simulated: the backends are opened as everybody opens them, and the host itself looks whether an attack
reached it. Nothing is printed here.
"""

from sandbox.doctor.examine import BackendReport, Examination, Finding, examine, known_backends
from sandbox.doctor.machine import Engine, Machine
from sandbox.doctor.probes import PROBES, Kind, Outcome, Probe

__all__ = [
    "PROBES",
    "BackendReport",
    "Engine",
    "Examination",
    "Finding",
    "Kind",
    "Machine",
    "Outcome",
    "Probe",
    "examine",
    "known_backends",
]
