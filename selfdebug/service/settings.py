"""The service's settings, from the environment (`SELFDEBUG_…`)."""

import re
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from selfdebug.errors import InputError
from selfdebug.models import DEFAULT_MODEL


class Settings(BaseSettings):
    """How the service runs. Every field is a variable `SELFDEBUG_` and its name in capitals.

    Attributes:
        state: The folder of the embedded store.
        database_url: SQLAlchemy's; empty for a SQLite file in `state`.
        redis_url: With it the work goes to Celery workers; without it the server does it itself.
    """

    model_config = SettingsConfigDict(env_prefix="SELFDEBUG_", extra="ignore")

    state: Path = Field(default_factory=lambda: Path(platformdirs.user_state_dir("selfdebug")))
    database_url: str = ""
    redis_url: str = ""
    model: str = DEFAULT_MODEL
    models: tuple[str, ...] = ()  # others that jobs may ask for
    sandbox: Literal["bubblewrap", "docker", "none"] = "bubblewrap"
    runtime: str = ""
    boxes: int = Field(default=2, ge=1)  # executions at once in one process
    generations: int = Field(default=32, ge=1)  # requests at once to one generator
    generation_s: float = Field(default=600.0, gt=0)  # a model that has not answered for so long has failed
    running_jobs: int = Field(default=64, ge=1)  # released to the workers at once
    queue_limit: int = Field(default=20_000, ge=1)  # jobs that wait or run; more are answered with 429
    deliveries: int = Field(default=5, ge=1)  # of one step, before its job is given up
    lease_s: float = Field(default=30.0, gt=0)  # a step whose holder has been silent for so long is given to another
    beat_s: float = Field(default=2.0, gt=0, validate_default=True)
    sweep_s: float = Field(default=5.0, gt=0)
    visibility_s: float = Field(default=1800.0, gt=0)  # Redis gives a message that nobody has acknowledged out again
    shutdown_s: float = Field(default=8.0, ge=0)  # what a worker that is told to end gives its steps to end, too
    worker_memory_bytes: int = Field(default=0, ge=0)  # a worker that has grown so large ends itself; 0: never
    metrics_port: int = Field(default=0, ge=0, le=65_535)  # where a worker shows its numbers, at /metrics; 0: nowhere
    metrics_host: str = "127.0.0.1"
    body_bytes: int = Field(default=4 * 2**20, ge=1)
    tests_limit: int = Field(default=10_000, ge=1)
    webhook_secret: SecretStr = SecretStr("")  # `whsec_…`; empty for one that is made and kept in `state`
    webhooks_to_private_addresses: bool = False

    @field_validator("beat_s")
    @classmethod
    def _twice_in_a_lease(cls, beat_s: float, info: ValidationInfo) -> float:
        if "lease_s" in info.data and 2 * beat_s > info.data["lease_s"]:
            raise ValueError(f"{beat_s:g} is more than half of SELFDEBUG_LEASE_S: steps would be taken from the living")
        return beat_s

    @property
    def database(self) -> str:
        """The store's URL."""
        return self.database_url or f"sqlite:///{self.state / 'selfdebug.db'}"


def read_settings(**given: object) -> Settings:
    """The settings of the environment; what is given and not None is stronger.

    Raises:
        InputError: A variable, or what is given, is wrong.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        problem = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        raise InputError(f"SELFDEBUG_{first['loc'][0]}".upper(), "", problem) from None
    except SettingsError as error:
        name = re.search(r'field "(\w+)"', str(error))
        source = f"SELFDEBUG_{name[1].upper()}" if name else "environment"
        raise InputError(source, "", 'expected JSON, for example ["a", "b"]') from None
