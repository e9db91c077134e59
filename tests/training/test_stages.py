"""The stages, from labelled lines to a bundle: what they refuse, what they report, what they make."""

import hashlib
import json
import random
from pathlib import Path
from typing import Any, Literal

import pytest
from rich.console import Console
from training_kit import micro

from cascade.orders import OrderIntent
from training import negatives
from training.__main__ import main
from training.alignment import TAG_NUMBER, TAGS
from training.architecture import Architecture
from training.augment import Augmenter
from training.dataset import UNKNOWN_TAG, Sample, spans
from training.evaluate import figures, table
from training.judging import Judged
from training.labelled.recipe import LabelledRecipe, is_labelled
from training.recipe import Augmentation, Negatives, Recipe, RecipeError
from training.scoring import right
from training.stages import run
from training.workshop import Workshop

EVERYTHING = Augmentation(slots=1, noise=1, fillers=1, punctuation=1, unknown=0.5)


def quiet() -> Console:
    return Console(quiet=True)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    path = micro(tmp_path_factory.mktemp("check"))
    return Recipe.read(path, path.parent)


class TestCheck:
    def test_it_reports_what_it_found(self, recipe: Recipe) -> None:
        run("check", recipe, quiet())
        report = json.loads((recipe.path(recipe.work) / "check.json").read_text("utf-8"))
        assert report["sizes"] == {"train": 16, "calibration": 6, "test": 5}
        assert [line.split(":")[0] for line in report["dropped"]] == [
            "calibration/set.tsv",
            "train/set.tsv",
        ]

    def test_every_bad_line_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = micro(tmp_path / "bad")
        bad = path.parent / "data" / "train" / "bad.tsv"
        bad.write_text("一\tno_such_intent\n二\torder_drink\tn=0\n", "utf-8")
        assert main(["check", str(path), "--root", str(path.parent)]) == 1
        said = capsys.readouterr().out
        assert "train/bad.tsv:1" in said
        assert "train/bad.tsv:2" in said

    def test_an_empty_folder_is_an_error(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = micro(tmp_path / "empty")
        (path.parent / "data" / "test" / "set.tsv").unlink()
        assert main(["check", str(path), "--root", str(path.parent)]) == 1
        assert "data/test" in capsys.readouterr().out


class TestRecipes:
    @pytest.mark.parametrize(
        ("extra", "complaint"),
        [
            ("colour = 1", "colour"),
            ("threads = 0", "threads"),
            ("teacher_fit = {epochs = 1, rate = 0.1}", "encoder"),
            ("= broken", "Invalid"),
        ],
    )
    def test_what_is_wrong_is_said(self, tmp_path: Path, extra: str, complaint: str) -> None:
        path = micro(tmp_path / "wrong", extra)
        with pytest.raises(RecipeError, match=complaint):
            Recipe.read(path, path.parent)

    def test_a_missing_recipe_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match=r"none\.toml"):
            Recipe.read(tmp_path / "none.toml", tmp_path)

    def test_the_recipes_of_the_project_can_be_read(self) -> None:
        from training_kit import ROOT

        paths = sorted((ROOT / "training" / "recipes").glob("*.toml"))
        found = [
            LabelledRecipe.read(path) if is_labelled(path) else Recipe.read(path, ROOT) for path in paths
        ]
        assert "tiny" in [recipe.name for recipe in found]

    @pytest.mark.parametrize(
        "parts",
        [
            "",
            "[linear]\n[student]\nlayers=1\nwidth=16\nheads=1\nhead_size=8\nfeed_forward=16\n[student_fit]\nepochs=1\nrate=1",
        ],
    )
    def test_a_recipe_names_one_student(self, tmp_path: Path, parts: str) -> None:
        path = tmp_path / "none.toml"
        path.write_text(f'name = "none"\nbundle = "b"\nwork = "w"\n{parts}\n', encoding="utf-8")
        with pytest.raises(RecipeError, match=r"or \[linear\]"):
            Recipe.read(path, tmp_path)

    def test_a_later_stage_says_which_comes_first(self, recipe: Recipe) -> None:
        with pytest.raises(RecipeError, match="run the stage 'train' first"):
            Workshop.open(recipe).vocabulary()

    def test_a_missing_public_set_says_what_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match="put the public set there, or drop it"):
            negatives.read(Negatives(folder=tmp_path, massive=5), 1)

    def test_public_texts_that_order_or_greet_are_left_out(self, tmp_path: Path) -> None:
        folder = tmp_path / "massive_zh_cn"
        folder.mkdir()
        rows = [
            ("明天早上叫醒我", "alarm_set"),
            ("帮我点杯奶茶", "takeaway_order"),
            ("你好啊朋友", "general_greet"),
            ("播放周杰伦的歌", "play_music"),
        ]
        lines = [json.dumps({"text": text, "intent": intent}) for text, intent in rows]
        (folder / "train.jsonl").write_text("\n".join(lines), "utf-8")
        picked = negatives.read(Negatives(folder=tmp_path, massive=5), 1)
        assert sorted(text for text, _ in picked) == sorted(["明天早上叫醒我", "播放周杰伦的歌"])
        (folder / "train.jsonl").write_text("{}\n", "utf-8")
        with pytest.raises(RecipeError, match=r"train\.jsonl:1"):
            negatives.read(Negatives(folder=tmp_path, massive=5), 1)


class TestAugmentation:
    @pytest.fixture
    def workshop(self, recipe: Recipe) -> Workshop:
        return Workshop.open(recipe)

    def samples(self, workshop: Workshop) -> list[Sample]:
        from training.dataset import load_splits

        return [
            workshop.pack.sample(example)[0] for example in load_splits(workshop.recipe, workshop.pack).train
        ]

    def test_tags_stay_in_step_with_the_text(self, workshop: Workshop) -> None:
        augmenter = Augmenter(workshop.pack.lexicon, EVERYTHING)
        rng = random.Random(5)
        for sample in self.samples(workshop) * 20:
            said = augmenter(sample, rng)
            assert said.intents == sample.intents
            assert len(said.tags) == len(said.text)
            unknown = UNKNOWN_TAG in sample.tags
            assert all((tag == UNKNOWN_TAG) == unknown for tag in said.tags)
            if not unknown:
                kinds = [span.kind for span in spans([TAGS[tag] for tag in sample.tags])]
                assert [span.kind for span in spans([TAGS[tag] for tag in said.tags])] == kinds

    def test_the_same_source_says_the_same(self, workshop: Workshop) -> None:
        augmenter = Augmenter(workshop.pack.lexicon, EVERYTHING)
        samples = self.samples(workshop)
        runs = [
            [augmenter(sample, rng) for sample in samples] for rng in (random.Random(9), random.Random(9))
        ]
        assert runs[0] == runs[1]
        assert runs[0] != samples

    def test_without_chances_nothing_changes(self, workshop: Workshop) -> None:
        nothing = Augmentation(slots=0, noise=0, fillers=0, punctuation=0, unknown=0)
        augmenter = Augmenter(workshop.pack.lexicon, nothing)
        for sample in self.samples(workshop):
            assert augmenter(sample, random.Random(1)) == sample

    def test_an_inside_tag_with_nothing_before_it_begins_a_span(self) -> None:
        found = spans(["I-drink", "I-drink", "B-drink", "O", "I-size", "I-sugar"])
        assert [(span.start, span.end, span.kind) for span in found] == [
            (0, 2, "drink"),
            (2, 3, "drink"),
            (4, 5, "size"),
            (5, 6, "sugar"),
        ]
        assert TAG_NUMBER["O"] == 0


class TestEvaluation:
    def judged(self, recipe: Recipe) -> list[Judged]:
        from training.dataset import load_splits

        workshop = Workshop.open(recipe)
        found: list[Judged] = []
        for number, example in enumerate(load_splits(recipe, workshop.pack).test):
            intent = None if number == 3 else example.intent
            correct = number != 1 and intent is not None
            acting = intent in workshop.pack.bundle.acting
            found.append(Judged(example, intent, "classifier", 0.9, correct, acting, 1000 * number))
        return found

    def test_counts_and_shares(self, recipe: Recipe) -> None:
        report = figures(self.judged(recipe))
        assert report["all"]["coverage"] == 0.8
        assert report["all"]["selective_risk"] == 0.25
        assert report["all"]["acting_wrong"] == 1
        assert report["promo_mix"]["utterances"] == 3
        assert report["minimal_pairs"] == {
            "pairs": 1,
            "right_or_escalated": 0.0,
            "both_right": 0.0,
            "wrong_pairs": ["sugar"],
        }
        assert table(report).row_count == 2 + 3 + 1

    def test_nothing_is_a_share_of_nothing(self) -> None:
        report = figures([])
        assert report["all"]["coverage"] is None
        assert report["calibration_error"] is None
        assert table(report).row_count == 2

    def test_equal_items_are_one_item_of_both(self, recipe: Recipe) -> None:
        from training.annotation import parse_line

        example = parse_line("一杯给我一杯给他\torder_drink\tdrink=奶茶 n=2 ; pref=快点", ["order_drink"])
        one = {"drink": "奶茶"}
        answer = OrderIntent.model_validate(
            {"intent": "order_drink", "items": [one, one], "preferences": ["快点的"]}
        )
        assert right(answer, example, str.lower)
        assert not right(answer.model_copy(update={"preferences": ()}), example, str.lower)
        unlawful = parse_line("五百杯\torder_drink\t!", ["order_drink"])
        assert not right(OrderIntent(intent="order_drink"), unlawful, str.lower)


class TestTraining:
    """With torch and onnx: from lines to a bundle that answers, twice the same."""

    @pytest.fixture(autouse=True)
    def _libraries(self) -> None:
        for name in ("torch", "onnx", "safetensors"):
            pytest.importorskip(name)

    def test_all_stages_make_a_bundle_and_the_same_one_again(self, tmp_path: Path) -> None:
        hashes = []
        for name in ("once", "again"):
            path = micro(tmp_path / name)
            assert main(["all", str(path), "--root", str(path.parent)]) == 0
            bundle = path.parent / "models" / "tea"
            hashes.append(
                {
                    file: hashlib.sha256((bundle / file).read_bytes()).hexdigest()
                    for file in ("model.onnx", "vocab.txt", "calibration.json", "parity.json")
                }
            )
        assert hashes[0] == hashes[1]
        card = (bundle / "MODEL_CARD.md").read_text("utf-8")
        assert "micro" in card
        assert "fresh weights" in card
        from cascade import Cascade

        with Cascade.load(bundle) as cascade:
            assert cascade.classify("今天天气怎么样呢").status in ("answered", "clarify", "unresolved")

    def test_a_student_starts_from_the_layers_of_an_encoder(self, tmp_path: Path) -> None:
        import torch
        from safetensors.torch import save_file

        from cascade.features import Vocabulary
        from training.model import from_encoder

        folder = tmp_path / "encoder"
        folder.mkdir()
        entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"奶茶点杯"]
        (folder / "vocab.txt").write_text("\n".join(entries) + "\n", "utf-8")
        save_file(_bert(len(entries), layers=2), folder / "model.safetensors")
        shape = shaped(layers=1, heads=1, feed_forward=16, rank=0, positions=9, vocabulary=6)
        model = from_encoder(folder, shape, Vocabulary("点茶鮮"), [1]).eval()
        source = _bert(len(entries), layers=2)
        words = source["embeddings.word_embeddings.weight"]
        assert torch.equal(model.embed.table, words[[0, 1, 2, 6, 5, 1]])
        layer = model.layers[0]
        assert torch.equal(layer.narrow.bias, source["encoder.layer.1.output.dense.bias"])
        kept = {tuple(row) for row in layer.wide.weight.tolist()}
        assert kept <= {tuple(row) for row in source["encoder.layer.1.intermediate.dense.weight"].tolist()}
        intents, tags = model(torch.tensor([[2, 3, 4]]))
        assert intents.shape == (1, 3)
        assert tags.shape == (1, 3, 5)

    @pytest.mark.parametrize(("rank", "pooling"), [(0, "first"), (8, "first"), (0, "mean")])
    def test_the_graph_computes_what_the_module_does(
        self, rank: int, pooling: Literal["first", "mean"]
    ) -> None:
        import torch

        from training.export import session
        from training.graph import build
        from training.model import TaggingClassifier

        torch.manual_seed(1)
        shape = shaped(layers=2, heads=2, feed_forward=24, rank=rank, positions=12, vocabulary=20)
        shape = shape.model_copy(update={"pooling": pooling})
        module = TaggingClassifier(shape).eval()
        ids = torch.randint(1, 20, (2, 7))
        with torch.no_grad():
            trained = module(ids)
        for quantised, tolerance in ((False, 1e-5), (True, 0.05)):
            model = build(module.arrays(), shape, quantised=quantised, metadata={"b": "2", "a": "1"})
            outputs = session(model.SerializeToString()).run(None, {"ids": ids.numpy()})
            for ours, theirs in zip(outputs, trained, strict=True):
                assert abs(ours - theirs.numpy()).max() < tolerance

    @pytest.mark.parametrize("pooling", ["first", "mean"])
    def test_padding_changes_nothing(self, pooling: Literal["first", "mean"]) -> None:
        import torch

        from training.model import TaggingClassifier

        shape = shaped(layers=2, heads=2, feed_forward=24, rank=0, positions=12, vocabulary=20)
        module = TaggingClassifier(shape.model_copy(update={"pooling": pooling})).eval()
        ids = torch.randint(1, 20, (1, 5))
        with torch.no_grad():
            bare, padded = module(ids), module(torch.nn.functional.pad(ids, (0, 4)))
        assert torch.allclose(bare[0], padded[0], atol=1e-5)
        assert torch.allclose(bare[1], padded[1][:, :5], atol=1e-5)

    def test_averaged_agreeing_and_slower_lower_layers_still_learn(self) -> None:
        import torch

        from cascade.features import Vocabulary
        from training.dataset import Sample
        from training.fit import deterministic, fit
        from training.model import TaggingClassifier
        from training.recipe import Fit

        deterministic(1, 1)
        shape = shaped(layers=1, heads=2, feed_forward=24, rank=0, positions=12, vocabulary=7)
        module = TaggingClassifier(shape)
        samples = [
            Sample(text, (number,), (-100,) * 2) for number, text in enumerate(("奶茶", "点杯", "茶点"))
        ]
        plan = Fit(epochs=150, rate=3e-3, agreement=0.5, average=0.9, layer_decay=0.9, smoothing=0)
        fit(module, samples * 4, Vocabulary("奶茶点杯"), plan, seed=1, variant=lambda sample, rng: sample)
        ids = torch.tensor([Vocabulary("奶茶点杯").ids(sample.text) for sample in samples])
        assert module(ids)[0].argmax(-1).tolist() == [0, 1, 2]

    @pytest.mark.parametrize("has_it", [True, False])
    def test_bfloat16_is_computed_in_only_where_the_processor_has_it(
        self, monkeypatch: pytest.MonkeyPatch, has_it: bool
    ) -> None:
        import torch

        from cascade.features import Vocabulary
        from training import fit
        from training.dataset import Sample
        from training.model import TaggingClassifier
        from training.recipe import Fit

        monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: has_it, raising=False)
        module = TaggingClassifier(
            shaped(layers=1, heads=2, feed_forward=24, rank=0, positions=12, vocabulary=7)
        )
        seen: set[bool] = set()
        module.register_forward_pre_hook(lambda *_: seen.add(torch.is_autocast_enabled("cpu")))
        plan = Fit(epochs=1, rate=1e-3, precision="bfloat16")
        sample = Sample("奶茶", (0,), (-100,) * 2)
        fit.fit(module, [sample], Vocabulary("奶茶点杯"), plan, seed=1, variant=lambda one, rng: one)
        assert seen == {has_it}


def shaped(**sizes: int) -> Architecture:
    return Architecture.model_validate({"width": 16, "head_size": 8, "intents": 3, "tags": 5, **sizes})


def _bert(vocabulary: int, layers: int, width: int = 16, wide: int = 24) -> dict[str, Any]:
    """Random weights under the names of a BERT checkpoint."""
    import torch

    generator = torch.Generator().manual_seed(4)

    def random_tensor(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    weights = {
        "embeddings.word_embeddings.weight": random_tensor(vocabulary, width),
        "embeddings.position_embeddings.weight": random_tensor(32, width),
        "embeddings.token_type_embeddings.weight": random_tensor(2, width),
        "embeddings.LayerNorm.weight": random_tensor(width),
        "embeddings.LayerNorm.bias": random_tensor(width),
    }
    for number in range(layers):
        prefix = f"encoder.layer.{number}."
        for name, (rows, columns) in {
            "attention.self.query": (width, width),
            "attention.self.key": (width, width),
            "attention.self.value": (width, width),
            "attention.output.dense": (width, width),
            "intermediate.dense": (wide, width),
            "output.dense": (width, wide),
        }.items():
            weights[f"{prefix}{name}.weight"] = random_tensor(rows, columns)
            weights[f"{prefix}{name}.bias"] = random_tensor(rows)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            weights[f"{prefix}{name}.weight"] = random_tensor(width)
            weights[f"{prefix}{name}.bias"] = random_tensor(width)
    return weights
