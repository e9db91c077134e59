"""What a recipe decides about the log: windows of time, and how much goes to labelling. Needs no heavy library."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class TimeSplit(BaseModel):
    """Shares of the log's decisions, the oldest first; the rest is the test window."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: float = Field(default=0.6, gt=0, lt=1)
    calibration: float = Field(default=0.15, ge=0, lt=1)
    jaccard: float = Field(default=0.85, gt=0, le=1)
    """Least share of common bigrams that makes two texts near-duplicates."""

    @model_validator(mode="after")
    def _room_for_a_test(self) -> Self:
        if self.train + self.calibration >= 1:
            raise ValueError("train and calibration leave nothing to compare on")
        return self


class Mining(BaseModel):
    """How many utterances of each stratum go to labelling, in train and in test each; and when an answer is sure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corrected: int = Field(default=150, ge=0)
    disputed: int = Field(default=150, ge=0)
    audited: int = Field(default=100, ge=0)
    escalated: int = Field(default=300, ge=0)
    uncertain: int = Field(default=250, ge=0)
    control: int = Field(default=300, ge=0)
    certified: int = Field(default=600, ge=0)
    """Decisions drawn from the calibration window for a certificate."""
    sure: float = Field(default=0.98, ge=0, le=1)
    """Answers of the classifier below this confidence are uncertain."""

    def quota(self, stratum: str) -> int:
        """Utterances to draw."""
        return int(getattr(self, stratum))
