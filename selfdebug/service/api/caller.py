"""Who asks: the owner of an API key, or anybody where no key is asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from selfdebug.service.api.details import FORBIDDEN, ApiError
from selfdebug.service.records import Job, Scope


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        owner: The id of the API key; empty where none is asked for.
        scopes: What it may do.
    """

    owner: str
    scopes: frozenset[Scope]

    @property
    def admin(self) -> bool:
        return Scope.ADMIN in self.scopes

    def may(self, *scopes: Scope) -> bool:
        """Whether it has one of the scopes."""
        return self.admin or not self.scopes.isdisjoint(scopes)

    def sees(self, job: Job) -> bool:
        """Whether the job is its own, or everybody's are."""
        return self.admin or job.owner == self.owner


REALM = 'Bearer realm="selfdebug"'
ANYBODY = Caller("", frozenset(Scope))
Authenticate = Callable[[Request], Awaitable[Caller]]


async def anybody(request: Request) -> Caller:
    """Let everybody in, with all rights: for a server that only this machine reaches."""
    return ANYBODY


# Only tells the OpenAPI document; `StrictRoute` has the header read.
_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="ApiKey",
    description="An API key that `selfdebug keys create` has shown: `Authorization: Bearer sd_…`.",
)


def _needs(*scopes: Scope) -> Callable[..., Awaitable[Caller]]:
    async def caller(request: Request, _: Annotated[object, Security(_BEARER)]) -> Caller:
        found: Caller = request.state.caller
        if not found.may(*scopes):
            wanted = " or ".join(f"'{scope}'" for scope in scopes)
            lacks = f'{REALM}, error="insufficient_scope", scope="{" ".join(scopes)}"'
            detail = f"this needs a key with the scope {wanted}; this one has not"
            raise ApiError(FORBIDDEN, detail, headers={"WWW-Authenticate": lacks})
        return found

    return caller


Submitter = Annotated[Caller, Depends(_needs(Scope.SUBMIT))]
Reader = Annotated[Caller, Depends(_needs(Scope.READ))]
Someone = Annotated[Caller, Depends(_needs(*Scope))]
