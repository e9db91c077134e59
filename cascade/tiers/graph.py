"""A classifier's ONNX graph with its features: normalised text in, raw scores out. Tiers with such a graph share it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import onnxruntime

from cascade import features
from cascade.bundle import Bundle
from cascade.errors import BundleCorrupt, BundleIncompatible
from cascade.features import Encoder, Feeds
from cascade.tiers.calibration import Vector

MODEL: Final = "model.onnx"
VOCABULARY: Final = "vocab.txt"

_OUTPUTS: Final = ("intent", "tags")
_NEARNESS: Final = "nearness"


@dataclass(frozen=True, slots=True)
class Scores:
    """What the graph says of one text."""

    intents: Vector
    """``[intents]``"""
    tags: Vector
    """``[rows, tags]``, a row for each of the encoder's places."""
    nearness: float = 0.0
    """How near the text is to what the model learned, where the graph measures it."""


class Graph:
    """One session that serves all threads."""

    def __init__(self, model: bytes, encoder: Encoder, *, intents: int, tags: int) -> None:
        """``intents`` and ``tags`` count the outputs that the calibration names.

        Raises :class:`~cascade.errors.BundleCorrupt` or :class:`~cascade.errors.BundleIncompatible` for a graph that
        is not the one these belong to.
        """
        self.encoder = encoder
        self._session = _session(model)
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.max_chars = self._tried(intents, tags) - 1

    def scores(self, text: str) -> Scores:
        """Raw scores of a normalised text of at most ``max_chars`` characters."""
        found = self._run(self.encoder.feeds(text))
        nearness = float(found[_NEARNESS][0]) if _NEARNESS in found else 0.0
        return Scores(found["intent"][0], found["tags"][0, 1:], nearness)

    def _run(self, feeds: Feeds) -> dict[str, Vector]:
        return dict(zip(self._outputs, self._session.run(None, feeds), strict=True))

    def _tried(self, intents: int, tags: int) -> int:
        """The longest input the graph takes, after trying it."""
        properties = dict(self._session.get_modelmeta().custom_metadata_map)
        if properties.get("features") != self.encoder.version:
            raise BundleIncompatible(
                f"features {properties.get('features')!r}, {VOCABULARY} is of {self.encoder.version!r}",
                file=MODEL,
            )
        try:
            length = int(properties["max_length"])
            text = "奶" * (length - 1)
            found = self._run(self.encoder.feeds(text))
            self._run(self.encoder.last_row())
            shapes = [found[name].shape for name in _OUTPUTS]
        except Exception as error:
            raise BundleCorrupt(f"the graph does not run: {type(error).__name__}", file=MODEL) from error
        rows = len(self.encoder.places(text)) + 1
        if shapes != [(1, intents), (1, rows, tags)]:
            raise BundleCorrupt("the outputs are not those that calibration.json names", file=MODEL)
        return length


def encoder_of(bundle: Bundle) -> Encoder:
    """The encoder that the bundle's classifier was trained with.

    Raises :class:`~cascade.errors.BundleCorrupt` or :class:`~cascade.errors.BundleIncompatible`.
    """
    version = bundle.manifest.features
    if version not in features.VERSIONS:
        raise BundleIncompatible(
            f"features {version!r}, this library computes {', '.join(map(repr, features.VERSIONS))}"
        )
    try:
        return features.parse(version, bundle.file(VOCABULARY).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleCorrupt(str(error), file=VOCABULARY) from error


def _session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    # One thread a call: the crowd's calls run side by side already, and a pool of spinning threads would starve them.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        raise BundleCorrupt(
            f"not a model that onnxruntime {onnxruntime.__version__} can run", file=MODEL
        ) from error
