"""What was shown about the error of a bundle: the ``certificate.json`` that it may carry.

A certificate is a set of statements of one form: "among the utterances that rules and classifier answer as one of these
intents, at this threshold, at most ``epsilon`` are answered wrongly as a whole order; a sample as lucky as this one
comes of a worse cascade with probability at most ``delta``". It holds for utterances drawn as the certified ones were,
for the files that it names by hash, and until its last day. This module reads it; ``training`` makes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cascade.bundle import MANIFEST, Bundle
from cascade.errors import BundleCorrupt

FORMAT = 1
FILE = "certificate.json"
RUNG_FILES = "certificate-"
"""What the names of the certificates of single rungs begin with."""
UNCERTIFIED_FILES = frozenset({FILE, "policy.yaml", "llm.yaml", "parity.json", "MODEL_CARD.md"})
"""Files that may change without changing what rules and classifier propose; thresholds are compared by value."""

Share = Annotated[float, Field(ge=0, le=1)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Statement(_Record):
    """What was shown, or could not be shown, about the answers of some intents."""

    intents: tuple[str, ...] = Field(min_length=1)
    """The answers that it is about, taken together."""
    epsilon: float = Field(gt=0, lt=1)
    """Greatest share of wrong answers among those given."""
    delta: float = Field(gt=0, lt=1)
    """Greatest probability that the statement was made although it is false."""
    certified: bool
    thresholds: tuple[Share, ...] = ()
    """Confidences that it holds for, all at once, strictest first; the last one answers most. Empty: nothing shown."""
    margin: Share = 0.0
    """Least distance to the second-best intent, as the policy had it."""
    n: int = Field(ge=0)
    """Certified utterances answered at the last threshold, or at the first one tried where nothing was shown."""
    errors: int = Field(ge=0)
    """Wrong ones among them."""
    upper_bound: Share
    """Clopper-Pearson bound of the error at level ``delta`` for that threshold alone."""
    coverage: Share
    """Share of the utterances meant as one of the intents that are answered as one of them at that threshold."""
    reason: Literal["", "too_few", "too_many_errors"] = ""
    """Why nothing was shown."""
    more_labels: int | None = Field(default=None, ge=0)
    """Labelled utterances of the intents still needed at least, if none of them is answered wrongly; ``None`` where
    the error itself is too large for more of the same to help."""

    @property
    def threshold(self) -> float | None:
        """The confidence to answer at; ``None`` where nothing was shown."""
        return self.thresholds[-1] if self.thresholds else None


class Certificate(_Record):
    """``certificate.json``."""

    format: Literal[1] = 1
    bundle: str
    """Name and version of the bundle."""
    issued: date
    valid_until: date
    """Last day on which the statements may be relied on: what people say, and sell, changes."""
    family: Literal["each", "all"]
    """``each``: every statement by itself may be false with probability delta. ``all``: delta was divided among
    them, and with the undivided delta all of them are true at once."""
    population: str
    """Of which utterances the certified ones are a sample."""
    rows: int = Field(ge=0)
    """Labelled utterances in the certified sample."""
    split_sha256: str
    """Of the sample: texts and labels, sorted."""
    files: Mapping[str, str]
    """SHA-256 of each file of the bundle that has a part in an answer of rules or classifier."""
    statements: tuple[Statement, ...]
    """Those that the policy's thresholds come from: no intent stands in two."""
    apart: tuple[Statement, ...] = ()
    """The intents of statements about several, each by itself at delta: what is known of it alone, or missing."""

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Certificate | None:
        """The certificate that a bundle carries, ``None`` if it carries none.

        Raises :class:`~cascade.errors.BundleCorrupt` for one that cannot be read.
        """
        if not bundle.has(FILE):
            return None
        try:
            return cls.model_validate(bundle.json(FILE))
        except ValidationError as error:
            first = error.errors()[0]
            raise BundleCorrupt(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", file=FILE) from error

    def statement(self, intent: str) -> Statement | None:
        """The statement that an intent's answers fall under, alone or with others."""
        return next((statement for statement in self.statements if intent in statement.intents), None)

    def problems(
        self, bundle: Bundle, today: date, threshold: Callable[[str], tuple[float, float] | None]
    ) -> tuple[str, ...]:
        """Why the certificate does not speak for this bundle, policy and day; empty when it does.

        ``threshold`` gives the confidence and the margin that the policy in force asks of an intent.
        """
        found = [f"it ended on {self.valid_until}"] if today > self.valid_until else []
        files = certified_files(bundle)
        found += [
            f"{name} is not the file that was certified"
            for name in sorted({*self.files, *files})
            if self.files.get(name) != files.get(name)
        ]
        for statement in self.statements:
            for intent in statement.intents if statement.certified else ():
                limit = threshold(intent)
                if limit is not None and (
                    limit[0] not in statement.thresholds or limit[1] != statement.margin
                ):
                    found.append(f"the policy answers {intent} at another threshold than was certified")
        return tuple(found)


def certified_files(bundle: Bundle) -> dict[str, str]:
    """SHA-256 by name of the files that have a part in what rules and classifier propose.

    The manifest is one of them (it holds the wake words), but for its version and its list of files.
    """
    head = bundle.manifest.model_dump_json(exclude={"version", "files"})
    hashes = {MANIFEST: hashlib.sha256(head.encode()).hexdigest()}
    hashes |= {
        name: entry.sha256
        for name, entry in bundle.manifest.files.items()
        if name not in UNCERTIFIED_FILES and not name.startswith(RUNG_FILES)
    }
    return dict(sorted(hashes.items()))
