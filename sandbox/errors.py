"""What the sandbox itself can get wrong. What a candidate does wrong is data (`Execution`), never an exception.

SandboxError
├── SandboxUnavailable   no isolation can be had here; the message says what to install or allow
└── SandboxCrashed       a box died for the infrastructure's reasons; the run may be tried again
"""


class SandboxError(Exception):
    """The infrastructure failed; says nothing about the candidate."""


class SandboxUnavailable(SandboxError):
    """No isolation can be had on this machine; the message names the cure."""


class SandboxCrashed(SandboxError):
    """A box ended without an answer, or answered with something that is not a result."""
