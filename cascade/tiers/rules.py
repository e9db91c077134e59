"""The first tier: exact phrases, patterns in linear time, and the order grammar.

    rules.yaml
      version: 1
      phrases:                       # whole utterances, normalised; one hash look-up however many there are
        - intent: cancel_order
          texts: [取消订单, 把订单取消]
        - intent: order_drink
          answer: {items: [{drink: 奶茶}]}
          texts: [帮我点杯奶茶]
      patterns:                      # RE2 syntax, matched against the whole utterance
        - name: where_is_it
          intent: query_order
          match: '(?:我的)?(?:订单|奶茶|外卖)(?:现在)?(?:到哪了|什么时候到)'
          unless: '取消'             # RE2 has no lookaround: what must not occur anywhere

A pattern that names slots of the grammar (``<drink>多少钱``) is matched against the utterance with every thing of the
trade replaced by its slot, where the grammar finds no whole order. ``parts`` are pieces of patterns with a name,
written ``{name}`` in ``match`` and ``unless``.

Rules that disagree are no rule: the tier abstains on ties, between patterns and between a pattern and the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

import re2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cascade.bundle import Bundle, validated
from cascade.errors import BundleCorrupt, InputRejected
from cascade.grammar import OrderGrammar, Parse
from cascade.result import Abstention, Outcome, Proposal
from cascade.strict_yaml import Document
from cascade.text import Utterance
from cascade.tiers.base import Context

FILE: Final = "rules.yaml"
CALIBRATION: Final = "calibration.json"

_SHORTHAND: Final = re.compile(r"\\[dDwWsSbBCAzQEpP]|\[\[:|\(\?[a-zA-Z]|(?<!\\)[\^$.]")
"""What RE2 takes for ASCII alone, what anchors (the whole utterance is matched anyway), and what matches anything."""
_CLASS: Final = re.compile(r"\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\]")
_PART: Final = re.compile(r"\{([a-z][a-z_]{0,39})\}")
_SLOT: Final = re.compile(r"<[a-z_]+>")
_SHORTHAND_IN_CLASS: Final = re.compile(r"\\[dDwWsSpP]|\[:")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Rule(_Record):
    intent: str
    answer: Mapping[str, Any] = Field(default_factory=dict)
    """Fields of the answer besides ``intent``."""


class PhraseRule(_Rule):
    """Whole utterances of one answer."""

    texts: tuple[str, ...] = Field(min_length=1)


class PatternRule(_Rule):
    """One pattern of one answer."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    match: str = Field(min_length=1, max_length=4000)
    unless: str | None = Field(default=None, min_length=1, max_length=4000)


class RulesFile(_Record):
    """``rules.yaml``."""

    version: int = Field(ge=1, le=1)
    parts: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")], str] = Field(default_factory=dict)
    """Pieces of patterns; a piece may hold those written before it."""
    phrases: tuple[PhraseRule, ...] = ()
    patterns: tuple[PatternRule, ...] = ()


class MeasuredRules(BaseModel):
    """How often each kind of rule was right, from ``calibration.json``; ``None`` where nobody measured."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    phrase: float | None = Field(default=None, ge=0, le=1)
    pattern: float | None = Field(default=None, ge=0, le=1)
    grammar: float | None = Field(default=None, ge=0, le=1)


class Patterns:
    """Any number of patterns, matched in time linear in the text: the filter finds the few that may match."""

    def __init__(self, rules: Iterable[tuple[int, PatternRule, Proposal]], document: Document) -> None:
        """``rules`` come with their numbers in the document."""
        self._filter = re2.Filter()
        self._rules: list[tuple[Any, Proposal]] = []
        for number, rule, proposal in rules:
            where = ("patterns", number)
            _compiled(_whole(rule.match), rule.match, document, (*where, "match"))
            unless = None
            if rule.unless is not None:
                unless = _compiled(rule.unless, rule.unless, document, (*where, "unless"))
            self._filter.Add(_whole(rule.match), _options())
            self._rules.append((unless, proposal))
        if self._rules:
            self._filter.Compile()

    def match(self, text: str) -> Proposal | Abstention | None:
        """The proposal of the patterns that match, an abstention when they disagree, ``None`` when none does."""
        found: Proposal | None = None
        for number in (self._filter.Match(text) or ()) if self._rules else ():
            unless, proposal = self._rules[number]
            if unless is not None and unless.search(text) is not None:
                continue
            if found is not None and found.answer != proposal.answer:
                return Abstention("tie", f"{found.detail} and {proposal.detail}")
            found = proposal
        return found


class RulesTier:
    """Answers what it is certain of, and nothing else. Immutable, safe to share among threads."""

    name: Final = "rules"

    def __init__(
        self,
        phrases: Mapping[str, Proposal],
        patterns: Patterns,
        grammar: OrderGrammar | None,
        confidence: float | None = None,
        outlines: Patterns | None = None,
    ) -> None:
        """``grammar`` is ``None`` for a pack that has none; ``confidence`` is how often it was measured to be right,
        ``None`` when nobody measured. ``outlines`` are patterns of utterances with slots for what they name.
        """
        self._phrases = phrases
        self._patterns = patterns
        self._grammar = grammar
        self._confidence = confidence
        self._outlines = outlines

    @classmethod
    def from_bundle(
        cls, bundle: Bundle, grammar: OrderGrammar | None, answer_model: type[BaseModel]
    ) -> RulesTier:
        """Read ``rules.yaml``. Raises :class:`~cascade.errors.BundleCorrupt` with file and line."""
        document = bundle.yaml(FILE)
        rules = validated(RulesFile, document)
        measured = _measured(bundle)
        reader = _Reader(bundle, document, answer_model, measured)
        phrases = reader.phrases(rules.phrases)
        patterns = list(reader.patterns(rules.patterns, rules.parts))
        plain = Patterns([one for one in patterns if not _outlined(one[1])], document)
        outlines = Patterns([one for one in patterns if _outlined(one[1])], document)
        return cls(phrases, plain, grammar, measured.grammar, outlines)

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        """An exact phrase, else what the patterns and the grammar agree on."""
        phrase = self._phrases.get(utterance.text)
        if phrase is not None:
            return phrase
        matched = self._patterns.match(utterance.text)
        if self._grammar is None:
            return matched if matched is not None else Abstention("no_match")
        parse = self._grammar.parse(utterance)
        if matched is None and self._outlines is not None and not parse.complete:
            matched = self._outlines.match(parse.outline)
        if matched is None:
            return self._ordered(parse, utterance)
        if isinstance(matched, Proposal) and parse.complete and parse.answer != matched.answer:
            return Abstention("tie", f"{matched.detail} and the grammar")
        return matched

    def _ordered(self, parse: Parse, utterance: Utterance) -> Outcome:
        if parse.complete:
            return Proposal(parse.intent, parse.answer, self._confidence, detail="grammar")
        return Abstention(parse.reason, parse.detail, parse.uncovered_spans(utterance), parse.answer)


class _Reader:
    """Makes proposals of the rules of one file, and points at the line of what does not fit."""

    def __init__(
        self, bundle: Bundle, document: Document, answer_model: type[BaseModel], measured: MeasuredRules
    ) -> None:
        self._intents = bundle.intents
        self._document = document
        self._answer_model = answer_model
        self._measured = measured
        self._normalizer = bundle.normalizer

    def phrases(self, rules: Iterable[PhraseRule]) -> dict[str, Proposal]:
        found: dict[str, Proposal] = {}
        for number, rule in enumerate(rules):
            where: tuple[str | int, ...] = ("phrases", number)
            proposal = self._proposal(rule, "phrase", where, self._measured.phrase)
            for place, text in enumerate(rule.texts):
                normal = self._normal(text)
                if normal != text:
                    message = f"{text!r} is never met: the normaliser leaves {normal!r}"
                    raise self._document.error(message, (*where, "texts", place))
                if found.setdefault(text, proposal).answer != proposal.answer:
                    raise self._document.error(f"{text!r} stands for two answers", (*where, "texts", place))
        return found

    def patterns(
        self, rules: Iterable[PatternRule], parts: Mapping[str, str]
    ) -> Iterator[tuple[int, PatternRule, Proposal]]:
        known: dict[str, str] = {}
        for name, part in parts.items():
            known[name] = f"(?:{self._spelled_out(part, known, ('parts', name))})"
        names: set[str] = set()
        for number, rule in enumerate(rules):
            where: tuple[str | int, ...] = ("patterns", number)
            if rule.name in names:
                raise self._document.error(f"pattern {rule.name!r} stands twice", (*where, "name"))
            names.add(rule.name)
            spelled = {"match": self._spelled_out(rule.match, known, (*where, "match"))}
            if rule.unless is not None:
                spelled["unless"] = self._spelled_out(rule.unless, known, (*where, "unless"))
            whole = rule.model_copy(update=spelled)
            yield number, whole, self._proposal(rule, f"pattern {rule.name}", where, self._measured.pattern)

    def _spelled_out(self, pattern: str, parts: Mapping[str, str], where: tuple[str | int, ...]) -> str:
        """A pattern with its parts in place."""
        pieces = _PART.split(pattern)
        unknown = next((name for name in pieces[1::2] if name not in parts), None)
        if unknown is not None:
            raise self._document.error(f"there is no part {unknown!r} before", where)
        return "".join(parts[piece] if at % 2 else piece for at, piece in enumerate(pieces))

    def _proposal(
        self, rule: _Rule, detail: str, where: tuple[str | int, ...], confidence: float | None
    ) -> Proposal:
        if rule.intent not in self._intents:
            raise self._document.error(f"intent {rule.intent!r} is not in the manifest", (*where, "intent"))
        try:
            answer = self._answer_model.model_validate({**rule.answer, "intent": rule.intent})
        except ValidationError as error:
            first = error.errors()[0]
            at = ".".join(map(str, first["loc"]))
            message = f"{at}: {first['msg']}" if at else first["msg"]
            raise self._document.error(message, (*where, "answer", *first["loc"])) from error
        return Proposal(rule.intent, answer, confidence, detail=detail)

    def _normal(self, text: str) -> str:
        try:
            return self._normalizer(text).text
        except InputRejected:
            return ""


def _measured(bundle: Bundle) -> MeasuredRules:
    data = bundle.json(CALIBRATION) if bundle.has(CALIBRATION) else {}
    try:
        return MeasuredRules.model_validate(data.get("rules", {}) if isinstance(data, dict) else data)
    except ValidationError as error:
        raise BundleCorrupt(f"rules: {error.errors()[0]['msg']}", file=CALIBRATION) from error


def _outlined(rule: PatternRule) -> bool:
    return _SLOT.search(rule.match) is not None


def _whole(pattern: str) -> str:
    return rf"\A(?:{pattern})\z"


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


def _shorthand(pattern: str) -> str | None:
    """The first shorthand of a pattern; a dot or a circumflex inside a class is a character like any other."""
    plain = _CLASS.sub(lambda found: "".join(_SHORTHAND_IN_CLASS.findall(found[0])), pattern)
    found = _SHORTHAND.search(plain) or _SHORTHAND_IN_CLASS.search(plain)
    return found[0] if found else None


def _compiled(expression: str, written: str, document: Document, where: tuple[str | int, ...]) -> Any:
    shorthand = _shorthand(written)
    if shorthand is not None:
        raise document.error(f"{shorthand!r} does not say which characters it means; write them out", where)
    try:
        return re2.compile(expression, _options())
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        detail = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise document.error(f"not a pattern of RE2: {detail}", where) from error
