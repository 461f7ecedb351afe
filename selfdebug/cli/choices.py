"""The options that several commands share, said once."""

from pathlib import Path
from typing import Annotated

import typer

from sandbox.types import Limits
from selfdebug.errors import InputError
from selfdebug.generator import Generator, Sampling
from selfdebug.options import Budget, Feedback, Options, Strategy, parse_feedback

Model = Annotated[
    str,
    typer.Option(
        help="A hub name, a folder, a GGUF file, openai:NAME (OPENAI_BASE_URL, OPENAI_API_KEY) or replay:TRAJECTORY."
    ),
]
FeedbackChoice = Annotated[
    str, typer.Option(help=f"{', '.join(Feedback)}; or several joined with +, as in unit-test+explanation.")
]
StrategyChoice = Annotated[
    Strategy,
    typer.Option(
        "--strategy",
        help="adaptive: write others or repair one, whichever is more likely to pay; linear: repair the last program; "
        "resample: write another, told nothing; rounds: write several, repair each twice, again; tree: search over all "
        "programs so far; survey: try everything, for the record.",
    ),
]
Samples = Annotated[
    int,
    typer.Option(
        min=1,
        help="Programs drawn at once: linear repairs the best of them; the others draw so many each time (a search 4 "
        "unless it is more than 1).",
    ),
]
FewShot = Annotated[bool, typer.Option("--few-shot", help="Put a worked example before each request.")]
MaxTurns = Annotated[int, typer.Option(min=1, help="The most candidates, the first one included.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="The most prompt and completion tokens in all.")]
MaxSeconds = Annotated[float | None, typer.Option(min=0.001, help="The most seconds in all.")]
MaxExecutions = Annotated[int | None, typer.Option(min=1, help="The most candidates that are run.")]
Temperature = Annotated[float, typer.Option(min=0.0, max=2.0, help="0 is greedy.")]
TopP = Annotated[float, typer.Option(min=0.01, max=1.0, help="The share of probability that tokens are drawn from.")]
Seed = Annotated[int, typer.Option(min=0, help="Of every draw; the same seed gives the same solve.")]
MaxNewTokens = Annotated[int, typer.Option(min=1, help="The most tokens of one program.")]
Timeout = Annotated[
    float,
    typer.Option(min=0.1, help="Seconds of processor time for one run of a candidate; three times that by the clock."),
]
Memory = Annotated[int, typer.Option(min=64, help="MiB that one run of a candidate may use.")]
SandboxChoice = Annotated[
    str, typer.Option("--sandbox", help="bubblewrap, docker, or none: run candidates UNPROTECTED, with your rights.")
]
Runtime = Annotated[
    str | None, typer.Option(help="For --sandbox docker: a runtime of the engine, runsc for gVisor.", metavar="NAME")
]
Out = Annotated[Path | None, typer.Option(help="A folder to keep the results in.")]


def options(
    *,
    model: str,
    feedback: str,
    max_turns: int,
    max_tokens: int | None = None,
    max_seconds: float | None = None,
    max_executions: int | None = None,
    temperature: float = 0.0,
    top_p: float = 0.95,
    seed: int = 0,
    max_new_tokens: int = 512,
    timeout: float,
    memory: int,
    strategy: Strategy = Strategy.ADAPTIVE,
    samples: int = 1,
    few_shot: bool = False,
) -> Options:
    """The `Options` that the command line asks for.

    Raises:
        InputError: The feedback is not one.
    """
    try:
        kinds = parse_feedback(feedback)
    except ValueError as error:
        raise InputError("--feedback", "", str(error)) from None
    return Options(
        model=model,
        feedback=kinds,
        budget=Budget(turns=max_turns, tokens=max_tokens, seconds=max_seconds, executions=max_executions),
        sampling=Sampling(temperature=temperature, top_p=top_p, seed=seed, max_new_tokens=max_new_tokens),
        limits=limits(timeout, memory),
        strategy=strategy,
        samples=samples,
        few_shot=few_shot,
    )


def limits(timeout: float, memory: int) -> Limits:
    """What a candidate may use: `timeout` seconds of processor, three times that by the clock, `memory` MiB.

    A busy machine makes an honest program slow by the clock, not by its processor time.
    """
    return Limits(wall_s=3 * timeout, cpu_s=timeout, memory_bytes=memory * 2**20)


def open_model(name: str) -> Generator:
    """The generator for `--model`; a model that is not here yet is pulled, with its progress shown.

    Raises:
        InputError: This can be no model's name.
        ModelUnavailable: It is not here and cannot be had.
    """
    from rich.console import Console

    from selfdebug.cli.models import PullBars
    from selfdebug.generators.select import open_generator

    with PullBars(Console(stderr=True)) as bars:
        return open_generator(name, progress=bars)
