"""Drawing the next token of every sequence of a batch at once, each with its own temperature, top-p and chance."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch

# A nucleus nearly always fits in the likeliest few tokens, and sorting a whole vocabulary costs 40 times more.
SHORTLIST = 256


@dataclass(frozen=True)
class Draw:
    """How one sequence draws its next token.

    Attributes:
        temperature: Above 0; a greedy sequence has no draw.
        top_p: The least probability that the tokens drawn from have together, in (0, 1].
        chance: Uniform in [0, 1): where in their cumulated probability the token lies.
    """

    temperature: float
    top_p: float
    chance: float


def chances(seed: int, sample: int, count: int) -> list[float]:
    """The uniform numbers of one sample: a stream that depends on nothing but its seed and its index."""
    digest = hashlib.blake2b(f"{seed}:{sample}".encode(), digest_size=8).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest, "little") >> 1)
    drawn: list[float] = torch.rand(count, generator=generator, dtype=torch.float64).tolist()
    return drawn


def next_tokens(logits: torch.Tensor, draws: Sequence[Draw | None]) -> list[int]:
    """Choose one token a row.

    Args:
        logits: Of the next token, `[rows, vocabulary]`, any floating type.
        draws: One a row; None takes the likeliest token.

    Nucleus sampling as in Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020), section 3.1: the
    smallest set of likeliest tokens whose probability reaches top-p, drawn from in proportion.
    """
    scores = logits.float()  # argmax over half-precision numbers is several times slower on CPUs
    sampled = [row for row, draw in enumerate(draws) if draw is not None]
    if not sampled:
        greedy: list[int] = scores.argmax(-1).tolist()
        return greedy
    if len(sampled) == len(draws):
        return _sample(scores, [draw for draw in draws if draw is not None])
    tokens: list[int] = scores.argmax(-1).tolist()
    drawn = _sample(scores[sampled], [draw for draw in draws if draw is not None])
    for row, token in zip(sampled, drawn, strict=True):
        tokens[row] = token
    return tokens


def _sample(scores: torch.Tensor, draws: Sequence[Draw]) -> list[int]:
    def column(values: list[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float32, device=scores.device).unsqueeze(1)

    top_p = column([draw.top_p for draw in draws])
    chance = column([draw.chance for draw in draws])
    # Less the maximum first, so that a tiny temperature cannot overflow.
    scaled = (scores - scores.amax(-1, keepdim=True)) / column([max(draw.temperature, 1e-6) for draw in draws])
    total = scaled.logsumexp(-1, keepdim=True)
    likeliest, tokens = scaled.topk(min(SHORTLIST, scaled.shape[-1]), dim=-1)
    probabilities = (likeliest - total).exp()
    chosen = _choose(probabilities, tokens, top_p, chance)
    reached = probabilities.sum(-1, keepdim=True)
    beyond = torch.where(top_p < 1, reached < top_p, reached <= chance)
    for row in beyond.flatten().nonzero().flatten().tolist():
        # The nucleus, or the draw, reaches beyond the shortlist: this row needs the whole order.
        ordered, order = (scaled[row] - total[row]).exp().sort(descending=True, stable=True)
        chosen[row] = _choose(ordered[None], order[None], top_p[row : row + 1], chance[row : row + 1])[0]
    result: list[int] = chosen.tolist()
    return result


def _choose(
    probabilities: torch.Tensor, tokens: torch.Tensor, top_p: torch.Tensor, chance: torch.Tensor
) -> torch.Tensor:
    """The token at which the cumulated probability of the nucleus passes `chance` of its whole."""
    cumulated = probabilities.cumsum(-1, dtype=torch.float64)
    inside = cumulated - probabilities < top_p
    mass = (probabilities * inside).sum(-1, keepdim=True, dtype=torch.float64)
    mass = torch.where(top_p < 1, mass, 1.0)  # where everything may be drawn, the shortlist is not the whole
    place = (cumulated <= chance * mass).sum(-1, keepdim=True).clamp(max=probabilities.shape[-1] - 1)
    last = inside.sum(-1, keepdim=True) - 1  # rounding must not carry the draw out of the nucleus
    return tokens.gather(-1, place.minimum(last)).squeeze(1)
