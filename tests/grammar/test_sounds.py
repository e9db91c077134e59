"""How characters sound, and what is no table of it."""

import subprocess
import sys
from pathlib import Path

import pytest

from cascade.errors import BundleCorrupt
from cascade.grammar.sounds import Sounds
from grammar.kit import SOURCE, sealed


@pytest.mark.parametrize(
    ("one", "other"), [("瑞星", "瑞幸"), ("去病", "去冰"), ("少堂", "少糖"), ("珍猪", "珍珠")]
)
def test_what_dictation_confuses_sounds_the_same(tmp_path: Path, one: str, other: str) -> None:
    sounds = Sounds.from_bundle(sealed(tmp_path, {"sounds.txt": _shipped()}))
    assert sounds.of(one) == sounds.of(other)


@pytest.mark.parametrize(("one", "other"), [("少糖", "多糖"), ("去冰", "加冰"), ("大杯", "小杯")])
def test_what_means_the_opposite_sounds_different(tmp_path: Path, one: str, other: str) -> None:
    sounds = Sounds.from_bundle(sealed(tmp_path, {"sounds.txt": _shipped()}))
    assert sounds.of(one) != sounds.of(other)


def test_without_a_table_characters_sound_like_themselves() -> None:
    assert Sounds({}).of("瑞a") == ("瑞", "a")


@pytest.mark.parametrize("text", ["bing", "bing\t", "\t冰", "bing\t冰\nping\t冰", "bing\t冰冰\tx\n\n"])
def test_a_line_that_says_nothing_or_twice(tmp_path: Path, text: str) -> None:
    with pytest.raises(BundleCorrupt, match=r"sounds\.txt"):
        Sounds.from_bundle(sealed(tmp_path, {"sounds.txt": text}))


def _shipped() -> str:

    return (SOURCE / "sounds.txt").read_text(encoding="utf-8")


def test_the_table_that_ships_is_the_one_that_is_generated() -> None:
    pytest.importorskip("pypinyin")
    script = SOURCE.parents[1] / "scripts" / "generate_sounds.py"
    assert subprocess.run([sys.executable, str(script), "--check"], check=False).returncode == 0
