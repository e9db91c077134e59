"""Money is exact where price and counts are known, and unknown where either is not."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.errors import ConfigurationError
from cascade.prices import PriceBook
from cascade.result import Cost

BOOK = PriceBook.model_validate(
    {
        "date": "2026-11-01",
        "CNY": {
            "core_hour": "0.36",
            "models": {
                "plus": {"input": "0.8", "output": "2", "cached": "0.16"},
                "flat": {"input": "1", "output": "3"},
            },
        },
        "USD": {"models": {"plus": {"input": "0.4", "output": "1.2"}}},
        "hosts": {
            "measured": {"hour": {"CNY": "36", "USD": "5"}, "output_tokens_per_s": "500", "gpus": 2},
            "unmeasured": {"hour": {"CNY": "36"}, "slots": 4},
            "plus": {"output_tokens_per_s": "100"},
        },
    }
)
ASKED = Cost(
    latency_ns=2_000_000_000, calls=1, input_tokens=1000, cached_tokens=250, output_tokens=50, model="plus"
)
counts = st.none() | st.integers(0, 10**6)


def costs(model: str) -> st.SearchStrategy[Cost]:
    return st.builds(
        lambda latency, fresh, cached, output: Cost(latency, 0, 1, fresh + cached, cached, output, model),
        *[st.integers(0, 10**9)] * 3,
        st.integers(1, 10**9),
    )


def test_list_price() -> None:
    assert BOOK.charge(ASKED) == Decimal("0.00074")  # 750 x 0.8 + 250 x 0.16 + 50 x 2, per million
    assert BOOK.charge(ASKED, "USD") == Decimal("0.00046")  # no price of its own for cached input there


@pytest.mark.parametrize(
    "cost",
    [
        replace(ASKED, input_tokens=None),
        replace(ASKED, output_tokens=None),
        replace(ASKED, cached_tokens=None),
    ],
)
def test_an_unknown_count_makes_the_charge_unknown(cost: Cost) -> None:
    assert BOOK.charge(cost) is None


def test_cached_tokens_do_not_matter_where_they_cost_the_same() -> None:
    assert BOOK.charge(replace(ASKED, model="flat", cached_tokens=None)) == Decimal("0.00115")


def test_nonsense_is_not_money() -> None:
    assert BOOK.charge(replace(ASKED, cached_tokens=1001)) is None
    assert BOOK.charge(replace(ASKED, model="unmeasured", queued_ns=3_000_000_000)) is None


@pytest.mark.parametrize("model", ["Plus", "plus-2026", "", None])
def test_an_unlisted_model_is_never_free(model: str | None) -> None:
    assert BOOK.charge(replace(ASKED, model=model)) is None


def test_what_asks_no_server_pays_for_its_processor() -> None:
    assert BOOK.charge(Cost(latency_ns=10_000)) == Decimal("0.000000001")  # 0.36 an hour is 0.0001 a second
    assert BOOK.charge(Cost(latency_ns=10_000), "USD") is None


def test_a_measured_host_is_charged_by_its_throughput() -> None:
    cost = replace(ASKED, model="measured")
    assert BOOK.charge(cost) == Decimal("0.001")  # 50 of 500 tokens a second: a tenth of 0.01 a second
    assert BOOK.charge(cost, "USD") == Decimal("5") / 36_000
    assert BOOK.gpu_seconds(cost) == Decimal("0.2")  # on two of them
    assert BOOK.charge(replace(cost, output_tokens=None)) is None
    assert BOOK.gpu_seconds(replace(cost, output_tokens=None)) is None


def test_an_unmeasured_host_is_charged_by_the_time_that_its_server_tells() -> None:
    cost = replace(ASKED, model="unmeasured", prompt_ns=400_000_000, output_ns=1_200_000_000)
    assert BOOK.charge(cost) == Decimal("0.004")  # 1.6 s on one of four slots, at 0.01 a second
    assert BOOK.gpu_seconds(cost) == Decimal("0.4")


def test_a_host_that_tells_nothing_is_charged_by_the_time_outside_its_line() -> None:
    cost = replace(ASKED, model="unmeasured", queued_ns=1_200_000_000, input_tokens=None, prompt_ns=None)
    assert BOOK.charge(cost) == Decimal("0.002")  # 0.8 s on one of four slots
    assert BOOK.charge(replace(cost, queued_ns=None)) is None
    assert BOOK.charge(cost, "USD") is None  # nobody said what the host costs in dollars


def test_both_views_of_one_call_stand_side_by_side() -> None:
    model = replace(ASKED, model="plus")
    assert BOOK.charge(model, view="list") == BOOK.charge(model) == Decimal("0.00074")
    assert BOOK.charge(model, view="host") is None  # the host has no price, its throughput is known
    assert BOOK.gpu_seconds(model) == Decimal("0.5")
    host = replace(ASKED, model="measured")
    assert BOOK.charge(host, view="host") == BOOK.charge(host) == Decimal("0.001")
    assert BOOK.charge(host, view="list") is None


def test_gpu_seconds_of_a_host_that_is_in_no_book_are_those_that_it_tells() -> None:
    cost = replace(ASKED, model="qwen3:8b", prompt_ns=100_000_000, output_ns=900_000_000)
    assert BOOK.gpu_seconds(cost) == 1
    assert BOOK.gpu_seconds(Cost(5_000)) == 0  # no model, no GPU


def test_an_answer_from_somebody_elses_call_costs_nothing_more() -> None:
    waited = Cost(latency_ns=2_000_000_000, model="plus")
    assert BOOK.charge(waited) == BOOK.gpu_seconds(waited) == 0


def test_a_call_refused_by_the_server_ran_no_model() -> None:
    refused = Cost(latency_ns=5_000_000, queued_ns=None, calls=1, model="unmeasured")
    assert BOOK.charge(refused) == BOOK.gpu_seconds(refused) == 0


def test_a_lost_call_makes_the_charge_unknown_and_the_rest_stays_known() -> None:
    for model in ("plus", "measured"):
        whole = replace(ASKED, model=model)
        lost = replace(whole, calls=2, lost_calls=1)
        assert BOOK.charge(lost) is None
        assert BOOK.gpu_seconds(lost) is None
        assert BOOK.known(lost) == BOOK.known(whole) == BOOK.charge(whole)
    told_nothing = replace(ASKED, model="unmeasured", calls=2, lost_calls=1, queued_ns=0)
    assert BOOK.known(told_nothing) == 0  # the time that passed is that of both calls
    assert BOOK.known(Cost.untold(1, "plus")) == 0


@pytest.mark.parametrize("model", ["plus", "flat", "measured", "unmeasured"])
@given(data=st.data())
def test_the_charge_of_a_sum_is_the_sum_of_the_charges(model: str, data: st.DataObject) -> None:
    left, right = data.draw(costs(model)), data.draw(costs(model))
    one, other, both = BOOK.charge(left), BOOK.charge(right), BOOK.charge(left + right)
    assert one is not None
    assert other is not None
    assert both is not None
    assert abs(one + other - both) < Decimal("1e-15")


def test_the_shipped_book_is_dated_and_every_price_positive() -> None:
    book = PriceBook.load()
    assert book.date.year >= 2026
    assert book.CNY.models
    for prices in (book.CNY, book.USD):
        assert prices.core_hour is not None
        assert prices.core_hour > 0
        for price in prices.models.values():
            assert price.cached is not None
            assert 0 < price.cached < price.input < price.output


def test_toml_keeps_every_digit(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("date = 2026-11-01\n[USD]\ncore_hour = 0.1000000000000000000001\n")
    assert PriceBook.load(file).USD.core_hour == Decimal("0.1000000000000000000001")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[CNY]\ncore_hour = 1\n", "date: Field required"),
        ("date = 2026-11-01\n[CNY]\ncore_hour = -1\n", "CNY.core_hour"),
        ("date = 2026-11-01\n[CNY]\ncore_hour = nan\n", "CNY.core_hour"),
        ("date = 2026-11-01\n[EUR]\ncore_hour = 1\n", "EUR: Extra inputs"),
        ("date = 2026-11-01\n[hosts.m]\noutput_tokens_per_s = 0\n", "output_tokens_per_s"),
        ("date = 2026-11-01\n[hosts.m]\nhour = {EUR = 1}\n", "hosts.m.hour.EUR"),
        ("date = 2026-11-01\n[hosts.m]\nslots = 0\n", "slots"),
        ("date = 2026-11-01\ndate = 2026-11-02\n", "prices.toml: Cannot overwrite"),
    ],
)
def test_a_wrong_book_says_where(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=complaint):
        PriceBook.load(file)


def test_a_missing_or_unreadable_book_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml"):
        PriceBook.load(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"latin\.toml"):
        PriceBook.load(tmp_path / "latin.toml")
