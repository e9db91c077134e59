"""Who answers what: the share of each tier below the large model, given or read off a ledger. Never assumed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cascade.errors import ConfigurationError

LLM = "llm"


@dataclass(frozen=True, slots=True)
class LowerTier:
    """A tier below the large model: the share of all utterances that it answers.

    ``core_s`` is the mean time of one turn of it, in seconds on one processor core; ``None`` is unknown.
    """

    name: str
    share: float
    core_s: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigurationError(f"{self.name}: a share is between 0 and 1, not {self.share}")
        if self.core_s is not None and not (self.core_s >= 0 and math.isfinite(self.core_s)):
            raise ConfigurationError(f"{self.name}: a turn takes at least 0 s, not {self.core_s}")


@dataclass(frozen=True, slots=True)
class Mix:
    """The tiers below the large model, in order. What none of them answers reaches the model."""

    tiers: tuple[LowerTier, ...] = ()

    def __post_init__(self) -> None:
        if math.fsum(tier.share for tier in self.tiers) > 1 + 1e-9:
            raise ConfigurationError("tiers answer more than there is: their shares add up to more than 1")

    @property
    def llm_share(self) -> float:
        """Share of all utterances that reach the large model."""
        return max(0.0, 1.0 - math.fsum(tier.share for tier in self.tiers))

    @property
    def core_s(self) -> float | None:
        """Mean seconds of one core for an utterance, over all turns it has; ``None`` when a tier's are unknown."""
        total, reaching = 0.0, 1.0
        for tier in self.tiers:
            if tier.core_s is None:
                return None
            total += reaching * tier.core_s
            reaching -= tier.share
        return total

    @classmethod
    def from_shares(cls, shares: Mapping[str, float]) -> Mix:
        """From shares by tier; that of ``llm`` may be among them, and is then the rest."""
        mix = cls(tuple(LowerTier(name, share) for name, share in shares.items() if name != LLM))
        if LLM in shares and not math.isclose(shares[LLM], mix.llm_share, abs_tol=1e-6):
            raise ConfigurationError(f"the share of {LLM} is what the others leave: {mix.llm_share:.6g}")
        return mix


WITHOUT = Mix()
"""No cascade: every utterance reaches the large model."""


class _Latency(BaseModel):
    mean: float | None = None


class _Tally(BaseModel):
    answered: int = Field(ge=0)
    latency_us: _Latency = _Latency()


class _Counts(BaseModel):
    model_config = ConfigDict(extra="ignore")

    requests: int = Field(ge=0)
    statuses: Mapping[str, int] = {}
    tiers: Mapping[str, _Tally]


def read_mix(path: Path) -> Mix:
    """The mix that a ledger measured, from the JSON of its snapshot (``ledger.snapshot().to_dict()``).

    Rejected input is left out. Raises :class:`~cascade.errors.ConfigurationError` when the file is no snapshot, or has
    counted nothing.
    """
    try:
        counts = _Counts.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"ledger {path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"ledger {path}: {where}: {first['msg']}") from error
    asked = counts.requests - counts.statuses.get("rejected", 0)
    if asked <= 0:
        raise ConfigurationError(f"ledger {path}: it has counted no utterance")
    return Mix(tuple(_tiers(counts, asked)))


def _tiers(counts: _Counts, asked: int) -> Iterator[LowerTier]:
    for name, tally in counts.tiers.items():
        if name != LLM:
            mean = tally.latency_us.mean
            yield LowerTier(name, tally.answered / asked, None if mean is None else mean / 1e6)
