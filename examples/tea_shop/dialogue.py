"""From what the cascade understood to what is done: the only place that knows its results and intents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from cascade import Result
from cascade.orders import OrderIntent
from cascade.result import Candidate
from examples.tea_shop import changing, ordering, questions, telling
from examples.tea_shop.actions import NOTHING, Action, Ask, Option, Outcome, Reply, choice, yes
from examples.tea_shop.basket import NotSold
from examples.tea_shop.context import Turning
from examples.tea_shop.models import Question
from examples.tea_shop.texts import Said, english, joined, said, word

QUERIES = frozenset({"query_order", "query_coupon", "query_menu"})
"""What may be asked in between: a pending question stays."""
NOT_UNDERSTOOD = Outcome(
    text=said(
        "没听懂，什么都没有下单。换个说法，或者点菜单上的。",
        "I did not understand, and ordered nothing. Try other words, or the menu.",
    ),
    kind="nothing",
)
LABELS = {
    "cancel_order": said("取消上一单", "Cancel the last order"),
    "claim_coupon": said("领券", "Claim a voucher"),
    "query_order": said("查订单", "Where is my order"),
    "query_coupon": said("查我的券", "My vouchers"),
    "query_menu": said("看菜单", "The menu"),
    "recommend_drink": said("推荐一杯", "Recommend one"),
    "request_support": said("找客服", "Support"),
    "invite_friend": said("邀请好友", "Invite a friend"),
}


def answer(turn: Turning, result: Result[OrderIntent]) -> Reply:
    """What one understood sentence comes to."""
    if result.status == "clarify":
        questions.close(turn)
        return _perform(turn, lambda: _which(result.candidates))
    if result.status != "answered" or result.answer is None:
        questions.close(turn)
        return _perform(turn, lambda: NOT_UNDERSTOOD)
    intent = result.answer.intent
    if intent in ("confirm", "decline"):
        return _spoken(turn, "yes" if intent == "confirm" else "no")
    if intent not in QUERIES:
        questions.close(turn)
    return act(turn, _action(intent, result.answer))


def choose(turn: Turning, question_id: str, at: int) -> Reply:
    """A button was pressed."""
    question = questions.of(turn, question_id)
    options = questions.options(question) if question is not None else []
    if question is None or not 0 <= at < len(options):
        return Reply(text=said("没有这个选项。", "There is no such option."), kind="nothing")
    if question.state != "open":
        return Reply(text=said("这个问题已经答过了。", "That question is answered already."), kind="nothing")
    return _answered(turn, question, options[at]).model_copy(update={"chosen": options[at].label})


def act(turn: Turning, action: Action) -> Reply:
    """Do it, or ask."""
    return _perform(turn, lambda: _done(turn, action))


def _spoken(turn: Turning, means: Literal["yes", "no"]) -> Reply:
    """A yes or a no refers to the pending question of this conversation and to nothing else."""
    question = questions.pending(turn)
    if question is None:
        text = said(
            "好的。现在没有等你确认的事，什么都没有改。",
            "All right. Nothing was waiting for an answer; nothing changed.",
        )
        return Reply(text=text, kind="nothing")
    meant = [option for option in questions.options(question) if option.means == means]
    if len(meant) != 1:
        labels = tuple(option.label for option in questions.options(question))
        text = said("有几个选择，点一个吧。", "There are several choices; press one.")
        return Reply(text=text, kind="asked", question=question.id, options=labels)
    return _answered(turn, question, meant[0])


def _answered(turn: Turning, question: Question, option: Option) -> Reply:
    question.state = "answered"
    turn.session.flush()
    return act(turn, option.action)


def _perform(turn: Turning, work: Callable[[], Outcome]) -> Reply:
    try:
        outcome = work()
    except NotSold as missing:
        outcome = ordering.not_sold(missing.name)
    except Ask as asked:
        outcome = asked.outcome
    if not outcome.options:
        return Reply(text=outcome.text, kind=outcome.kind, order=outcome.order)
    return Reply(
        text=outcome.text,
        kind=outcome.kind,
        order=outcome.order,
        question=questions.ask(turn, outcome.options).id,
        options=tuple(option.label for option in outcome.options),
    )


def _done(turn: Turning, action: Action) -> Outcome:
    match action.do:
        case "order":
            return ordering.order(turn, action)
        case "modify":
            return changing.modify(turn, action)
        case "use_voucher":
            return changing.use_voucher(turn, action)
        case "cancel":
            return changing.cancel(turn, action)
        case "claim":
            return telling.claim(turn)
        case "tell":
            return telling.tell(turn, action.about)
        case "nothing":
            return Outcome(text=said("好的，不动。", "All right, nothing changes."), kind="nothing")


def _action(intent: str, answer: OrderIntent, note: str = "") -> Action:
    match intent:
        case "order_drink":
            return Action(do="order", answer=answer, note=note)
        case "modify_order":
            return Action(do="modify", answer=answer, note=note)
        case "cancel_order":
            return Action(do="cancel")
        case "claim_coupon":
            return Action(do="claim")
        case _:
            return Action(do="tell", about=intent)


def _which(candidates: tuple[Candidate, ...]) -> Outcome:
    """The best guesses as buttons. What was not understood is named, and goes to the shop as a note."""
    options = [_option(candidate) for candidate in _different(candidates)]
    found = [option for option in options if option is not None]
    if not found:
        return NOT_UNDERSTOOD
    if len(found) == 1:
        found = [yes(found[0].label, found[0].action)]
    lost = "、".join(span.text for span in candidates[0].uncovered)
    text = said("是这个意思吗？", "Is this what you mean?")
    if lost:
        text = said(f"“{lost}”没听懂。", f"I did not understand “{lost}”.") + text
    raise Ask(text, [*found, NOTHING])


def _different(candidates: tuple[Candidate, ...]) -> list[Candidate]:
    """Without those that order what a better guess orders, and only understood less of the wishes."""
    kept: list[Candidate] = []
    for candidate in candidates:
        if not any((one.intent, _lines(one)) == (candidate.intent, _lines(candidate)) for one in kept):
            kept.append(candidate)
    return kept


def _lines(candidate: Candidate) -> object:
    answer = candidate.answer
    return answer.items if isinstance(answer, OrderIntent) else answer


def _option(candidate: Candidate) -> Option | None:
    answer = candidate.answer
    lost = "、".join(span.text for span in candidate.uncovered)
    if candidate.intent in ("order_drink", "modify_order"):
        if not isinstance(answer, OrderIntent) or not answer.items:
            return None
        parts = [_item(item.model_dump(exclude_defaults=True)) for item in answer.items]
        if not any(part.zh for part in parts):
            return None
        verb = said("点：", "Order:") if candidate.intent == "order_drink" else said("改成：", "Change to:")
        wished = "、".join((*answer.preferences, lost) if lost else answer.preferences)
        note = said(f"（备注“{wished}”）", f"(note: “{wished}”)") if wished else said("", "")
        return choice(verb + joined(parts, "；", "; ") + note, _action(candidate.intent, answer, lost))
    label = LABELS.get(candidate.intent)
    return None if label is None else choice(label, _action(candidate.intent, answer))


def _item(told: dict[str, object]) -> Said:
    parts: list[Said] = []
    if "quantity" in told:
        parts.append(said(f"{told['quantity']} 杯", f"{told['quantity']} ×"))
    for name in ("brand", "drink"):
        if name in told:
            parts.append(said(str(told[name]), english(str(told[name]))))
    parts += [word(str(told[name])) for name in ("size", "temperature") if name in told]
    if "sugar" in told:
        parts.append(word(f"sugar:{told['sugar']}"))
    toppings, without = told.get("toppings", ()), told.get("without", ())
    assert isinstance(toppings, tuple)
    assert isinstance(without, tuple)
    parts += [said(f"加{name}", f"with {english(name)}") for name in toppings]
    parts += [said(f"不要{name}", f"no {english(name)}") for name in without]
    return joined(parts, " ", " ")
