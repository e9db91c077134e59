"""What the READMEs say about one's own intents, done word for word on made-up rows."""

import json
import random
import re
from pathlib import Path

import pytest

from training.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
FRAMES = {
    "transfer": ("send {} to {}", "please transfer {} to {}", "give {} to {} from my account"),
    "balance": ("what is my balance", "how much money have i got", "show me the balance of my account"),
    "other": ("what is the weather", "tell me a joke", "who won the match"),
}


def rows() -> list[dict[str, object]]:
    rng = random.Random(1)
    made: list[dict[str, object]] = []
    for number in range(240):
        intent = list(FRAMES)[number % 3]
        amount = f"{rng.randrange(10, 90)} euros"
        text = rng.choice(FRAMES[intent]).format(amount, rng.choice(("Ada", "Bob", "Eve", "Mary")))
        text += rng.choice(("", " now", " today", " thanks", " quickly"))
        slots = [{"name": "amount", "value": amount}] if intent == "transfer" else []
        made.append({"text": text, "intent": intent, "slots": slots})
    return made


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_readme_on_own_intents_works_as_written(
    tmp_path: Path, readme: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for library in ("onnx", "scipy", "safetensors"):
        pytest.importorskip(library)
    text = (ROOT / readme).read_text(encoding="utf-8")
    recipe = re.search(r"```toml\n(# (bank\.toml).*?)```", text, re.DOTALL)
    assert recipe is not None
    section = text[recipe.end() :]
    command = re.search(r"python -m training (\w+) (\S+)", section)
    example = re.search(r"```py\n(.*?)```", section, re.DOTALL)
    shown = re.search(r'^    (\{"text".*\})$', text, re.MULTILINE)
    assert command is not None
    assert example is not None
    assert shown is not None
    (tmp_path / recipe[2]).write_text(recipe[1], "utf-8")
    lines = [shown[1], *(json.dumps(row) for row in rows())]
    (tmp_path / "bank.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main([command[1], command[2]]) == 0
    capsys.readouterr()
    exec(compile(example[1], readme, "exec"), {})
    printed = capsys.readouterr().out
    assert "transfer" in printed
    assert "50 euros" in printed
