"""Any labelled rows to a bundle that loads: the whole way on a made-up set, and every bad input told plainly."""

import hashlib
import json
from pathlib import Path
from typing import Any

import labelled_kit as kit
import pytest
from rich.console import Console

from cascade import Cascade
from cascade.answers import IntentAnswer
from cascade.bundle import Bundle, seal
from cascade.certificate import Certificate
from training.__main__ import main
from training.labelled.judging import judge
from training.labelled.recipe import LabelledRecipe, is_labelled
from training.labelled.sets import divide, load
from training.labelled.workshop import LabelledWorkshop
from training.recipe import RecipeError

CERTIFICATE = """
[certificate]
issued = 2026-11-29
tuning_share = 0.4
scopes = [
  {intents = ["book_flight", "cancel"], epsilon = 0.25},
  {intents = ["weather", "greet", "oos"], epsilon = 0.25},
]
"""


def needs(*libraries: str) -> None:
    for library in libraries:
        pytest.importorskip(library)


def made(folder: Path, rows: int = 300, **recipe: str) -> Path:
    """A bundle of the made-up set."""
    kit.write(folder / "travel.jsonl", kit.rows(rows))
    assert main(["all", str(kit.recipe(folder, **recipe))]) == 0
    return folder / "travel-bundle"


def answer(cascade: Cascade[IntentAnswer], text: str) -> tuple[str, str | None, list[tuple[str, str]]]:
    result = cascade.classify(text)
    slots = result.answer.slots if result.answer is not None else ()
    return result.status, result.intent, [(slot.name, slot.value) for slot in slots]


class TestLinear:
    @pytest.fixture(autouse=True)
    def _libraries(self) -> None:
        needs("onnx", "scipy", "safetensors")

    def test_one_command_makes_a_certified_bundle_that_answers_intent_and_slots(self, tmp_path: Path) -> None:
        bundle = made(tmp_path, extra=CERTIFICATE)
        with Cascade.load(bundle, answer_model=IntentAnswer) as cascade:
            assert answer(cascade, "Book a flight to Oslo tomorrow!") == (
                "answered",
                "book_flight",
                [("city", "Oslo"), ("day", "tomorrow")],
            )
            assert answer(cascade, "weather in New York?")[2] == [("city", "New York")]
            assert cascade.classify("完全不同的话").reason == "unfamiliar"
            assert cascade.classify("").status == "rejected"
        with Cascade.load(
            bundle
        ) as cascade:  # type checkers want the class named; at run time the bundle names it
            assert isinstance(cascade.classify("cancel my trip to lima").answer, IntentAnswer)
        certificate = Certificate.from_bundle(Bundle.open(bundle))
        assert certificate is not None
        assert [statement.certified for statement in certificate.statements] == [True, True]
        assert {intent.name for intent in Bundle.open(bundle).manifest.intents if intent.acting} == {
            "book_flight",
            "cancel",
        }
        card = (bundle / "MODEL_CARD.md").read_text("utf-8")
        assert "linear" in card
        assert "at most 25.0% wrong" in card

    def test_the_same_recipe_gives_the_same_bytes_over_an_earlier_bundle(self, tmp_path: Path) -> None:
        bundle = made(tmp_path, extra=CERTIFICATE)
        hashes = [_hashes(bundle), _hashes(made(tmp_path, extra=CERTIFICATE))]
        assert hashes[0] == hashes[1]

    def test_what_is_proposed_is_judged_however_sure_the_runner_up(self, tmp_path: Path) -> None:
        bundle = made(tmp_path)
        calibration = json.loads((bundle / "calibration.json").read_text("utf-8"))
        calibration["temperature"] = 5.0
        for curve in ("answer", "out_of_scope"):
            calibration[curve]["bias"] -= 20.0
        (bundle / "calibration.json").write_text(json.dumps(calibration), "utf-8")
        seal(bundle)
        workshop = LabelledWorkshop(LabelledRecipe.read(tmp_path / "travel.toml"), Console(quiet=True))
        judged = judge(bundle, workshop.sets.test, workshop.names)
        assert all(one.confidence is not None and one.confidence < 0.5 for one in judged)
        assert sum(one.intent == one.label for one in judged) > 0.9 * len(judged)

    def test_without_enough_labels_nothing_is_certified_and_the_bundle_says_how_many_lack(
        self, tmp_path: Path
    ) -> None:
        bundle = made(tmp_path, rows=100)
        certificate = Certificate.from_bundle(Bundle.open(bundle))
        assert certificate is not None
        for statement in certificate.statements:
            assert not statement.certified
            assert statement.more_labels
        assert "nothing; `certificate.json` says what is missing" in (bundle / "MODEL_CARD.md").read_text()

    def test_files_of_its_own_and_no_slots(self, tmp_path: Path) -> None:
        rows = [{"text": row["text"], "intent": row["intent"]} for row in kit.rows(300)]
        kit.write(tmp_path / "dev.jsonl", [{**row, "text": row["text"] + " please"} for row in rows[:100]])
        kit.write(tmp_path / "test.jsonl", [{**row, "text": "now " + row["text"]} for row in rows[100:160]])
        kit.write(tmp_path / "travel.jsonl", rows)
        path = kit.recipe(tmp_path, data='dev = "dev.jsonl"\ntest = "test.jsonl"')
        assert main(["all", str(path)]) == 0
        with Cascade.load(tmp_path / "travel-bundle") as cascade:
            assert cascade.classify("book a flight to rome today").intent == "book_flight"
        evaluation = json.loads((tmp_path / "work" / "evaluation.json").read_text())
        assert evaluation["rows"] == 60
        assert evaluation["intent_accuracy"] > 0.9
        assert evaluation["slots_right"] == 1.0

    def test_sets_as_they_were_published_keep_what_they_share_and_tell_how_much_may_be_memory(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        rows = kit.rows(300)
        kit.write(tmp_path / "travel.jsonl", rows)
        kit.write(tmp_path / "dev.jsonl", [*rows[:20], *kit.rows(200, seed=2)])
        kit.write(
            tmp_path / "test.jsonl",
            [*rows[40:60], *({**row, "text": "so " + row["text"]} for row in rows[60:80])],
        )
        files = 'dev = "dev.jsonl"\ntest = "test.jsonl"\n'
        apart = load(LabelledRecipe.read(kit.recipe(tmp_path, data=files)))
        path = kit.recipe(tmp_path, data=files + 'repeated = "keep"')
        kept = load(LabelledRecipe.read(path))
        texts = [{row.text for row in part} for part in (kept.train, kept.dev, kept.test)]
        assert (len(kept.train), len(kept.test)) == (300, 40)
        assert len(apart.train) < 300
        assert not texts[1] & (
            texts[0] | texts[2]
        )  # thresholds rest on nothing that was learned or is measured
        assert main(["all", str(path)]) == 0
        memory = json.loads((tmp_path / "work" / "evaluation.json").read_text())["repeated"]
        assert memory["rows"] == sum(row.text in texts[0] for row in kept.test) >= 20
        assert "rows that train has" in capsys.readouterr().out

    def test_stages_in_the_wrong_order_say_which_one_lacks(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kit.write(tmp_path / "travel.jsonl", kit.rows(100))
        assert main(["export", str(kit.recipe(tmp_path))]) == 1
        assert "run the stage 'train' first" in " ".join(capsys.readouterr().out.split())

    def test_a_folder_that_is_no_bundle_of_this_recipe_is_left_alone(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept = tmp_path / "travel-bundle" / "thesis.txt"
        kept.parent.mkdir()
        kept.write_text("years of work")
        kit.write(tmp_path / "travel.jsonl", kit.rows(100))
        assert main(["all", str(kit.recipe(tmp_path))]) == 1
        assert "is not the bundle 'travel'" in " ".join(capsys.readouterr().out.split())
        assert kept.read_text() == "years of work"


class TestTransformer:
    @pytest.fixture(autouse=True)
    def _libraries(self) -> None:
        needs("onnx", "scipy", "safetensors", "torch")

    @pytest.mark.parametrize("features", ["chars-1", "pieces-1"])
    def test_a_fresh_transformer_learns_intents_and_slots(self, tmp_path: Path, features: str) -> None:
        bundle = made(tmp_path, student=kit.TRANSFORMER, extra=f'features = "{features}"')
        evaluation = json.loads((tmp_path / "work" / "evaluation.json").read_text())
        assert evaluation["intent_accuracy"] > 0.9
        assert evaluation["slots_right"] > 0.8
        assert Bundle.open(bundle).manifest.features == features
        with Cascade.load(bundle, answer_model=IntentAnswer) as cascade:
            result = cascade.classify("book a flight to oslo tomorrow")
            assert (result.answer or result.candidates[0].answer).intent == "book_flight"

    def test_teachers_are_taught_once_and_a_linear_student_can_hear_them(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _encoder(tmp_path / "encoder")
        teacher = (
            'encoder = "encoder"\n[teacher]\nseeds = [1, 2]\nfolder = "teachers"\n'
            "[teacher.fit]\nepochs = 2\nrate = 1e-3\n"
        )
        made(tmp_path, rows=150, student='student = "teacher"', extra=teacher)
        assert "teacher 2: step" in capsys.readouterr().out
        card = (tmp_path / "travel-bundle" / "MODEL_CARD.md").read_text("utf-8")
        assert "`encoder`, fine-tuned" in card
        made(tmp_path, rows=150, extra=teacher)
        told = capsys.readouterr().out
        assert "teacher 2 was taught the same before" in told
        assert "step" not in told
        evaluation = json.loads((tmp_path / "work" / "evaluation.json").read_text())
        assert 0 <= evaluation["teachers_intent_accuracy"] <= 1

    def test_a_student_starts_from_the_layers_that_its_teacher_has_learned(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _encoder(tmp_path / "encoder")
        teacher = 'encoder = "encoder"\n[teacher]\nseeds = [1]\n[teacher.fit]\nepochs = 1\nrate = 1e-3\n'
        shape = "[student]\nlayers = 1\npasses = 2\nwidth = 16\nheads = 2\nhead_size = 8\nfeed_forward = 16\n"
        fit = "[student_fit]\nepochs = 1\nrate = 1e-9\nwarm_up = 0.0\nstart = 'teacher'\nlayers = [1]\n"
        kit.write(tmp_path / "travel.jsonl", kit.rows(100))
        assert main(["train", str(kit.recipe(tmp_path, student=shape + fit, extra=teacher))]) == 0
        from safetensors.numpy import load_file

        student = load_file(tmp_path / "work" / "student.safetensors")
        taught = load_file(tmp_path / "work" / "teacher-1.safetensors")
        kept = student["layers.0.qkv.weight"]
        assert kept == pytest.approx(taught["layers.1.qkv.weight"], abs=1e-4)
        assert kept != pytest.approx(taught["layers.0.qkv.weight"], abs=1e-3)
        table = shape + fit.replace("[1]", "[2]")
        assert main(["train", str(kit.recipe(tmp_path, student=table, extra=teacher))]) == 1
        assert "the teacher does not have" in " ".join(capsys.readouterr().out.split())

    def test_layers_that_an_encoder_lacks_are_told(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _encoder(tmp_path / "encoder")
        kit.write(tmp_path / "travel.jsonl", kit.rows(100))
        student = kit.TRANSFORMER.replace("width = 32", "width = 16").replace(
            "head_size = 16", "head_size = 8"
        )
        for layers, complaint in (("[5]", "has 2 layers, counted from 0"), ("[1]", "has its width")):
            table = (student if layers == "[5]" else kit.TRANSFORMER) + f"layers = {layers}\n"
            assert main(["train", str(kit.recipe(tmp_path, student=table, extra='encoder = "encoder"'))]) == 1
            assert complaint in " ".join(capsys.readouterr().out.split())


ROW = {"text": "book a flight", "intent": "book_flight"}


def test_ngrams_beside_teachers_need_the_text(tmp_path: Path) -> None:
    fit = "[teacher.fit]\nepochs = 1\nrate = 1e-3\n"
    teacher = f'encoder = "encoder"\nfeatures = "pieces-1"\n[teacher]\nngrams = 0.5\n{fit}'
    with pytest.raises(RecipeError, match="needs features of characters"):
        LabelledRecipe.read(kit.recipe(tmp_path, student='student = "teacher"', extra=teacher))


class TestExtending:
    def test_a_recipe_gives_only_what_it_has_otherwise(self, tmp_path: Path) -> None:
        base = kit.recipe(tmp_path, student=kit.TRANSFORMER)
        over = tmp_path / "over.toml"
        over.write_text(
            'extends = "travel.toml"\nname = "over"\n[data]\nrepeated = "keep"\n[student]\nwidth = 64\n'
        )
        ours, theirs = LabelledRecipe.read(over), LabelledRecipe.read(base)
        assert ours.data == theirs.data.model_copy(update={"repeated": "keep"})
        assert ours.student == theirs.student.model_copy(update={"width": 64})  # type: ignore[union-attr]
        assert (ours.name, ours.work, ours.student_fit) == ("over", theirs.work, theirs.student_fit)

    def test_one_that_has_its_data_from_another_is_a_labelled_recipe_too(self, tmp_path: Path) -> None:
        kit.recipe(tmp_path)
        over = tmp_path / "over.toml"
        over.write_text('extends = "travel.toml"\nname = "over"\n')
        assert is_labelled(over)
        assert LabelledRecipe.read(over).name == "over"

    @pytest.mark.parametrize(
        ("other", "complaint"), [("none.toml", "No such file"), ("over.toml", "itself extends another")]
    )
    def test_what_cannot_be_extended_is_told(self, tmp_path: Path, other: str, complaint: str) -> None:
        over = tmp_path / "over.toml"
        over.write_text(f'extends = "{other}"\n[data]\nrepeated = "keep"\n')
        with pytest.raises(RecipeError, match=complaint):
            LabelledRecipe.read(over)


class TestBadInput:
    @pytest.mark.parametrize(
        ("line", "complaint"),
        [
            ("{", "not JSON"),
            ("[1]", "not a JSON object"),
            ('{"text": "a"}', "'intent' is missing"),
            ('{"intent": "a"}', "'text' is missing"),
            ('{"text": 3, "intent": "a"}', "'text' is missing, empty or not a string"),
            ('{"text": " ", "intent": "a"}', "'text' is missing, empty"),
            ('{"text": "\\u200b", "intent": "a"}', "the text cannot be taken: empty"),
            (json.dumps({"text": "word " * 50, "intent": "a"}), "too_long (max_chars is 80)"),
            (json.dumps({**ROW, "slots": "city"}), "'slots' is not a list"),
            (json.dumps({**ROW, "slots": [{"value": "book"}]}), "a slot is an object with a 'name'"),
            (json.dumps({**ROW, "slots": [{"name": "c", "start": 5, "end": 90}]}), "not a place in the text"),
            (
                json.dumps({**ROW, "slots": [{"name": "c", "start": 1.5, "end": 3}]}),
                "not a place in the text",
            ),
            (json.dumps({**ROW, "slots": [{"name": "c", "value": "o"}]}), "does not stand in the text once"),
            (json.dumps({**ROW, "slots": ["O", "O"]}), "2 tags are neither one a word nor one a character"),
            (json.dumps({**ROW, "slots": ["O", "X-c", "O"]}), "'X-c' is not a BIO tag"),
            (
                json.dumps(
                    {**ROW, "slots": [{"name": "a", "value": "book a"}, {"name": "b", "value": "a fl"}]}
                ),
                "slot 'b' overlaps another",
            ),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path: Path, line: str, complaint: str) -> None:
        path = kit.write(tmp_path / "travel.jsonl", kit.rows(20))
        path.write_text(path.read_text() + line + "\n")
        with pytest.raises(RecipeError, match=r"travel\.jsonl:21: ") as raised:
            load(LabelledRecipe.read(kit.recipe(tmp_path)))
        assert complaint in str(raised.value)

    def test_many_bad_lines_are_told_at_once_and_not_all(self, tmp_path: Path) -> None:
        (tmp_path / "travel.jsonl").write_text('{"text": "a"}\n' * 9)
        with pytest.raises(RecipeError, match=r"jsonl:5: (.|\n)*and 4 more"):
            load(LabelledRecipe.read(kit.recipe(tmp_path)))

    @pytest.mark.parametrize(
        ("rows", "complaint"),
        [
            ([], "no rows"),
            ([{**ROW, "text": f"book {number}"} for number in range(40)], "one intent alone (book_flight)"),
            ([*kit.rows(40), {**ROW, "intent": "cancel"}, ROW], "is 'cancel' and 'book_flight'"),
            (
                [*kit.rows(40), {**ROW, "intent": "CANCEL!"}],
                "'CANCEL!' and 'cancel' have the same name 'cancel'",
            ),
            ([row for row in kit.rows(40) if row["intent"] != "oos"], "names the intent 'oos'"),
            (kit.rows(5), "no rows are left for dev"),
        ],
    )
    def test_rows_that_cannot_be_learned_from(
        self, tmp_path: Path, rows: list[dict[str, Any]], complaint: str
    ) -> None:
        kit.write(tmp_path / "travel.jsonl", rows)
        with pytest.raises(RecipeError) as raised:
            load(LabelledRecipe.read(kit.recipe(tmp_path)))
        assert complaint in str(raised.value)

    def test_an_intent_that_only_dev_has(self, tmp_path: Path) -> None:
        kit.write(tmp_path / "travel.jsonl", kit.rows(60))
        kit.write(tmp_path / "dev.jsonl", [{"text": "unheard of", "intent": "new"}])
        with pytest.raises(RecipeError, match=r"dev\.jsonl:1: intent 'new' is in no row of the train part"):
            load(LabelledRecipe.read(kit.recipe(tmp_path, data='dev = "dev.jsonl"')))

    @pytest.mark.parametrize(
        ("recipe", "complaint"),
        [
            ({"student": 'student = "forest"'}, "student"),
            ({"student": 'student = "teacher"'}, "there is no [teacher]"),
            (
                {"student": kit.TRANSFORMER + 'start = "teacher"\n'},
                "starts from a teacher, and there is none",
            ),
            ({"student": kit.TRANSFORMER.split("[student_fit]")[0]}, "needs [student_fit]"),
            ({"student": kit.TRANSFORMER + "layers = [0]\n"}, "and there is none"),
            ({"extra": "surprise = 1"}, "surprise: Extra inputs are not permitted"),
            ({"data": "dev_share = 0.6\ntest_share = 0.5"}, "leave nothing to learn from"),
        ],
    )
    def test_a_recipe_that_cannot_be(self, tmp_path: Path, recipe: dict[str, str], complaint: str) -> None:
        with pytest.raises(RecipeError) as raised:
            LabelledRecipe.read(kit.recipe(tmp_path, **recipe))
        assert complaint in str(raised.value)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match=r"travel\.jsonl: cannot be read"):
            load(LabelledRecipe.read(kit.recipe(tmp_path)))

    def test_a_certificate_for_intents_that_are_not_there(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        needs("onnx", "scipy", "safetensors")
        kit.write(tmp_path / "travel.jsonl", kit.rows(100))
        extra = CERTIFICATE.replace('"cancel"', '"refund"')
        assert main(["all", str(kit.recipe(tmp_path, extra=extra))]) == 1
        assert "the bundle does not have: refund" in " ".join(capsys.readouterr().out.split())


class TestSets:
    @pytest.mark.parametrize(("conflicts", "left"), [("drop", 40), ("keep", 42)])
    def test_contradicting_rows_can_go_or_stay(self, tmp_path: Path, conflicts: str, left: int) -> None:
        distinct = [{**row, "text": f"{row['text']} {number}"} for number, row in enumerate(kit.rows(40))]
        kit.write(tmp_path / "travel.jsonl", [*distinct, {**ROW, "intent": "cancel"}, ROW])
        sets = load(LabelledRecipe.read(kit.recipe(tmp_path, data=f'conflicts = "{conflicts}"')))
        assert len(sets.train) + len(sets.dev) + len(sets.test) == left

    def test_no_text_is_in_two_sets_however_it_is_written(self, tmp_path: Path) -> None:
        kit.write(tmp_path / "travel.jsonl", kit.rows(300))
        kit.write(
            tmp_path / "test.jsonl", [{**row, "text": row["text"].upper()} for row in kit.rows(300)[:30]]
        )
        sets = load(LabelledRecipe.read(kit.recipe(tmp_path, data='test = "test.jsonl"')))
        texts = [{row.text for row in part} for part in (sets.train, sets.dev, sets.test)]
        assert not texts[0] & texts[1]
        assert not texts[2] & (texts[0] | texts[1])
        assert sets.dropped > 0

    def test_more_rows_move_no_row_to_another_set(self, tmp_path: Path) -> None:
        kit.write(tmp_path / "travel.jsonl", kit.rows(400))
        sets = load(LabelledRecipe.read(kit.recipe(tmp_path)))
        rows = [*sets.train, *sets.dev, *sets.test]
        first, second = divide(rows[:200], (0.2, 0.1), 1), divide(rows, (0.2, 0.1), 1)
        for few, many in zip(first[1:], second[1:], strict=True):
            assert {row.text for row in few} <= {row.text for row in many}

    @pytest.mark.parametrize(
        "slots",
        [
            [{"name": "city", "start": 10, "end": 18}],
            [{"name": "city", "value": "New York"}],
            ["O", "O", "O", "B-city", "I-city"],
            ["O"] * 10 + ["B-city"] + ["I-city"] * 7 + ["O"],
        ],
    )
    def test_slots_may_be_places_values_or_tags(self, tmp_path: Path, slots: list[Any]) -> None:
        row = {"text": "Fly me to New York!", "intent": "book_flight", "slots": slots}
        if isinstance(slots[0], str) and len(slots) == 5:
            row["text"] = "Fly me to New York"
        kit.write(tmp_path / "travel.jsonl", [row, *kit.rows(60)])
        first = load(LabelledRecipe.read(kit.recipe(tmp_path))).train[0]
        assert [(slot.name, slot.value) for slot in first.slots] == [("city", "new york")]
        assert first.text[slice(*first.slots[0].place)] == "new york"


def _hashes(bundle: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in bundle.iterdir()
        if path.name not in ("MODEL_CARD.md", "manifest.json")
    }


def _encoder(folder: Path) -> None:
    """A tiny random BERT as a folder of sentence-transformers has it, its pieces in ``tokenizer.json``."""
    import torch
    from safetensors.torch import save_file

    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[unused1]", *"abcdefghijklmnopqrstuvwxyz", "##a", "book"]
    folder.mkdir()
    generator = torch.Generator().manual_seed(4)
    width, wide, layers = 16, 24, 2

    def tensor(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * 0.1

    weights = {
        "embeddings.word_embeddings.weight": tensor(len(entries), width),
        "embeddings.position_embeddings.weight": tensor(128, width),
        "embeddings.token_type_embeddings.weight": tensor(2, width),
        "embeddings.LayerNorm.weight": torch.ones(width),
        "embeddings.LayerNorm.bias": torch.zeros(width),
    }
    for layer in range(layers):
        prefix = f"encoder.layer.{layer}."
        sizes = {"attention.self.query": (width, width), "attention.self.key": (width, width)}
        sizes |= {"attention.self.value": (width, width), "attention.output.dense": (width, width)}
        sizes |= {"intermediate.dense": (wide, width), "output.dense": (width, wide)}
        for name, size in sizes.items():
            weights |= {f"{prefix}{name}.weight": tensor(*size), f"{prefix}{name}.bias": tensor(size[0])}
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            weights |= {
                f"{prefix}{name}.weight": torch.ones(width),
                f"{prefix}{name}.bias": torch.zeros(width),
            }
    save_file(weights, folder / "model.safetensors")
    config = {
        "model_type": "bert",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "num_attention_heads": 2,
        "intermediate_size": wide,
        "max_position_embeddings": 128,
    }
    (folder / "config.json").write_text(json.dumps(config))
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
