"""The stages of a retraining by name: ``python -m training STAGE retrain.toml [VERSION]``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cascade.loading import Loading
from training.recipe import RecipeError
from training.retraining import label_studio, queue
from training.retraining.recipe import RetrainRecipe
from training.retraining.registry import Registry, table

if TYPE_CHECKING:
    from training.retraining.mine import Shop

STAGES: Final[Mapping[str, str]] = {
    "mine": "read the decision log, draw a labelling queue, report new words",
    "push": "send the queue to the recipe's Label Studio server",
    "pull": "fetch what people labelled there into the recipe's labels",
    "teach": "ask the recipe's large model about what the crowd said; only what has no label of its yet",
    "retrain": "train a challenger from the labels, compare it with the champion, make it a version if it passes",
    "promote": "make a version the current one (the newest where none is named)",
    "rollback": "make the version current that was so before",
    "history": "what became of each version",
}


def run(stage: str, path: Path, root: Path, version: str | None, console: Console) -> int:
    """Run a stage; 1 when a gate refused the challenger.

    Raises :class:`~training.recipe.RecipeError` and its kin.
    """
    recipe = RetrainRecipe.read(path, root)
    if stage in ("mine", "push", "pull", "teach", "retrain"):
        shop = _part("mine").Shop.open(recipe, console)
        if stage in ("push", "pull"):
            console.print(_label_studio(stage, shop), highlight=False)
            return 0
        if stage == "teach":
            console.print(_teach(shop), highlight=False)
            return 0
        if stage == "mine":
            _part("mine").mine(shop)
            return 0
        return 0 if _part("retrain").retrain(shop) else 1
    registry = Registry(recipe.path(recipe.registry))
    if stage == "history":
        console.print(history(registry))
        return 0
    now = datetime.now(UTC)
    event = (
        registry.roll_back(now) if stage == "rollback" else registry.promote(version or newest(registry), now)
    )
    console.print(f"{event.bundle} ({event.version}) is current; runtimes reload {registry.link}")
    return 0


def _label_studio(stage: str, shop: Shop) -> str:
    """Carry the queue there or the labels back; one line that says how much."""
    table = shop.recipe.label_studio
    if table is None:
        raise RecipeError("the recipe has no table [label_studio]; give it a url")
    studio = label_studio.SdkStudio.connect(table)
    interface = queue.labelling_config(shop.pack.intents)
    if stage == "pull":
        human = shop.recipe.path(shop.recipe.labels) / "human"
        return label_studio.overview(label_studio.pull(studio, table.project, interface, human))
    tasks = (_part("mine").mine(shop).queue.folder / "queue.json").read_text(encoding="utf-8")
    return label_studio.overview(label_studio.push(studio, table.project, tasks, interface))


def _teach(shop: Shop) -> str:
    """Have the large model label what may be learned from, the most frequent first; one line that says how much."""
    if shop.recipe.teacher is None:
        raise RecipeError('the recipe names no teacher; give it one, as in teacher = "ollama:qwen3:8b"')
    said = _part("mine").learnable(shop, shop.recipe.llm_labels)
    folder = shop.recipe.path(shop.recipe.labels) / "llm"
    engine = Loading(str(shop.champion), llm=shop.recipe.teacher, only="llm")()
    with engine, Progress(console=shop.console, disable=not shop.console.is_terminal) as bar:
        task = bar.add_task("teacher", total=len(said))
        labelled, refused = _part("teach").teach(engine, said, folder, lambda asked: bar.advance(task, asked))
    return f"{labelled} labels added; {refused} utterances got none that stands and will be asked again"


def newest(registry: Registry) -> str:
    """The version that was added last. Raises :class:`~training.recipe.RecipeError` when there is none."""
    added = [event.version for event in registry.state().history if event.action == "added"]
    if not added:
        raise RecipeError(f"{registry.home}: no version was ever added; run the stage 'retrain'")
    return added[-1]


def history(registry: Registry) -> Table:
    """The history, the newest last, with a mark at the current version."""
    state = registry.state()
    shown = Table(title=str(registry.home))
    for head in ("when", "what", "version", "bundle", "note"):
        shown.add_column(head)
    for when, what, version, bundle, note in table(state.history):
        shown.add_row(when, what, f"{version} *" if version == state.current else version, bundle, note)
    return shown


def _part(name: str) -> Any:
    """A module that needs polars and jieba; the registry's stages do not."""
    try:
        return import_module(f"training.retraining.{name}")
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"retraining needs {error.name}; install the group: pip install --group train"
        ) from error
