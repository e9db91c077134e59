"""``python -m training seal FOLDER``: an edited bundle opens again."""

import shutil
from pathlib import Path

import pytest

from cascade.bundle import Bundle
from cascade.errors import BundleCorrupt
from training.__main__ import main


def test_an_edited_bundle_is_sealed_again(tmp_path: Path) -> None:
    folder = tmp_path / "tea"
    shutil.copytree(Bundle.open().path, folder)
    with (folder / "rules.yaml").open("a", encoding="utf-8") as rules:
        rules.write("# edited\n")
    with pytest.raises(BundleCorrupt):
        Bundle.open(folder)
    assert main(["seal", str(folder)]) == 0
    assert Bundle.open(folder).has("rules.yaml")


def test_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    assert main(["seal", str(tmp_path)]) == 1
