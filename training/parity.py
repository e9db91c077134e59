"""What an exported graph is held to, whichever student it is of: it must compute what was trained."""

from __future__ import annotations

PARITY_TEXTS = 400
"""Texts on which the graphs are compared."""
SAMPLES = 40
"""Train texts whose trained intent scores are kept with the bundle, for the test of the graph that ships."""
FLOAT_TOLERANCE = 2e-4
"""Largest difference of a score between what was trained and the same weights in onnxruntime, unquantised."""


class ParityError(RuntimeError):
    """The exported graph does not compute what was trained."""
