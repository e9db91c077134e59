"""What counts as right: every word of a wish, wherever one wish ends and the next begins."""

import pytest

from cascade.orders import OrderIntent
from training.annotation import Example, parse_order
from training.scoring import right


def example(order: str) -> Example:
    return Example("", "order_drink", parse_order(order, "order_drink"))


def answer(*wishes: str) -> OrderIntent:
    return OrderIntent.model_validate(
        {"intent": "order_drink", "items": [{"drink": "果茶"}], "preferences": wishes}
    )


@pytest.mark.parametrize(
    ("said", "correct"),
    [
        (("不含奶的", "清爽点的"), True),
        (("不含奶的清爽点的",), True),
        (("清爽点", "不含奶"), True),
        (("不含奶",), False),
        (("不含奶的", "清爽点的", "清爽点的"), False),
        (("不含糖的", "清爽点的"), False),
        ((), False),
    ],
)
def test_every_word_of_a_wish_counts_and_the_cut_between_two_does_not(
    said: tuple[str, ...], correct: bool
) -> None:
    labelled = example("drink=果茶 ; pref=不含奶的 pref=清爽点的")
    assert right(answer(*said), labelled, str) is correct
