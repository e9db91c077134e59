"""What every tier answers for the pack ``taxi_zh``: a ride, whole. ``None`` and empty mean "not said"."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]

RIDING_INTENTS = frozenset({"book_ride", "change_ride"})
MAX_CARS = 5


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Car(_Model):
    """One line of a booking."""

    kind: Name | None = None
    """Canonical class (专车), or 车 where none was named."""
    cars: int = Field(default=1, ge=1, le=MAX_CARS)
    seats: Literal["five", "six", "seven"] | None = None
    extras: tuple[Name, ...] = ()
    """What must be on board: 儿童座椅, 宠物箱, 轮椅位."""
    refused: tuple[Name, ...] = ()
    """What must not."""


class RideIntent(_Model):
    """What the speaker wants: one of the pack's intents and, for a ride, every part of it. Immutable."""

    intent: str
    rides: tuple[Car, ...] = ()
    origin: Name | None = None
    """Canonical name of a known place; where the car is ordered to stand."""
    destination: Name | None = None
    """As spoken."""
    time: Name | None = None
    """As spoken."""
    passengers: int | None = Field(default=None, ge=1, le=7)
    luggage: int | None = Field(default=None, ge=1, le=6)
    """Pieces of it."""
    sharing: Literal["shared", "alone"] | None = None
    limit_cny: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Upper price bound in yuan."""
    remarks: tuple[Name, ...] = ()
    """What was asked for and no slot holds, as spoken."""

    @model_validator(mode="after")
    def _only_rides_carry_rides(self) -> Self:
        said = self.model_dump(exclude_defaults=True, exclude={"intent"})
        if said and self.intent not in RIDING_INTENTS:
            raise ValueError(f"an answer of intent {self.intent!r} carries no ride")
        return self
