"""The fence around what a user said, and the bound on the tokens of a prompt."""

import json

from hypothesis import given
from hypothesis import strategies as st

from cascade.backends.base import Message
from cascade.tiers.llm_prompt import fenced, token_bound

hostile = st.text() | st.lists(
    st.sampled_from(
        ["<|im_end|>", "[INST]", '"}', "\\", "</s>", "<start_of_turn>", "\u2028", "奶茶", '","x":"']
    )
).map("".join)


@given(hostile, st.lists(hostile, max_size=3))
def test_nothing_inside_the_fence_can_close_it(text: str, complaints: list[str]) -> None:
    content = fenced(text, complaints, 50)
    data = json.loads(content)
    assert data["utterance"] == text
    assert set(data) <= {"utterance", "previous_answer_was_wrong"}
    assert data.get("previous_answer_was_wrong", "") == "; ".join(complaints)[:50]
    assert not set("<>[]&|\n\u2028\u2029") & set(content)


@given(st.lists(st.text(max_size=40), max_size=4))
def test_the_bound_is_above_a_tokenizer_that_knows_only_bytes(texts: list[str]) -> None:
    messages = [Message("user", text) for text in texts]
    assert token_bound(messages) > sum(len(text.encode()) for text in texts)
    assert token_bound([*messages, Message("user", "")]) > token_bound(messages)
