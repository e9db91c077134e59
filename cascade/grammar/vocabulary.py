"""Putting the words together: of ``lexicon.yaml``, of ``grammar.yaml``, and what they hide of each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from pydantic import RootModel

from cascade.bundle import Bundle, validated
from cascade.errors import InputRejected
from cascade.grammar.compounds import MODIFIER
from cascade.grammar.entry import ROLE, Entry, Slot
from cascade.grammar.forms import Form, Forms
from cascade.grammar.function_words import Words
from cascade.grammar.numerals import NUMERAL_CHARS
from cascade.grammar.spec import GrammarSpec
from cascade.strict_yaml import Document
from cascade.text import Normalizer

# Which of its roles a word is read by when it comes up; the reading itself looks at the others.
_PRIORITY: Final = (
    "numeral change swap polite again add plenty apiece amend aside recipient person toward remove "
    "reject removed desire carrier opener measure portion bundle count each sort all among other rest "
    "connector lead reference object inside of perfective asking tag final total filler separator times "
    "bound clock half headcount copula aspect spend which turn kept rightly intend mine because halt picture thing "
    "serve shift hither"
)
_KINDS: Final = tuple((ROLE[name], name) for name in _PRIORITY.split())

_DELAY: Final = ROLE["delay"]
_ADDRESSES: Final = ROLE["opener"] | ROLE["polite"] | ROLE["carrier"] | ROLE["desire"]
_PERSON: Final = ROLE["person"]
_RECIPIENT: Final = ROLE["recipient"]
_CUTS: Final = (
    ROLE["recipient"] | ROLE["add"] | ROLE["remove"] | ROLE["reject"] | ROLE["plenty"] | ROLE["numeral"]
)
"""Words that speech puts right before a mention, and that forms of the lexicon may begin with."""
_NAMES: Final = frozenset({"head", "part"})
_NO_WORDS: Final = frozenset(
    {"speaker", "set_down", "adjust", "either", "crowd", "lately", "again_named", "once"}
)
"""Classes of what other words begin or end with."""


@dataclass(slots=True)
class _Draft:
    """What is known of one form while the lexicon is put together."""

    roles: int = 0
    guard: str = ""
    number: int = 0
    senses: tuple[tuple[Slot, str], ...] = ()


class _LexiconFile(RootModel[Mapping[str, Mapping[Form, Forms]]]):
    """Slot to canonical value to spoken forms."""


def vocabulary(bundle: Bundle, spec: GrammarSpec) -> list[Entry]:
    """Every word of a bundle.

    Raises :class:`~cascade.errors.BundleCorrupt` with the line of what is wrong.
    """
    drafts: dict[str, _Draft] = {}
    _read_lexicon(bundle.yaml("lexicon.yaml"), spec, drafts)
    _add_phrasings(bundle, spec, drafts)
    _add_words(spec, drafts)
    entries = {form: _entry(form, draft) for form, draft in drafts.items()}
    _mark_rejections(entries)
    _mark_of_all(entries, spec.words.all)
    return [*entries.values(), *_overlaps(entries)]


def _read_lexicon(document: Document, spec: GrammarSpec, drafts: dict[str, _Draft]) -> None:
    normalizer = Normalizer()
    for name, values in validated(_LexiconFile, document).root.items():
        slot_spec = spec.slots.get(name)
        if slot_spec is None:
            raise document.error(f"grammar.yaml has no slot {name!r}", (name,))
        slot = Slot(name, slot_spec, slot_spec.field or "")
        for value, forms in values.items():
            for place, form in enumerate(forms):
                _check(normalizer, document, form, (name, value, place))
                _add_form(drafts, slot, value, form)
            if slot_spec.spoken and value not in forms and value == value.lower():
                _check(normalizer, document, value, (name, value))
                _add_form(drafts, slot, value, value)


def _add_phrasings(bundle: Bundle, spec: GrammarSpec, drafts: dict[str, _Draft]) -> None:
    for name, values in spec.phrasings.items():
        slot_spec = spec.slots.get(name)
        if slot_spec is None:
            document = bundle.yaml("grammar.yaml")
            raise document.error(f"there is no slot {name!r}", ("phrasings", name))
        slot = Slot(name, slot_spec, slot_spec.field or "")
        for value, forms in values.items():
            for form in forms:
                if form not in drafts:  # the lexicon knows better what a whole form means
                    _add_form(drafts, slot, value, form)


def _check(normalizer: Normalizer, document: Document, form: str, path: tuple[str | int, ...]) -> None:
    try:
        normal = normalizer(form).text
    except InputRejected:
        normal = ""
    if normal != form:
        raise document.error(f"{form!r} is not what the normaliser leaves: {normal!r}", path)


def _add_form(drafts: dict[str, _Draft], slot: Slot, value: str, form: str) -> None:
    draft = drafts.setdefault(form, _Draft())
    if slot.spec.role == "measure":
        draft.roles |= ROLE["measure" if form == value else "counted"]
    elif (slot, value) not in draft.senses:
        draft.senses += ((slot, value),)


def _add_words(spec: GrammarSpec, drafts: dict[str, _Draft]) -> None:
    def add(role: str, forms: Iterable[str]) -> None:
        for form in forms:
            drafts.setdefault(form, _Draft()).roles |= ROLE[role]

    for name in Words.model_fields:
        if name not in _NO_WORDS:
            add(name, getattr(spec.words, name))
    _mark_speaker(spec, drafts)
    if spec.budget is not None:
        add("bound", spec.budget.before)
        add("unit", spec.budget.units)
        add("cap", spec.budget.after)
    if spec.clock is not None:
        clock = spec.clock
        add("clock", (*clock.days, *clock.parts))
        for role, forms in (
            *(
                ("hour", clock.hours),
                ("minute", clock.minutes),
                ("fraction", clock.fractions),
                ("delay", clock.delays),
            ),
            *(("half", clock.half), ("later", clock.later), ("around", clock.around)),
            ("soon", clock.within),
        ):
            add(role, forms)
    for role, numbers in (("bundle", spec.quantity.bundles), ("count", spec.quantity.counts)):
        add(role, numbers)
        for form, number in numbers.items():
            drafts[form].number = number
    add("numeral", NUMERAL_CHARS)
    add("filler", " ")
    for reason, forms in (*spec.harmless.items(), *spec.guards.items()):
        for form in forms:
            drafts.setdefault(form, _Draft()).guard = reason


def _mark_speaker(spec: GrammarSpec, drafts: dict[str, _Draft]) -> None:
    speaks = tuple(spec.words.speaker)
    for form, draft in drafts.items():
        if speaks and draft.roles & _ADDRESSES and (form.startswith(speaks) or form.endswith(speaks)):
            draft.roles |= ROLE["speaker"]


@cache
def _kind(roles: int) -> str:
    return next((name for role, name in _KINDS if roles & role), "")


def _entry(form: str, draft: _Draft) -> Entry:
    kind = _kind(draft.roles) or ("guard" if draft.guard else "unknown")
    others = tuple(sense for sense in draft.senses if sense[0].spec.role != MODIFIER)
    # what is a word by itself is no modifier: 红豆 is a part
    senses = others if others or draft.roles or draft.guard else draft.senses
    if not senses:
        return Entry(form, kind, draft.roles, None, "", draft.guard, draft.number)
    single = [
        Entry(form, slot.spec.role, draft.roles, slot, value, draft.guard, draft.number)
        for slot, value in senses
    ]
    kinds = {sense.kind for sense in single}
    for sense in single:
        sense.twofold = sense.kind in _NAMES and kinds >= _NAMES
    if len(single) > 1:
        return Entry(form, single[0].kind, draft.roles, guard=draft.guard, variants=tuple(single))
    return single[0]


def _mark_rejections(entries: Mapping[str, Entry]) -> None:
    rejecting = tuple(form for form, entry in entries.items() if entry.roles & ROLE["reject"])
    for form, entry in entries.items():
        for word in rejecting if form.startswith(rejecting) else ():
            rest = entries.get(form.removeprefix(word)) if form.startswith(word) and form != word else None
            if rest is not None and rest.slot is not None and entry.slot is not None:
                entry.rejects = True


def _mark_of_all(entries: Mapping[str, Entry], words: tuple[str, ...]) -> None:
    """全去冰 is 去冰 of all; 全冰 is as much ice as there may be. So is 冰都少点, but 一点冰都不要 is of one."""
    inside = tuple(word for word in words if len(word) == 1)
    for form, entry in entries.items():
        for length in (1, 2) if entry.slot is not None and any(word in form[1:3] for word in inside) else ():
            of = entries.get(form[:length])
            named = of is not None and (of.roles & ROLE["aspect"] or of.slot is entry.slot)
            entry.of_all |= bool(named and form.startswith(inside, length) and form[length + 1 :])
        for word in words if entry.slot is not None and form.startswith(words) else ():
            rest = entries.get(form.removeprefix(word)) if form.startswith(word) else None
            if (
                rest is not None
                and len(rest.form) > 1
                and (rest.slot, rest.value) == (entry.slot, entry.value)
            ):
                entry.of_all = True


def _overlaps(entries: Mapping[str, Entry]) -> list[Entry]:
    """Strings that the longest word at the leftmost place would cut in the wrong place, or in one of two right ones."""
    by_prefix: dict[str, list[str]] = {}
    for form, entry in entries.items():
        if entry.roles & (_DELAY | _PERSON) or any(
            sense.kind in _NAMES for sense in entry.variants or (entry,)
        ):
            for length in range(1, len(form)):
                by_prefix.setdefault(form[:length], []).append(form)
    # a mention cut short is a misprint; one of these words before a mention is speech
    heads = {form: entry for form, entry in entries.items() if entry.roles & _CUTS and entry.slot is None}
    found: dict[str, Entry] = {}
    initials = {form[0] for form in heads}
    for first in (form for form in entries if form[0] in initials):
        for cut in range(1, len(first)):
            head = heads.get(first[:cut])
            if head is None:
                continue
            for second in by_prefix.get(first[cut:], ()):
                whole = first[:cut] + second
                rest = entries.get(whole[len(first) :])
                if whole in entries or bool(head.roles & _RECIPIENT) != bool(entries[second].roles & _PERSON):
                    continue
                if rest is None or head.roles & _RECIPIENT:
                    found[whole] = Entry(whole, "pieces", pieces=(head, entries[second]))
                elif rest.slot is not None or rest.variants:
                    found[whole] = Entry(whole, "ambiguous")
    return list(found.values())
