"""The contest: what runs add to each other, bundles that are not there, the section on few labels, attacks paid for."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import finished, report, sets
from benchmarks.attacks import COSTLY
from benchmarks.contest import SYSTEMS, Arena
from benchmarks.earlier import Earlier
from benchmarks.report.drawings import alone, files
from benchmarks.report.svg import spread
from benchmarks.rivals.encoded import Encoder
from benchmarks.rivals.job import Job
from benchmarks.spending import CALLER, costly

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
ROWS = sets.apart("x", "zh", [("a", "i"), ("b", "j")], [("c", "i")], [("d", "j")], out_of_scope=None)


def kept(path: Path, rows: str) -> Earlier:
    """A result file of one set, as an earlier run wrote it."""
    found = {
        "commit": "c0ffee",
        "date": "2026-11-29T00:00:00Z",
        "sets": {
            "x": {
                "rows": rows,
                "systems": {"one": {"accuracy": 0.5}},
                "learning": {"one": {"5": {"accuracy": 0.4, "seeds": [0.3, 0.5]}}},
            }
        },
        "failed": {"x/two": "broke", "x/two/5": "broke", "y/one": "broke"},
    }
    path.write_text(json.dumps(found), encoding="utf-8")
    return Earlier.read(path)


def test_what_was_measured_on_the_same_rows_stays_with_its_commit(tmp_path: Path) -> None:
    same = kept(tmp_path / "accuracy.json", ROWS.fingerprint).on(ROWS)
    stamp = {"commit": "c0ffee", "date": "2026-11-29T00:00:00Z"}
    assert same.systems == {"one": {"accuracy": 0.5, "measured": stamp}}
    assert same.learning["one"]["5"]["measured"] == stamp


def test_figures_of_other_rows_are_not_mixed_in(tmp_path: Path) -> None:
    other = kept(tmp_path / "accuracy.json", ROWS.shots(1, 1).fingerprint + "x").on(ROWS)
    assert (other.systems, other.learning) == ({}, {})
    assert Earlier.read(tmp_path / "none.json").on(ROWS).systems == {}


def test_a_point_of_fewer_draws_does_not_replace_one_of_more(tmp_path: Path) -> None:
    earlier = kept(tmp_path / "accuracy.json", ROWS.fingerprint).on(ROWS)
    fewer, as_many = {"accuracy": 0.9, "seeds": [0.9]}, {"accuracy": 0.8, "seeds": [0.7, 0.9]}
    assert earlier.learning_with({"one": {"5": fewer}})["one"]["5"]["seeds"] == [0.3, 0.5]
    assert earlier.learning_with({"one": {"5": as_many, "20": fewer}})["one"] == {"5": as_many, "20": fewer}
    assert earlier.learning_with({"two": {"100": fewer, "20": fewer}})["two"].keys() == {"20", "100"}


def test_a_failure_is_forgotten_only_when_it_is_run_anew(tmp_path: Path) -> None:
    earlier = kept(tmp_path / "accuracy.json", ROWS.fingerprint)
    assert earlier.failed_but(("x",), ("two",)) == {"y/one": "broke"}
    assert earlier.failed_but(("x",), ("one",)).keys() == {"x/two", "x/two/5", "y/one"}


@given(st.data())
def test_rows_that_differ_have_another_fingerprint(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.sampled_from("abcdef"), unique=True, min_size=1))
    held = sets.apart("x", "zh", [(text, "i") for text in rows], [], [], out_of_scope=None)
    less = sets.apart("x", "zh", [(text, "i") for text in rows[1:]], [], [], out_of_scope=None)
    assert held.fingerprint == held.shots(9, 1).fingerprint or len(rows) > 1
    assert held.fingerprint != less.fingerprint


def test_scores_are_kept_for_rows_and_source_whatever_the_labels_of_test() -> None:
    held, system = Arena(None, {}), SYSTEMS["micro"]
    relabelled = replace(ROWS, test=(("d", "i"),))
    key = held._key(system, ROWS, 1)
    assert held._key(system, relabelled, 1) == key
    others = (
        replace(ROWS, test=(("e", "j"),)),
        replace(ROWS, dev=(("c", "j"),)),
        replace(ROWS, train=ROWS.train[:1]),
    )
    assert key not in {held._key(system, one, 1) for one in others} | {held._key(system, ROWS, 2)}


def test_finished_bundles_are_asked_about_the_sets_of_their_recipes() -> None:
    for kind, recipes in finished.RECIPES.items():
        assert SYSTEMS[f"cascade_{kind}"].sets == tuple(recipes)
        assert all((ROOT / recipe).is_file() for recipe in recipes.values())


def test_a_bundle_that_is_not_there_names_the_command_that_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "massive_zh_cn" / "full"
    ROWS.write(folder)
    job = {"folder": str(folder), "cache": "", "out": "", "language": "zh", "encoder": "", "seed": 1}
    (tmp_path / "recipe.toml").write_text(
        (ROOT / "training" / "recipes" / "massive_tiny.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    code = (
        "import sys; from pathlib import Path; from benchmarks import finished;"
        "finished.ROOT = Path(sys.argv[2]); finished.RECIPES = {'distilled': {'massive_zh_cn': 'recipe.toml'}};"
        "finished.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "distilled", str(tmp_path)],
        input=json.dumps(job | {"budget_s": 1, "out_of_scope": None}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "python -m training all recipe.toml makes it" in done.stderr


class Model:
    """Counts what it is asked to embed."""

    def __init__(self) -> None:
        self.asked = 0

    def encode(self, texts: list[str], **_: object) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        self.asked += len(texts)
        return np.array([[float(len(text)), 1.0] for text in texts], np.float32)


@pytest.mark.parametrize(("timed", "asked"), [(False, 3), (True, 6)])
def test_a_text_is_embedded_once_unless_that_is_timed(tmp_path: Path, timed: bool, asked: int) -> None:
    job = Job(tmp_path, [], [], [], "zh", "enc", tmp_path / "emb", 1, 1.0, tmp_path, None, timed=timed)
    model = Model()
    for _ in range(2):
        encoder = Encoder(job)
        encoder.__dict__["_model"] = model
        assert encoder(["a", "bb", "ccc"])[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert model.asked == asked


@given(st.lists(st.floats(0, 300), max_size=20).map(sorted))
def test_names_are_spread_in_their_order_and_apart(wanted: list[float]) -> None:
    places = spread(wanted, 13, 0, 300)
    assert len(places) == len(wanted)
    assert all(after - before >= 13 - 1e-9 for before, after in pairwise(places))
    assert all(-1e-9 <= place <= 300 for place in places)


def test_names_that_are_apart_stay_where_they_are_wanted() -> None:
    assert spread([10, 50, 90], 13, 0, 100) == [10, 50, 90]


def test_the_curves_stand_beside_the_results_and_need_no_page() -> None:
    made = files(report.make(report.read(RESULTS)))
    assert made
    for name, drawing in made.items():
        assert (RESULTS / name).read_text(encoding="utf-8") == drawing, "run: python -m benchmarks report"
        assert f"benchmarks/results/{name}" in (ROOT / "RESULTS.md").read_text(encoding="utf-8")
        ElementTree.fromstring(drawing)
        assert "prefers-color-scheme: dark" in drawing
        assert "http" not in drawing.replace("http://www.w3.org/2000/svg", "")


def test_a_drawing_alone_keeps_what_it_draws() -> None:
    drawn = '<svg viewBox="0 0 1 1" role="img"><text class="value ours">84 &lt; 90</text></svg>'
    found = ElementTree.fromstring(alone(drawn))
    assert "".join(found[-1].itertext()) == "84 < 90"


def test_a_caller_with_a_budget_makes_the_model_work_no_more_than_that() -> None:
    rng = random.Random(7)
    found = costly([COSTLY["padded"][1](rng) for _ in range(12)])
    assert found["reaches_model"] == 1.0
    assert found["ends"] == {"to the model": 12}
    assert CALLER.caller_burst / 12 <= found["reaches_model_with_budget"] < 1.0


def test_characters_at_random_do_not_come_to_the_model() -> None:
    rng = random.Random(7)
    found = costly([COSTLY["gibberish"][1](rng) for _ in range(12)])
    assert found["ends"].get("to the model", 0) <= 2
    out_of_scope = found["ends"].get("answered by classifier", 0)
    assert found["ends"]["held by the screen"] + out_of_scope >= 9
