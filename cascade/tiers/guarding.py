"""What in an utterance speaks against an answer that acts: words that guard, and details of an order beside it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cascade.grammar import Guard, Parse
from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.spec import GrammarSpec
from cascade.text import Utterance
from cascade.tiers.asking import asked_for
from cascade.tiers.commanding import Commanding
from cascade.tiers.naming import names_an_order

Place = tuple[int, int]

CARRIERS: Final = frozenset({"carrier", "desire", "again"})
"""Kinds of words that may carry an order: 来, 想要, 再来."""
_ORDERS: Final = ROLE["carrier"] | ROLE["opener"] | ROLE["polite"] | ROLE["desire"] | ROLE["again"]
_ACTS: Final = _ORDERS | ROLE["change"]
_POINTS: Final = ROLE["reference"] | ROLE["object"]
_PARTS: Final = frozenset({"head", "attribute", "part", "flag"})
_NAMED: Final = _PARTS | {"numeral", "measure", "count"}
"""Kinds of words that a denial right before them denies: 别来四杯绿茶."""
_LEADS: Final = (
    ROLE["opener"] | ROLE["object"] | ROLE["reference"] | ROLE["which"] | ROLE["of"] | ROLE["person"]
)
"""What may stand between a denial and the command that it denies: 别给我把那单取消."""
_SILENT: Final = frozenset({"final", "perfective", "separator", "asking", "tag", "filler", "guard"})
"""Kinds of words that may follow what takes an order back, and order nothing."""
_PAUSING: Final = ROLE["separator"] | ROLE["filler"]
_PAUSES: Final = frozenset({"separator", "filler", "aside", "final"})
"""Kinds of words after which a clause may begin."""
_SOFT: Final = frozenset({"negation", "past"})
"""Reasons of guards that a model may take for talk around the wish: 困得不行了, 刚点的那杯. The others stay guards."""


class Guarding:
    """Holds guards and order details against an intent. Immutable, safe to share."""

    def __init__(self, details: frozenset[str], spec: GrammarSpec) -> None:
        self._details = details
        self._spec = spec
        self._commanding = Commanding(spec)

    def forbidding(self, utterance: Utterance, parse: Parse, intent: str) -> list[Place]:
        """Words that forbid an intent that acts and carries no order: all guards but those it is itself said with, and
        talk around it where such words may be in it at all, or beside a clear command.
        """
        permitted, soft = self._spec.permits.get(intent, ()), self._spec.soft.get(intent, ())
        command = self._commanding.command(utterance, intent) if parse.guards else None
        commands = self._spec.commands.get(intent)
        found: list[Place] = []
        for guard in parse.guards:
            word = parse.text[guard.start : guard.end]
            talk = bool(permitted) and guard.reason == "negation" and self.soft(guard, parse)
            denies = any(len(one) > 1 and one in word for one in permitted) or parse.text.startswith(
                permitted, guard.end
            )
            if self._commanded(guard, parse, intent):
                continue
            if commands is not None and asked_for(guard, utterance, parse, commands):
                continue
            if command is not None and self._commanding.reason(guard, utterance, intent, command):
                continue
            denied = command is None and self._commanding.denied(guard, utterance, intent)
            denied = denied or self._denies(guard, parse, intent)
            lenient = word in soft or self._holds(guard, word, soft)
            if denied or (word not in permitted and not lenient and (not talk or denies)):
                found.append((guard.start, guard.end))
        return found

    def _holds(self, guard: Guard, word: str, soft: tuple[str, ...]) -> bool:
        """Whether a word that only holds a guard holds one that the intent is often said with: 说 in 说话."""
        return word in self._spec.harmless.get(guard.reason, ()) and any(one in word for one in soft)

    def _denies(self, guard: Guard, parse: Parse, intent: str) -> bool:
        """Whether a denial leads to the act that it denies, over words that only say of what: 别把那单取消."""
        command = self._spec.commands.get(intent)
        word = parse.text[guard.start : guard.end]
        if command is None or guard.reason != "negation" or word not in self._spec.around.denials:
            return False
        if word.endswith(self._spec.words.perfective):
            return False  # 算了整单取消吧
        at = guard.end
        for entry, start, end in parse.tokens:
            if start == at and not parse.text.startswith(command.acts, at) and entry.roles & _LEADS:
                at = end
        return parse.text.startswith(command.acts, at)

    def told(self, parse: Parse, intent: str) -> bool:
        """Whether somebody tells what was done: 我同事把那单取消了, where 帮我把那单取消了 asks for it."""
        if not self._spec.permits.get(intent) or not parse.tokens:
            return False
        words = [token[0] for token in parse.tokens if token[0].kind != "final"]
        by = any(a.roles & ROLE["person"] and b.roles & ROLE["object"] for a, b in pairwise(words))
        return by and parse.text[: parse.tokens[-1][2]].endswith(self._spec.words.perfective)

    def agreed(self, utterance: Utterance, parse: Parse, intent: str) -> bool:
        """Whether a yes stands before words that name nothing: 嗯，取消吧 answers, 嗯，取消那单 asks."""
        if not self._spec.permits.get(intent) or not utterance.raw.lstrip().startswith(
            self._spec.words.assent
        ):
            return False
        return not any(
            entry.roles & _POINTS or _PARTS.intersection(kinds_of(entry)) for entry, _, _ in parse.tokens
        )

    def order_details(self, parse: Parse, intent: str) -> list[Place]:
        """Where a text that orders nothing speaks of what only an order has: 少糖, 两杯, 点奶茶.

        How many, before the word that calls it off, says which order: 把那两杯美式取消. So does what else is said of a
        cup that is pointed at: 取消那杯热的.
        """
        permitted, soft = self._spec.permits.get(intent, ()), self._spec.soft.get(intent, ())
        called_off = max(
            (start for _, start, end in parse.tokens if parse.text[start:end] in permitted), default=0
        )
        places: list[Place] = []
        previous, ordering = "", False
        for at, (entry, start, end) in enumerate(parse.tokens):
            slots = [sense.slot for sense in entry.variants or (entry,) if sense.slot is not None]
            counted = previous == "numeral" and entry.kind == "measure"
            counted = counted and parse.text[start:end] not in soft  # 领一个, 取消一单
            following = parse.tokens[at + 1][0].kind if at + 1 < len(parse.tokens) else ""
            ordered = ordering and entry.kind == "head" and following != "flag"  # 要奶茶券
            detail = not counted and any(slot.field in self._details for slot in slots)
            if (detail or counted) and names_an_order(parse, at, intent, self._spec):
                detail = counted = False
            of_a_part = bool(permitted) and _of_a_part(parse, at)
            if ordered or detail or of_a_part or (counted and (ordering or start > called_off)):
                places.append((start, end))
            carries = entry.kind in CARRIERS or bool(entry.roles & ROLE["carrier"])
            ordering = carries or (ordering and entry.kind in ("numeral", "measure"))
            previous = entry.kind
        return places

    def harmless(self, guard: Guard, parse: Parse, pauses: frozenset[int] = frozenset()) -> bool:
        """Whether a word only holds the characters of a guard, 演唱会, and nobody is told to do it: 帮我写论文.

        What tells must begin its clause: 就是说给我来一杯, not 我妈就是说给我来一杯. What denies must end it:
        别拦我, not 别拦我喝奶茶. ``pauses`` are the starts of words that were typed after a space.
        """
        word = parse.text[guard.start : guard.end]
        if word not in self._spec.harmless.get(guard.reason, ()):
            return False
        before = next((entry for entry, _, end in parse.tokens if end == guard.start), None)
        after = next((entry for entry, start, _ in parse.tokens if start == guard.end), None)
        ends = after is None or after.kind in ("separator", "perfective") or guard.end in pauses
        if guard.reason == "negation" and not ends:
            return False
        if before is None or before.kind in _PAUSES:
            return True
        tells = guard.reason == "quotation" and word.endswith(self._spec.apart.get(guard.reason, ()))
        return not (tells or (before.roles & _ORDERS and guard.reason != "past"))

    def soft(self, guard: Guard, parse: Parse) -> bool:
        """Whether a guard may be talk: it denies nothing that is named or asked for right after it."""
        if _takes_back(guard, parse) or _asks_whether(guard, parse):
            return False
        if parse.text[guard.start : guard.end] in self._spec.soft.get(parse.intent, ()):
            return True
        if self._opens(guard, parse):
            return True
        if guard.reason not in _SOFT or (guard.reason == "past" and parse.intent == self._spec.intent):
            return False
        if parse.text[guard.start : guard.end] in self._spec.around.excepts:
            return False  # 除了我都少糖，三杯奶茶
        following = _denied(guard, parse)
        denied = following is not None and (following.kind in _NAMED or following.roles & _ACTS)
        denied = denied or self._denies_a_part(guard, parse)
        denied = denied or (following is not None and self._points_back(following))  # 别用它
        if denied or parse.intent != self._spec.intent or guard.reason != "negation":
            return not denied
        return not (_named_before(parse, guard.start) or _closes(parse, guard))

    def _denies_a_part(self, guard: Guard, parse: Parse) -> bool:
        """Whether a denial denies what is done with a part: 别去掉珍珠, 没要加珍珠, not 甭加珍珠."""
        guarding = next((entry for entry, start, _ in parse.tokens if start == guard.start), None)
        following = next((entry for entry, start, _ in parse.tokens if start == guard.end), None)
        word = parse.text[guard.start : guard.end]
        if guarding is None or following is None or guarding.roles & ROLE["amend"] or word.endswith("了"):
            return False  # 算了加珍珠, 没了加珍珠
        added = following.roles & ROLE["add"] and word not in self._spec.around.denials
        return guard.reason == "negation" and bool(added or following.roles & ROLE["remove"])

    def _opens(self, guard: Guard, parse: Parse) -> bool:
        """Whether what takes something back in a change stands before all that it could take back: 算了，改去冰."""
        word = parse.text[guard.start : guard.end]
        if word not in self._spec.begun.get(parse.intent, ()):
            return False
        before = [entry for entry, _, end in parse.tokens if end <= guard.start]
        named = any(kinds_of(entry) & _NAMED or entry.slot is not None for entry in before)
        return not named and any(entry.roles & ROLE["change"] for entry, _, _ in parse.tokens)

    def _points_back(self, entry: Entry) -> bool:
        """Whether a word spends what was named before it."""
        return bool(entry.roles & ROLE["spend"]) and entry.form.endswith(self._spec.words.again_named)

    def _commanded(self, guard: Guard, parse: Parse, intent: str) -> bool:
        """把免单卡领了 and 那张券领了 ask for what 我把免单卡领了 tells."""
        if guard.reason != "past":
            return False
        if self._closing(guard, parse, intent):
            return True
        for at, (entry, start, _) in enumerate(parse.tokens):
            if entry.roles & ROLE["object"] and start < guard.start:
                addressed = at and parse.tokens[at - 1][0].roles & ROLE["opener"]
                return bool(addressed) or not parse.text.endswith(self._spec.words.speaker, 0, start)
        return False

    def _closing(self, guard: Guard, parse: Parse, intent: str) -> bool:
        """Whether all that is said is what something is to be done with, and what: 那张券领了."""
        command = self._spec.commands.get(intent)
        word = parse.text[guard.start : guard.end]
        if command is None or len(parse.guards) > 1 or not word.startswith(command.acts):
            return False
        before = [entry for entry, _, end in parse.tokens if end <= guard.start]
        after = [entry for entry, start, _ in parse.tokens if start >= guard.end]
        return (
            any(entry.kind == "flag" for entry in before)
            and not any(entry.roles & ROLE["person"] for entry in before)
            and all(entry.kind == "final" for entry in after)
            and not any(character in self._spec.around.done for character in parse.text[: guard.start])
        )


def _denied(guard: Guard, parse: Parse) -> Entry | None:
    """The word right after a denial, past what only leads to a value: 别备注少糖, not 不对，备注少糖."""
    at, amends = guard.end, False
    for entry, start, end in parse.tokens:
        amends |= start == guard.start and bool(entry.roles & ROLE["amend"])
        if start != at:
            continue
        if entry.kind != "filler" or amends:
            return entry
        at = end
    return None


def _of_a_part(parse: Parse, at: int) -> bool:
    """Whether a word says that less than an order is called off: 取消我那杯奶茶的糖, 那张免单卡帮我退了吧."""
    entry = parse.tokens[at][0]
    if entry.kind == "flag":
        return not any(other.roles & _POINTS for other, _, _ in parse.tokens)
    last = all(other.kind in _SILENT for other, _, _ in parse.tokens[at + 1 :])
    return bool(entry.roles & ROLE["aspect"]) and last and bool(parse.tokens[at - 1][0].roles & ROLE["of"])


def _named_before(parse: Parse, start: int) -> bool:
    """Whether a name stands right before a place: 奶茶没了."""
    return any(end == start and _PARTS.intersection(kinds_of(entry)) for entry, _, end in parse.tokens)


def kinds_of(entry: Entry) -> set[str]:
    """The kinds of all senses of a word."""
    return {sense.kind for sense in entry.variants or (entry,)}


def _takes_back(guard: Guard, parse: Parse) -> bool:
    """Whether a guard stands between what it takes back and something else: 加波霸，不，加布丁, 加珍珠，还是加布丁.

    Between parts it need not be alone in its clause.
    """
    before = [entry for entry, _, end in parse.tokens if end <= guard.start]
    after = [entry for entry, start, _ in parse.tokens if start >= guard.end]
    guarding = next((entry for entry, start, _ in parse.tokens if start == guard.start), None)
    if guarding is None or not guarding.roles & ROLE["amend"]:
        return False
    alone = bool(before and before[-1].roles & _PAUSING and after and after[0].roles & _PAUSING)
    said = next((entry for entry in reversed(before) if not entry.roles & _PAUSING), None)
    kinds = kinds_of(said) if said is not None else set()
    if "part" in kinds:
        return any("part" in kinds_of(entry) for entry in after)
    return alone and bool(kinds & _NAMED) and any(kinds_of(entry) & _NAMED for entry in after)


def _asks_whether(guard: Guard, parse: Parse) -> bool:
    """Whether a guard ends what asks whether something is done: 你点上没, 改了没."""
    before = next((entry for entry, _, end in parse.tokens if end == guard.start), None)
    after = [entry for entry, start, _ in parse.tokens if start >= guard.end]
    done = before is not None and (before.kind == "perfective" or before.roles & _ACTS)
    return bool(done) and guard.reason == "negation" and all(entry.kind in _SILENT for entry in after)


def _closes(parse: Parse, guard: Guard) -> bool:
    """Whether nothing is said after a guard that itself follows what was ordered: 来杯奶茶，算了."""
    after = (entry for entry, start, _ in parse.tokens if start >= guard.end)
    before = (entry for entry, _, end in parse.tokens if end <= guard.start)
    ordered = any(_PARTS.intersection(kinds_of(entry)) for entry in before)
    return ordered and all(entry.kind in _SILENT for entry in after)
