"""What a user may set of the HTTP service. Every value has a default; times are in seconds."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from cascade.integrations._web.hosts import plain

MIN_KEY = 16


class ServeSpec(BaseModel):
    """How the service treats requests; ``ServeSpec()`` is a sound start for a service behind an app's own door."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)

    key: SecretStr | None = None
    """What clients must send as ``Authorization: Bearer KEY``, at least 16 visible ASCII characters; ``None`` lets
    everybody in who reaches the port."""
    host_names: tuple[str, ...] = ()
    """Without a key, names or addresses beside this machine's own (``localhost``, 127.0.0.1, ::1) by which the
    application may be called; with a key it may be called by any."""
    deadline_s: float = Field(default=10.0, gt=0)
    """For a request that names none."""
    max_deadline_s: float = Field(default=60.0, gt=0)
    """A request that asks for more gets this."""
    max_body_bytes: int = Field(default=256 * 1024, ge=1024)
    body_timeout_s: float = Field(default=10.0, gt=0)
    """For a body to arrive in."""
    max_texts: int = Field(default=256, ge=1)
    """Utterances in one request."""
    max_in_flight: int = Field(default=1024, ge=1)
    """Requests for decisions at once in one process; more are refused with 503."""

    @field_validator("host_names")
    @classmethod
    def _are_hosts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(plain, names))

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.deadline_s > self.max_deadline_s:
            raise ValueError("deadline_s is above max_deadline_s")
        if self.key is not None:
            key = self.key.get_secret_value()
            if len(key) < MIN_KEY or not all("!" <= char <= "~" for char in key):
                raise ValueError(f"a key is at least {MIN_KEY} visible ASCII characters, without spaces")
        return self
