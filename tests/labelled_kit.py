"""A made-up travel set, small and easy, for recipes that must run in seconds."""

import json
import random
from pathlib import Path
from typing import Any

CITIES = ("oslo", "new york", "lima", "rome", "cairo", "delhi", "paris", "quito", "hanoi", "accra")
DAYS = ("today", "tomorrow", "on monday", "next friday", "in march")
FRAMES = {
    "book_flight": (
        "book a flight to {city} {day}",
        "i need to fly to {city} {day}",
        "get me on a plane to {city}",
    ),
    "weather": ("what is the weather in {city} {day}", "will it rain in {city} {day}", "is it hot in {city}"),
    "cancel": ("cancel my trip to {city}", "please cancel everything {day}", "call off the {city} booking"),
    "greet": ("hello there {day}", "good morning from {city}", "hi how are you {day}"),
    "oos": (
        "sing me a song about {city}",
        "what is two plus two {day}",
        "tell me a joke {day}",
        "who won in {city}",
    ),
}


def rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """So many labelled rows, slots with their places; the first of them name every intent."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        intent = list(FRAMES)[number % len(FRAMES)]
        text, slots = "", []
        for piece in rng.choice(FRAMES[intent]).replace("{", "|{").replace("}", "}|").split("|"):
            name = piece[1:-1] if piece.startswith("{") else ""
            said = rng.choice(CITIES if name == "city" else DAYS) if name else piece
            if name:
                slots.append({"name": name, "value": said, "start": len(text), "end": len(text) + len(said)})
            text += said
        made.append(
            {"text": text.capitalize() + rng.choice(("", "?", "!")), "intent": intent, "slots": slots}
        )
    return made


def write(path: Path, made: list[dict[str, Any]]) -> Path:
    """A JSONL file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made), "utf-8")
    return path


RECIPE = """\
name = "travel"
bundle = "travel-bundle"
work = "work"
max_chars = 80
{student}
{extra}
[linear]
steps = 40

[data]
train = "travel.jsonl"
acting = ["book_flight", "cancel"]
out_of_scope = "oos"
{data}
"""
TRANSFORMER = """\
[student]
layers = 1
width = 32
heads = 2
head_size = 16
feed_forward = 64

[student_fit]
epochs = 25
batch = 16
rate = 4e-3
"""


def recipe(folder: Path, *, student: str = 'student = "linear"', extra: str = "", data: str = "") -> Path:
    """A recipe beside ``travel.jsonl``."""
    path = folder / "travel.toml"
    tables = student.startswith("[")
    text = RECIPE.format(student="" if tables else student, extra=extra, data=data)
    path.write_text(text + (student if tables else ""), "utf-8")
    return path
