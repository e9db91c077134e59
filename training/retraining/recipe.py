"""The recipe of a retraining: logs, labels, the training recipe of the challenger, gates, registry."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.recipe import GoingOn, RecipeError
from training.retraining.compare import Gates
from training.retraining.label_studio import LabelStudioTable
from training.retraining.newwords import WordSearch
from training.retraining.plan import Mining, TimeSplit


class RetrainRecipe(BaseModel):
    """See ``training/retraining/retrain.toml``. Relative paths start from the recipe's ``root``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    seed: int = 1
    training: Path
    """The recipe that the challenger is trained by; its sets are the base that the log's labels are added to."""
    logs: Path
    """A decision log, or a folder of them: JSON lines or Parquet."""
    labels: Path
    """A folder: ``human/`` holds what came back from people (Label Studio's JSON, CSV, JSON lines), ``llm/`` labels of
    models (JSON lines)."""
    registry: Path
    work: Path
    split: TimeSplit = TimeSplit()
    mining: Mining = Mining()
    words: WordSearch = WordSearch()
    gates: Gates = Gates()
    teacher: str | None = None
    """A large model for the stage ``teach``, as ``Cascade.load(llm=...)`` takes it: ``ollama:qwen3:8b``."""
    label_studio: LabelStudioTable | None = None
    """A labelling server, for the stages ``push`` and ``pull``."""
    go_on: GoingOn | None = None
    """How the challenger goes on from the champion's student, in a fraction of the time; without it, it is trained from
    the encoder as ``training`` says."""
    llm_labels: int = Field(default=2000, ge=0)
    """Most labels of models to learn from; 0 for none."""
    promote: bool = False
    """Whether a challenger that passes every gate becomes the current version at once."""
    root: Path = Path()

    @classmethod
    def read(cls, path: Path, root: Path) -> Self:
        """Read a recipe. Raises :class:`~training.recipe.RecipeError`."""
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls.model_validate({**data, "root": root})
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise RecipeError(f"{path}: {error}") from error
        except ValidationError as error:
            first = error.errors()[0]
            raise RecipeError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error

    def path(self, relative: Path) -> Path:
        """A path of the recipe, seen from here."""
        return relative if relative.is_absolute() else self.root / relative
