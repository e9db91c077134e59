"""What the benchmarks are fed: sets that share no text, seeded perturbations, arrivals, rules for thresholds."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import azure, bench_thresholds, peers, sets
from benchmarks.attacks import COSTLY, injections
from benchmarks.perturb import PERTURBATIONS

Rows = list[tuple[str, str]]
ROWS = st.lists(
    st.tuples(st.sampled_from([f"t{at}" for at in range(12)]), st.sampled_from(["a", "b", "c"])), max_size=30
)


@given(ROWS, ROWS, ROWS)
def test_sets_share_no_text_and_contradict_nobody(train: Rows, dev: Rows, test: Rows) -> None:
    apart = sets.apart("x", "zh", train, dev, test, out_of_scope=None)
    texts = [{text for text, _ in part} for part in (apart.train, apart.dev, apart.test)]
    assert not texts[0] & texts[1]
    assert not texts[0] & texts[2]
    assert not texts[1] & texts[2]
    assert len(apart.train) == len(texts[0])
    assert apart.test == tuple(test)
    assert {intent for _, intent in apart.dev} <= {intent for _, intent in apart.train}


def test_shots_are_so_many_an_intent_and_seeded() -> None:
    rows = [(f"{intent}{at}", intent) for intent in "ab" for at in range(9)] + [("c0", "c")]
    whole = sets.apart("x", "zh", rows, [], [], out_of_scope=None)
    few = whole.shots(3, seed=1)
    assert sorted(intent for _, intent in few.train) == ["a"] * 3 + ["b"] * 3 + ["c"]
    assert few == whole.shots(3, seed=1)
    assert few != whole.shots(3, seed=2)


def test_a_set_that_is_not_there_says_where_to_get_it(tmp_path: Path) -> None:
    for name, source in sets.PUBLIC.items():
        with pytest.raises(sets.SetMissing, match=name) as told:
            sets.load(name, tmp_path)
        assert source.download in str(told.value)


def test_peers_that_are_not_there_say_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(peers.VARIABLE, str(tmp_path))
    with pytest.raises(peers.PeersMissing, match="python -m benchmarks peers"):
        peers.python()


@given(st.text(max_size=40), st.integers(0, 2**32))
def test_perturbations_take_any_text_and_are_seeded(text: str, seed: int) -> None:
    for _, change in PERTURBATIONS.values():
        assert change(text, random.Random(seed)) == change(text, random.Random(seed))


def test_perturbations_do_what_they_say() -> None:
    text = "帮我点两杯少糖的珍珠奶茶，送到公司"
    said = {name: change(text, random.Random(3)) for name, (_, change) in PERTURBATIONS.items()}
    assert said["traditional"] == "幫我點兩杯少糖的珍珠奶茶，送到公司"
    assert said["unpunctuated"] == "帮我点两杯少糖的珍珠奶茶送到公司"
    assert said["stutter"].startswith("帮我")
    assert said["stutter"].endswith(text)
    assert len(said["homophone"]) == len(text)
    assert said["homophone"] != text
    assert all(one != text for one in said.values())


def test_attacks_are_seeded_and_many() -> None:
    assert list(injections(random.Random(1))) == list(injections(random.Random(1)))
    assert len(set(injections(random.Random(1)))) == len(list(injections(random.Random(1)))) > 60
    for _, make in COSTLY.values():
        assert make(random.Random(5)) == make(random.Random(5))


def test_arrivals_are_a_stretch_of_the_trace_set_to_the_replay(tmp_path: Path) -> None:
    folder = tmp_path / "azure_llm_traces"
    with pytest.raises(sets.SetMissing, match="AzurePublicDataset"):
        azure.arrivals(tmp_path, 5, 10.0)
    folder.mkdir()
    lines = [f"2023-11-16 18:{at // 60:02}:{at % 60:02}.9799600,1,1" for at in range(0, 400, 3)]
    (folder / azure.TRACE).write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *lines]))
    moments = azure.arrivals(tmp_path, 21, 10.0)
    assert len(moments) == 21
    assert moments == sorted(moments)
    assert moments[0] == 0.0
    assert 9.9 < moments[-1] < 10.0
    assert np.diff(moments) == pytest.approx(np.full(20, 0.5), abs=1e-3)


def test_our_rule_refuses_where_the_naive_one_promises() -> None:
    rng = np.random.default_rng(1)
    sure = rng.random(200)
    right = rng.random(200) > 0.04
    assert bench_thresholds._naive(sure, right, 0.05) is not None
    assert bench_thresholds._fixed_sequence(sure[:40], right[:40], 0.05) is None
