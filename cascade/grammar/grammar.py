"""The order grammar: an utterance in, the order it can only mean out, or the reason why there is none.

Shared by the tiers: the rules tier answers with it, the classifier takes its slots from it, the LLM tier holds replies
against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from cascade.bundle import Bundle, validated
from cascade.grammar import (
    alterations,
    amendments,
    amounts,
    bare,
    budgets,
    clock,
    existing,
    flags,
    free_wishes,
    guarding,
    heard,
    leads,
    named,
    names,
    notes,
    parts,
    places,
    reading,
    serving,
    set_down,
    speech,
    spent,
    superseded,
    tastes,
    whither,
    words,
)
from cascade.grammar.answer import changed, composed, to_data
from cascade.grammar.changing import may_change
from cascade.grammar.check import check
from cascade.grammar.entry import ROLE, Token
from cascade.grammar.heard import HeardParse, HeardReading
from cascade.grammar.hearing import Heard, Listener
from cascade.grammar.lexicon import Lexicon
from cascade.grammar.lists import lay_out
from cascade.grammar.parse import Guard, Parse, Problem
from cascade.grammar.piece import Fields, Unclear
from cascade.grammar.reading import CHANGE, HEAD, PART, VALUE, Handler, Reading
from cascade.grammar.sounds import Sounds
from cascade.grammar.spec import GrammarSpec
from cascade.text import Utterance

_HANDLERS: Final[Mapping[str, Handler]] = {
    **names.HANDLERS,
    **flags.HANDLERS,
    **notes.HANDLERS,
    **words.HANDLERS,
    **guarding.HANDLERS,
    **existing.HANDLERS,
    **serving.HANDLERS,
    **speech.HANDLERS,
    **places.HANDLERS,
    **amendments.HANDLERS,
    **alterations.HANDLERS,
    **leads.HANDLERS,
    **parts.HANDLERS,
    **set_down.HANDLERS,
    **amounts.HANDLERS,
    **budgets.HANDLERS,
    **clock.HANDLERS,
    **heard.HANDLERS,
}
_MAX_READINGS: Final = 16
_EITHER: Final = "an order, or a change of one"


class OrderGrammar:
    """Parses utterances; immutable and safe to share between threads."""

    def __init__(
        self,
        spec: GrammarSpec,
        lexicon: Lexicon,
        answer_model: type[BaseModel],
        sounds: Sounds | None = None,
    ) -> None:
        """Without ``sounds`` no marked name is looked for by its sound."""
        self.spec = spec
        self.lexicon = lexicon
        self.answer_model = answer_model
        fields = [slot for slot in spec.slots.values() if slot.field is not None]
        self._head = next(slot.field for slot in fields if slot.role == "head" and slot.field is not None)
        self.listener = Listener(spec, lexicon, sounds or Sounds({}))
        self._spreading = frozenset(slot.field for slot in fields if slot.spreads and slot.field is not None)

    @classmethod
    def from_bundle(cls, bundle: Bundle, answer_model: type[BaseModel]) -> OrderGrammar:
        """Read ``grammar.yaml`` and ``lexicon.yaml``.

        Raises :class:`~cascade.errors.BundleCorrupt` with file and line.
        """
        document = named.written_out(bundle.yaml("grammar.yaml"))
        spec = validated(GrammarSpec, document)
        for key in ("intent", "modify"):
            intent = getattr(spec, key)
            if intent is not None and intent not in bundle.intents:
                raise document.error(f"intent {intent!r} is not in the manifest", (key,))
        return cls(spec, Lexicon.from_bundle(bundle, spec), answer_model, Sounds.from_bundle(bundle))

    def parse(self, utterance: Utterance, intent: str | None = None) -> Parse:
        """What an utterance orders; worked out once for an utterance and intent.

        With an ``intent`` the caller knows what is wanted, and a name alone is enough: "珍珠奶茶", "少糖". Without one
        the utterance must say by itself that it orders, or changes an order.
        """
        memo = utterance.memo
        key = (self, intent)
        found: Parse | None = memo.get(key)
        if found is None:
            found = memo[key] = self._parse(utterance, intent)
        return found

    def hear(self, utterance: Utterance, intent: str, marks: Sequence[Heard]) -> HeardParse:
        """What an utterance of a known ``intent`` orders, where ``marks`` say which words belong to the order.

        ``marks`` are in order, do not overlap, and are of the listener's fields.
        """
        spec = self.spec
        found = self.listener.tokens(utterance.text, marks)
        result = HeardReading(utterance, found, spec, changing=intent == spec.modify)
        lay_out(result)
        spent.lay_out(result)
        if result.changing:
            superseded.pass_over(result, known=True)
            tastes.weather(result)
        reading.read(result, _HANDLERS, leads.passes)
        amendments.settle(result)
        alterations.settle(result)
        unresolved = [*found.unresolved, *heard.misread(result), *parts.contradicted(result, found.fields)]
        if result.changing and (_denies_first(result) or _may_order(result)):
            result.fail("tie", _EITHER)  # 不要少糖要多糖
        items: list[Fields] = []
        if not result.problem:
            try:
                items = heard.items_of(result, self._head, self._spreading)
            except Unclear as unclear:
                result.fail(unclear.reason, unclear.detail)
        answer = None
        if not result.problem and (items or result.values or result.notes):
            answer = self._answer(result, items, intent)
        reason, detail = result.problem, result.detail
        if answer is None and not reason:
            reason, detail = "no_match", "no order in it"
        parse = _told(result, intent, answer, reason, detail)
        pauses = frozenset(token[1] for at, token in enumerate(found.tokens) if at and result.paused(at))
        return HeardParse(
            parse, tuple(found.dropped), frozenset(found.replaced), tuple(sorted(set(unresolved))), pauses
        )

    def check(self, utterance: Utterance, answer: BaseModel) -> tuple[Problem, ...]:
        """What in an answer the utterance does not support, and what was said that the answer lost."""
        intent = str(getattr(answer, "intent", self.spec.intent))
        if intent in self.spec.permits:
            guard = self.forbidden(utterance, intent)
            word = guard and utterance.text[guard.start : guard.end]
            return (Problem("lost", guard.reason, f"{word} is passed over"),) if guard is not None else ()
        return check(self.spec, self.lexicon, utterance, answer, self.parse(utterance, intent))

    def forbidden(self, utterance: Utterance, intent: str) -> Guard | None:
        """The first word that forbids taking an utterance for an intent that acts and carries no order."""
        parse = self.parse(utterance)
        permitted = self.spec.permits.get(intent, ())
        return next(
            (guard for guard in parse.guards if parse.text[guard.start : guard.end] not in permitted), None
        )

    def _parse(self, utterance: Utterance, intent: str | None) -> Parse:
        tokens = self.lexicon.scan(utterance.text)
        if not any(token[0].variants for token in tokens):
            return self._parse_one(utterance, tokens, intent)
        parses = [
            self._parse_one(utterance, list(choice), intent)
            for choice in islice(product(*map(_senses, tokens)), _MAX_READINGS + 1)
        ]
        either = next((parse for parse in parses if parse.detail == _EITHER), None)
        if either is not None:
            return either  # 红豆奶茶换成芋圆: another tea, or another part of it
        complete = [parse for parse in parses if parse.complete]
        answers = {parse.answer for parse in complete}
        changed = complete and all(parse.intent == self.spec.modify for parse in complete)
        if changed and any(parse.reason == "incomplete" for parse in parses):
            answers.add(None)  # 拿铁换豆奶: another drink, or another part of it
        if len(parses) > _MAX_READINGS or len(answers) > 1:
            return Parse(
                complete[0].intent if complete else self.spec.intent,
                None,
                False,
                "tie",
                "words of several senses",
            )
        return complete[0] if complete else min(parses, key=_strangeness)

    def _parse_one(self, utterance: Utterance, tokens: list[Token], intent: str | None) -> Parse:
        spec = self.spec
        changeable = spec.modify is not None if intent is None else intent == spec.modify
        changing = changeable and may_change(tokens)
        result = Reading(utterance, tokens, spec, changing=changing)
        moved = changeable and not changing and whither.moved(result)
        result.changing = changing = changing or moved
        wanted = intent or (spec.modify if changing and spec.modify else spec.intent)
        lay_out(result)
        spent.lay_out(result)
        free_wishes.lay_out(result)
        if changing:
            superseded.pass_over(result)
            tastes.pass_over(result)
            tastes.weather(result)
        reading.read(result, _HANDLERS, leads.passes)
        amendments.settle(result)
        alterations.settle(result)
        if result.superseded and not (moved or may_change(superseded.left(result))):
            result.fail("tie", _EITHER)  # 烤奶要热的，别给我弄成冰的
        items: list[Fields] = []
        if not result.guards and not result.problem:
            try:
                items = changed(result) if changing else composed(result, self._head, self._spreading)
            except Unclear as unclear:
                result.fail(unclear.reason, unclear.detail)
        return self._judged(result, items, wanted, decided=intent is not None)

    def _judged(self, result: Reading, items: list[Fields], intent: str, *, decided: bool) -> Parse:
        text, uncovered = result.utterance.text, _merged(result.uncovered)
        if result.guards:
            reason, start, end = result.guards[0]
            return _told(result, intent, None, reason, text[start:end])
        answer = None
        if not result.problem and (items or result.values or result.notes):
            answer = self._answer(result, items, intent)
        reason, detail = result.problem, result.detail
        if answer is None and not reason:
            reason, detail = "no_match", "no order in it"
        elif uncovered and reason != "quantity":
            reason, detail = "uncovered", " ".join(text[start:end] for start, end in uncovered)
        elif not reason and (not decided or intent == self.spec.modify) and _may_order(result):
            answer, reason, detail = None, "tie", _EITHER
        elif not reason and not (decided or bare.orders(result, items, self._spreading)):
            if self.spec.modify is not None and bare.adds(result):
                intent = self.spec.modify
                answer = self._answer(result, items, intent)
            else:
                reason, detail = "incomplete", "names something without saying what to do"
        return _told(result, intent, answer, reason, detail)

    def _answer(self, result: Reading, items: list[Fields], intent: str) -> BaseModel | None:
        try:
            return self.answer_model.model_validate(to_data(self.spec, result, items, intent))
        except ValidationError as error:
            result.fail("invalid", error.errors()[0]["msg"])
            return None


def _senses(token: Token) -> list[Token]:
    entry, start, end = token
    return [(sense, start, end) for sense in entry.variants] or [token]


def _strangeness(parse: Parse) -> tuple[bool, int, bool]:
    return bool(parse.guards), sum(end - start for start, end in parse.uncovered), parse.answer is None


def _may_order(result: Reading) -> bool:
    """Whether a change may be part of an order: 奶茶，珍珠换成椰果 names what to make, and no order that exists."""
    kinds = [mark[0] for mark in result.marks]
    if not result.changing or result.referred or CHANGE not in kinds:
        return False
    at = kinds.index(CHANGE)
    if PART not in kinds[at:]:
        return False  # 奶茶改成少糖
    return HEAD in kinds and HEAD not in kinds[at:]


def _denies_first(result: Reading) -> bool:
    """Whether all that is said is a value that is not wanted and one that is, of a cup that there may not be yet."""
    first = result.tokens[0][0] if result.tokens else None
    denies = first is not None and (first.guard == "negation" or first.roles & ROLE["reject"])
    told = result.referred or result.exchanged  # 不是七分，是三分糖
    return bool(denies) and not told and {mark[0] for mark in result.marks} == {VALUE}


def _told(result: Reading, intent: str, answer: Any, reason: str, detail: str) -> Parse:
    """What a reading came to: a whole order where there is no reason against it."""
    return Parse(
        intent,
        answer,
        not reason,
        reason,
        detail,
        _merged(result.uncovered),
        tuple(Guard(*guard) for guard in result.guards),
        tuple(result.tokens),
        result.utterance.text,
        frozenset(result.tokens[place][1] for place in result.superseded),
        result.exchanged,
    )


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
