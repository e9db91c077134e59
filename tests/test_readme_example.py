"""The README's example is held to its own comments, and one that checks nothing does not pass."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "readme_example.py"


def outcome(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    readme = folder / "README.md"
    readme.write_text(
        f"# x\n```sh\nls\n```\n\n```python\n{code}\n```\n```python\n1 / 0\n```\n", encoding="utf-8"
    )
    return subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(readme)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_holds_passes_and_is_counted(tmp_path: Path) -> None:
    code = """
import math
math.floor(2.5), "a"  # 2, "a"
print("奶茶")  # 奶茶
x = 3  # prose
x  # more prose
assert x == 3
"""
    found = outcome(tmp_path, code)
    assert found.returncode == 0, found.stderr
    assert found.stdout.endswith("holds: 3 checked\n")


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("1 + 1  # 3", "the README says: 3"),
        ('print("no")  # yes', "the README says: 'yes'"),
        ("assert False", "AssertionError"),
        ("x = 1  # 1", "checks nothing"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
    ],
)
def test_what_does_not_hold_fails(tmp_path: Path, code: str, complaint: str) -> None:
    found = outcome(tmp_path, code)
    assert found.returncode == 1
    assert complaint in found.stderr


def test_a_readme_without_an_example_fails(tmp_path: Path) -> None:
    (tmp_path / "R.md").write_text("nothing")
    found = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / "R.md")], capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
