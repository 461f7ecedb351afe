"""What a run has cost, and what a solved problem has."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from benchmarks.results import Run


@dataclass(frozen=True)
class Cost:
    """What was spent, on unsolved problems too, for each problem that was solved.

    Attributes:
        dollars: None where the price is unknown, as it is of every model that runs on one's own machine.
    """

    prompt_tokens: float
    completion_tokens: float
    seconds: float
    executions: float
    dollars: Decimal | None

    @property
    def tokens(self) -> float:
        """Of prompts and completions together."""
        return self.prompt_tokens + self.completion_tokens


def per_solved(run: Run) -> Cost | None:
    """The cost of one solved problem; None where none was."""
    solved = sum(task.solved for task in run.tasks)
    if not solved:
        return None
    usage, price = run.usage, dollars(run)
    return Cost(
        prompt_tokens=usage.prompt_tokens / solved,
        completion_tokens=usage.completion_tokens / solved,
        seconds=usage.seconds / solved,
        executions=usage.executions / solved,
        dollars=None if price is None else price / solved,
    )


def dollars(run: Run) -> Decimal | None:
    """What a vendor's list says that the run's tokens cost when it was begun; None where it has no such model.

    Discounts, of cached prompts for example, are not known and not counted.
    """
    made, usage = run.manifest.made, run.usage
    address, begun = made.get("model_address"), made.get("started")
    if not isinstance(address, str):
        return None
    at = datetime.fromisoformat(begun) if isinstance(begun, str) else None
    name = str(run.manifest.asked.model.get("name", "")).removeprefix("openai:")
    prompt, completion = (_rate(name, address, at, **{kind: 1000}) for kind in ("input_tokens", "output_tokens"))
    if prompt is None or completion is None:
        return None
    return prompt * usage.prompt_tokens + completion * usage.completion_tokens


def _rate(name: str, address: str, at: datetime | None, **tokens: int) -> Decimal | None:
    """Dollars a token. Of a thousand: a large number would be taken for one long request, which may cost more."""
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(Usage(**tokens), name, provider_api_url=address, genai_request_timestamp=at)
    except LookupError:
        return None
    return found.total_price / sum(tokens.values())
