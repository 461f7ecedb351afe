"""What can go wrong outside a candidate. Drivers turn these into one message and an exit status.

SelfDebugError
├── InputError            the user's input is wrong                               exit status 2
├── ModelUnavailable      the model cannot be found, pulled or loaded             exit status 3
├── GenerationError       a model that was there stopped answering                exit status 3
├── NoKey, Taken          `serve` may not begin (selfdebug.service.server)        exit status 3
├── BadSecret             the webhooks' secret is none (selfdebug.service.webhooks)   exit status 3
├── ServiceUnavailable    a service cannot be used by its client (selfdebug.service.client)   exit status 3
├── WorkersUnavailable    nobody carries jobs out (selfdebug.service.dispatch)    HTTP 503
└── StoreUnavailable, QueueFull, Conflict, Stale    drawn in selfdebug.service.store.errors
sandbox.errors.SandboxError                                                       exit status 3
"""


class SelfDebugError(Exception):
    """Base of everything that selfdebug raises itself."""


class InputError(SelfDebugError):
    """Bad input.

    Args:
        source: The file (or `standard input`, or the option) that is wrong.
        place: Where in it: `line 3`, `tests.asserts[2]`; empty for the whole.
        problem: What is wrong, what was expected, and what to do.
    """

    def __init__(self, source: str, place: str, problem: str) -> None:
        self.source, self.place, self.problem = source, place, problem
        super().__init__(": ".join(part for part in (source, place, problem) if part))


class ModelUnavailable(SelfDebugError):
    """The model cannot be had; the message says what to do."""


class GenerationError(SelfDebugError):
    """The generator gave up: retries or time are used up."""
