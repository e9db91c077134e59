"""Write ``cascade/_simplified.py``: traditional to simplified characters, one to one, taken from OpenCC.

Run by hand from a checkout when OpenCC publishes new tables; the library itself never imports OpenCC::

    python scripts/generate_simplified.py            # rewrite the table
    python scripts/generate_simplified.py --check    # exit 1 when it is out of date
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import opencc

TARGET = Path(__file__).resolve().parent.parent / "cascade" / "_simplified.py"

# Hong Kong forms (枱, 糭) are added where the Taiwanese standard that t2s reads says nothing about them.
CONFIGURATIONS = ("t2s", "hk2s")

# Characters of the basic plane that Han may stand in. Beyond it no keyboard and no menu writes, and a table
# that stays inside needs 16 bits a character.
HAN_BLOCKS = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000))

HEADER = '''"""Traditional characters and their simplified forms, position by position. Generated, not edited.

Made by ``scripts/generate_simplified.py`` from the single-character tables ({configurations}) of
OpenCC {version}, which is distributed under the Apache License, Version 2.0:

    Open Chinese Convert (OpenCC), Copyright 2010-2014 Carbo Kuo <byvoid@byvoid.com> and contributors.
    https://github.com/BYVoid/OpenCC

    Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
    compliance with the License. You may obtain a copy of the License at

        http://www.apache.org/licenses/LICENSE-2.0

    Unless required by applicable law or agreed to in writing, software distributed under the License is
    distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
    See the License for the specific language governing permissions and limitations under the License.

Changed from the original: reduced to pairs of single characters of the basic plane; the few characters whose
simplified form is itself the traditional form of another are left out, so that mapping twice changes nothing.
"""
'''


def single_characters(configuration: str) -> dict[str, str]:
    """What one OpenCC configuration makes of every lone Han character that it changes."""
    convert = opencc.OpenCC(configuration).convert
    pairs: dict[str, str] = {}
    for traditional in map(chr, chain.from_iterable(HAN_BLOCKS)):
        simplified = convert(traditional)
        if simplified != traditional and usable(simplified):
            pairs[traditional] = simplified
    return pairs


def usable(simplified: str) -> bool:
    """Whether a simplified form is one character of the basic plane that NFKC leaves as it is."""
    return (
        len(simplified) == 1
        and simplified <= "\uffff"
        and unicodedata.normalize("NFKC", simplified) == simplified
    )


def table() -> dict[str, str]:
    """All pairs, earlier configurations first in rank, without chains, in code point order."""
    pairs: dict[str, str] = {}
    for configuration in CONFIGURATIONS:
        pairs = single_characters(configuration) | pairs
    return {key: pairs[key] for key in sorted(pairs) if pairs[key] not in pairs}


def wrapped(characters: str, width: int = 48) -> Iterator[str]:
    """Source lines of one string constant; Han take two columns each."""
    for start in range(0, len(characters), width):
        yield f'    "{characters[start : start + width]}"'


def module(pairs: dict[str, str]) -> str:
    """The source of the generated module."""
    lines = [HEADER.format(version=version("opencc"), configurations=", ".join(CONFIGURATIONS))]
    for name, characters in (("TRADITIONAL", "".join(pairs)), ("SIMPLIFIED", "".join(pairs.values()))):
        lines += [f"{name} = (", *wrapped(characters), ")", ""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Write cascade/_simplified.py from OpenCC's tables.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    source = module(table())
    if parser.parse_args().check:
        return int(TARGET.read_text(encoding="utf-8") != source)
    TARGET.write_text(source, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
