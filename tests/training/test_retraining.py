"""From a log to a promoted version, on a small pack: the same log gives the same bundle, and a worse one is refused."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from training_kit import micro

from cascade.bundle import Bundle
from cascade.config import Cascade
from training.__main__ import main
from training.annotation import AnnotationError, read_all
from training.dataset import Pack
from training.retraining.labels import Label, write
from training.retraining.recipe import RetrainRecipe
from training.retraining.registry import Registry

for needed in ("polars", "jieba", "torch", "onnx", "safetensors"):
    pytest.importorskip(needed)
from training.retraining import retrain, simulate  # noqa: E402
from training.retraining.mine import Shop, mine  # noqa: E402

GATES_OPEN = """
[gates]
utterances = 1
order_error = 1
acting_error = 1
coverage = 1
calibration_error = 1
broken_pairs = 99
latency_ratio = 99
"""
RECIPE = """
name = "micro"
seed = 5
training = "micro.toml"
logs = "logs"
labels = "labels"
registry = "{registry}"
work = "{work}"
promote = true
{more}
[mining]
corrected = 5
disputed = 5
audited = 5
escalated = 20
uncertain = 15
control = 20
certified = 40
"""


def recipe(root: Path, work: str = "work", more: str = "", registry: str = "registry") -> Path:
    path = root / f"{work}-{registry}.toml"
    path.write_text(RECIPE.format(work=work, more=more, registry=registry), encoding="utf-8")
    return path


def opened(path: Path) -> Shop:
    return Shop.open(RetrainRecipe.read(path, path.parent), Console(file=io.StringIO(), width=200))


def printed(shop: Shop) -> str:
    out = shop.console.file
    assert isinstance(out, io.StringIO)
    return out.getvalue()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack with a simulated log, and a queue answered by people who know the truth."""
    home = tmp_path_factory.mktemp("pack") / "root"
    home.mkdir()
    micro(home)
    bundle = Bundle.open(home / "models" / "tea")
    train = home / "data" / "train"
    examples = read_all(sorted(train.glob("*.tsv")), bundle.intents, train)
    day = simulate.Day(rows=400, start=1_770_343_200.0, audited=0.1, corrected=1.0)
    truth = simulate.simulate(bundle, examples, home / "logs", day)
    shop = opened(recipe(home))
    queue = mine(shop).queue.folder / "queue.json"
    answered = simulate.answer(queue, home / "labels" / "human" / "told.jsonl", truth, shop.pack.normalised)
    assert answered == len(json.loads(queue.read_text(encoding="utf-8"))) > 20
    return home


@pytest.fixture(scope="module")
def promoted(root: Path) -> Path:
    assert main(["retrain", str(recipe(root, more=GATES_OPEN)), "--root", str(root)]) == 0
    return root


def test_a_worse_challenger_is_refused(root: Path) -> None:
    shop = opened(recipe(root, registry="strict"))
    assert not retrain.retrain(shop)
    assert "refused" in printed(shop)
    (path,) = (root / "work").glob("*.report.json")
    report = json.loads(path.read_text(encoding="utf-8"))
    refused = {gate["gate"] for gate in report["gates"] if not gate["passed"]}
    assert "coverage" in refused
    assert not (root / "strict").exists()


def test_a_challenger_that_passes_becomes_the_version_that_runtimes_reload(promoted: Path) -> None:
    registry = Registry(promoted / "registry")
    assert [event.action for event in registry.state().history] == ["added", "promoted"]
    bundle = Bundle.open(registry.link)
    assert bundle.manifest.version.startswith("2026.02.06-")
    with Cascade.load(promoted / "models" / "tea") as cascade:
        assert cascade.reload(registry.link).id == bundle.id
        assert cascade.classify("帮我点一杯珍珠奶茶").bundle == bundle.id
    report = json.loads(
        (registry.folder(bundle.path.name).parent / f"{bundle.path.name}.report.json").read_text()
    )
    assert report["outcome"] == "passed"
    assert report["sets"]["train_human"] > 0
    assert report["sets"]["certified_labelled"] == report["sets"]["certified"] > 0


def test_the_same_log_gives_the_same_version(promoted: Path) -> None:
    before = Registry(promoted / "registry").state()
    again = recipe(promoted, work="again", more=GATES_OPEN)
    first_champion = Pack.open(Bundle.open(promoted / "models" / "tea"))
    assert retrain.retrain(replace(opened(again), pack=first_champion))
    assert Registry(promoted / "registry").state() == before
    assert list((promoted / "again").glob("challenger-*"))


def test_a_challenger_may_go_on_from_the_champion(promoted: Path, tmp_path: Path) -> None:
    home = shutil.copytree(promoted, tmp_path / "onward", symlinks=True)
    champion = Bundle.open(Registry(home / "registry").link.resolve())
    assert retrain.retrain(opened(recipe(home, work="onward", more="[go_on]\nepochs = 2\n" + GATES_OPEN)))
    version = Registry(home / "registry").state().current
    assert version is not None
    assert version != champion.path.name
    digest = hashlib.sha256(champion.file("model.onnx").read_bytes()).hexdigest()
    assert digest in Bundle.open(Registry(home / "registry").folder(version)).file("MODEL_CARD.md").read_text(
        "utf-8"
    )


def test_a_run_that_is_done_does_nothing_again(root: Path) -> None:
    first, second = opened(recipe(root)), opened(recipe(root))
    before = mine(first)
    stamps = {path: path.stat().st_mtime_ns for path in before.queue.folder.iterdir()}
    again = mine(second)
    assert (again.queue.key, again.drawn, again.decisions) == (
        before.queue.key,
        before.drawn,
        before.decisions,
    )
    assert {path: path.stat().st_mtime_ns for path in before.queue.folder.iterdir()} == stamps
    assert not again.queue.fresh


def test_stages_of_the_registry(promoted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, given = str(recipe(promoted, more=GATES_OPEN)), ["--root", str(promoted)]
    assert main(["history", path, *given]) == 0
    assert "promoted" in capsys.readouterr().out
    assert main(["promote", path, *given]) == 1
    assert "the current one already" in " ".join(capsys.readouterr().out.split())
    assert main(["promote", path, "nosuch", *given]) == 1
    assert main(["rollback", path, *given]) == 1
    assert "no earlier version" in " ".join(capsys.readouterr().out.split())


def test_there_is_nothing_to_promote_without_a_version(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["promote", str(recipe(root, registry="nowhere")), "--root", str(root)]) == 1
    assert "no version was ever added" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "{}"), ("a.csv", "x,y\n"), ("a.jsonl", "{}\n"), ("b.jsonl", None)]
)
def test_labels_that_cannot_be_used_are_told_with_their_file(
    tmp_path: Path, name: str, text: str | None
) -> None:
    if text is None:
        write(tmp_path / name, [Label(text="x", intent="decline", source="llm", by="qwen")])
    else:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(AnnotationError, match=name):
        retrain.human_labels(tmp_path)


def test_labels_come_back_in_any_form(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [Label(text="不了", intent="decline", source="human", by="amy")])
    (tmp_path / "b.csv").write_text("text,intent,annotator\n好的,confirm,bob\n嗯,,\n", encoding="utf-8")
    result = [{"from_name": "intent", "value": {"choices": ["chitchat"]}}]
    task = {"data": {"text": "早"}, "annotations": [{"result": result, "completed_by": 1}]}
    (tmp_path / "c.json").write_text(json.dumps([task]), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    found = retrain.human_labels(tmp_path)
    assert [(label.text, label.intent, label.by) for label in found] == [
        ("不了", "decline", "amy"),
        ("好的", "confirm", "bob"),
        ("早", "chitchat", "1"),
    ]


def test_the_recipe_of_the_project_can_be_read() -> None:
    root = Path(__file__).parents[2]
    read = RetrainRecipe.read(root / "training" / "retraining" / "retrain.toml", root)
    assert read.path(read.training).is_file()
    assert not read.promote


@pytest.mark.parametrize("text", ["name = 3", "nonsense", 'name = "x"'])
def test_a_recipe_that_cannot_be_used_is_told(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text, encoding="utf-8")
    assert main(["mine", str(path)]) == 1
    assert "RecipeError" in capsys.readouterr().out
