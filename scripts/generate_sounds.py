"""Write ``models/tea_order_zh/sounds.txt``: how characters sound, taken from pypinyin (MIT).

Run by hand from a checkout; the library itself never imports pypinyin::

    python scripts/generate_sounds.py            # rewrite the table
    python scripts/generate_sounds.py --check    # exit 1 when it is out of date

What dictation and typing confuse sounds the same here: tones, zh and z, ch and c, sh and s, a final ng and n. The
characters are the 3,755 of GB 2312 level 1 and those of the bundle's lexicon and grammar.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from pypinyin import Style, lazy_pinyin

BUNDLE = Path(__file__).resolve().parent.parent / "models" / "tea_order_zh"
TARGET = BUNDLE / "sounds.txt"
HAN = range(0x4E00, 0xA000)


def characters() -> list[str]:
    """The characters whose sound is listed, in order."""
    cells = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    found = {char for raw in cells if (char := raw.decode("gb2312", errors="ignore"))}
    for name in ("lexicon.yaml", "grammar.yaml"):
        found |= {char for char in (BUNDLE / name).read_text(encoding="utf-8") if ord(char) in HAN}
    return sorted(found)


def sound(char: str) -> str:
    """The syllable of a character as it is heard, empty where it has none."""
    syllable = lazy_pinyin(char, style=Style.NORMAL, errors="ignore")
    if not syllable:
        return ""
    heard = syllable[0]
    for precise, lax in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        heard = lax + heard.removeprefix(precise) if heard.startswith(precise) else heard
    return heard.removesuffix("g") if heard.endswith("ng") else heard


def table() -> str:
    """The text of the file: a syllable, a tab, its characters."""
    by_sound: defaultdict[str, str] = defaultdict(str)
    for char in characters():
        if heard := sound(char):
            by_sound[heard] += char
    return "".join(f"{heard}\t{chars}\n" for heard, chars in sorted(by_sound.items()))


def main() -> int:
    """Write the table, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return int(TARGET.read_text(encoding="utf-8") != table())
    TARGET.write_text(table(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
