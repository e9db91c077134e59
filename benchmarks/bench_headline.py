"""What would 6 February 2026 have taken, with the cascade and without, by shares measured on the bundle that ships?

Every utterance of a set that says its place in the promo-day mix (``mix=``) is put to the bundle through the public
API, without any large model; a ledger counts who answered. The shares are weighted by the mix of ``data/README.md``, an
assumption about such a day. Nothing of an utterance is kept or shown. What no tier below answered is a call to the
large model; identical questions, which a cache would answer, are not taken into account.

Service rates are the published ones of the scenario that ships (``cascade/planning/promo_2026_02_06.toml``). Two
readings of the day: one call a command, and ten calls an order, which is what a blogger counted. ``mean`` is arithmetic
over the nine hours, ``hosts`` is simulated at the peak for the scenario's target. Money by the token is for a list
price of the book; the prompt is the bundle's, taken as a token a character, which is more than it has (its vendor
tells of 1.5 to 1.8 Han characters a token).

    python -m benchmarks headline
    python -m benchmarks.bench_headline --write docs/planning.md   # and put the table where both editions show it
    python -m benchmarks.bench_headline --set data/test/core.tsv --bundle models/tea_order_zh --host-hour 25
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, write
from benchmarks.headline_table import put_into_editions, table
from cascade import Cascade, Ledger, PriceBook
from cascade.bundle import Bundle
from cascade.ledger import LedgerSnapshot
from cascade.orders import OrderIntent
from cascade.planning import WITHOUT, LowerTier, Mix, NamedCampaign, plan, read_scenario
from cascade.prices import Currency
from cascade.result import Cost
from cascade.tiers.llm_prompt import Prompt
from training.annotation import Example, read

SET = ROOT / "data" / "test" / "core.tsv"
MIX: Mapping[str, float] = {
    **{"bare_order": 7, "detailed_order": 9, "rich_order": 5, "multi_order": 4, "coupon_order": 5},
    **{"modify": 10, "cancel": 6, "claim": 6, "query": 15, "support": 5, "recommend": 4, "invite": 3},
    **{"chitchat": 5, "dialogue": 7, "out_of_scope": 6, "hostile": 4},
}
"""Shares of ``data/README.md``, in hundredths; together 101."""
CALLS = {"one call a command": 1.0, "ten calls an order": 10 / 3}  # three commands an order on that day
LIST_MODEL = "qwen-plus"
OUTPUT_TOKENS = 60
CURRENCIES: tuple[Currency, ...] = ("CNY", "USD")
_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Measured:
    """Who answers what on the promo day."""

    mix: Mix
    llm_half_width: float
    """Of the 95 % interval of the share that is left to the model, from the size of the set alone."""
    utterances: int

    def with_llm_share(self, share: float) -> Mix:
        """The same tiers where another share is left to the model."""
        factor = (1 - share) / (1 - self.mix.llm_share) if self.mix.llm_share < 1 else 0.0
        return Mix(tuple(replace(tier, share=tier.share * factor) for tier in self.mix.tiers))


def run(*, out: Path, rounds: int) -> int:
    """Measure the shares, plan the day, print the table, write JSON."""
    del rounds  # one pass: who answers does not hang on the clock
    return headline(out=out)


def headline(
    *,
    out: Path,
    labelled: Path = SET,
    bundle: str | None = None,
    prices: PriceBook | None = None,
    host_hour: Decimal | None = None,
    document: Path | None = None,
) -> int:
    """The same with another set, bundle, book or price of a host; put into a document too, where one is given."""
    book = PriceBook.load() if prices is None else prices
    opened = Bundle.open(bundle) if bundle else Bundle.open()
    found = measure(read(labelled, opened.intents), opened)
    scenario, folder = read_scenario()
    rows = [
        _row(named, reading, calls, found, book=book, host_hour=host_hour)
        for named in scenario.campaigns(folder)
        for reading, calls in CALLS.items()
    ]
    lists = {reading: _by_the_token(opened, found, book, calls) for reading, calls in CALLS.items()}
    told = {
        "bundle": f"{opened.manifest.name}@{opened.manifest.version}",
        "set": labelled.name,
        "utterances": found.utterances,
        "shares": {tier.name: tier.share for tier in found.mix.tiers} | {"llm": found.mix.llm_share},
        "llm_share_half_width": found.llm_half_width,
        "core_s": found.mix.core_s,
        "rows": rows,
        "list_price": lists,
    }
    path = write(out, "headline", told)
    text = table(told, book.date)
    (out / "headline.md").write_text(text, encoding="utf-8")
    if document is not None:
        put_into_editions(told, book.date, document)
    print(text)
    print(path)
    return 0


def measure(examples: Sequence[Example], bundle: Bundle) -> Measured:
    """Put every utterance with a place in the mix to the bundle, and weigh who answered.

    Raises ``ValueError`` for a place that the mix does not know, and where one of its places has no utterance.
    """
    places = {place: [one.text for one in examples if one.tag("mix") == place] for place in MIX}
    strange = {one.tag("mix") for one in examples} - {None, *MIX}
    empty = [place for place, texts in places.items() if not texts]
    if strange or empty:
        raise ValueError(
            f"the mix and the set do not agree: strange {sorted(map(str, strange))}, empty {empty}"
        )
    of = [""]
    ledger = Ledger(campaign=lambda: of[0])
    with Cascade.load(bundle, answer_model=OrderIntent, listeners=[ledger]) as cascade:
        started = time.process_time()
        for place, texts in places.items():
            of[0] = place
            for text in texts:
                cascade.classify(text)
        worked_s = time.process_time() - started
    return _weighed(ledger.snapshot(), worked_s)


def _weighed(books: LedgerSnapshot, worked_s: float) -> Measured:
    """The shares by the mix. Of each tier's latency the part counts in which the processor was its own: others may be
    at work on this machine."""
    waited_s = books.latency.total / 1e9
    own = min(1.0, worked_s / waited_s) if waited_s else 1.0
    answered, sizes = books.answered_by("campaign"), dict.fromkeys(MIX, 0)
    for (place, _), number in answered.items():
        sizes[place or ""] += number
    whole = math.fsum(MIX.values())
    share = {
        tier: math.fsum(
            MIX[place] / whole * answered.get((place, tier), 0) / size for place, size in sizes.items()
        )
        for tier in books.tiers
    }
    left = {place: answered.get((place, None), 0) / size for place, size in sizes.items()}
    variance = math.fsum(
        (MIX[place] / whole) ** 2 * part * (1 - part) / sizes[place] for place, part in left.items()
    )
    tiers = []
    for name, tier in books.tiers.items():
        mean = tier.latency.mean
        tiers.append(LowerTier(name, share[name], None if mean is None else own * mean / 1e9))
    return Measured(Mix(tuple(tiers)), _NORMAL_95 * math.sqrt(variance), books.requests)


def _row(
    named: NamedCampaign,
    reading: str,
    calls: float,
    found: Measured,
    *,
    book: PriceBook,
    host_hour: Decimal | None,
) -> dict[str, Any]:
    campaign = replace(
        named.campaign,
        calls=calls,
        rates=replace(named.campaign.rates, host_hour=host_hour, core_hour=book.CNY.core_hour),
    )
    made = plan(campaign, found.mix, provisioned=1 / 3)
    hours = campaign.arrivals.duration_s / 3600
    low, high = (
        campaign.floor_mean(found.with_llm_share(min(1.0, max(0.0, found.mix.llm_share + sign))))
        for sign in (-found.llm_half_width, found.llm_half_width)
    )
    assert made.provisioned is not None
    cases = {}
    for case, sizing, third in (
        ("without", made.without, made.provisioned[0]),
        ("with", made.with_cascade, made.provisioned[1]),
    ):
        outcome = sizing.outcome
        cases[case] = {
            "mean": sizing.floor_mean,
            "hosts": outcome.hosts,
            "gpu_hours_rented": outcome.hosts * hours,
            "gpu_hours_of_work": outcome.needed / campaign.server.capacity_per_s / 3600,
            "money_of_hosts": None if outcome.host_cost is None else str(outcome.host_cost),
            "p99_s": outcome.p99_s,
            "never_answered_on_a_third": third.unanswered_share,
            "hosts_of_a_third": third.hosts,
        }
    cores = made.with_cascade.outcome
    return {
        "server": named.server,
        "reading": reading,
        "cases": cases,
        "mean_with_interval": [low, high],
        "cores": cores.cores,
        "money_of_cores": None if cores.core_cost is None else str(cores.core_cost),
    }


def _by_the_token(bundle: Bundle, found: Measured, book: PriceBook, calls: float) -> dict[str, Any]:
    """What a provider's list price makes of it, prompts read anew and prompts out of the provider's cache."""
    prompt = Prompt.from_bundle(bundle, OrderIntent)
    fixed = sum(len(message.content) for message in prompt.opening)
    scenario, folder = read_scenario()
    commands = scenario.campaigns(folder)[0].campaign.arrivals.expected
    each = {"anew": 0, "cached": fixed}
    amounts: dict[str, Any] = {"prompt_tokens_at_most": fixed, "model": LIST_MODEL}
    for currency in CURRENCIES:
        cpu = found.mix.core_s
        core = None if cpu is None else book.charge(Cost(round(cpu * 1e9)), currency)
        for name, cached in each.items():
            cost = Cost(0, 0, 1, fixed, cached, OUTPUT_TOKENS, LIST_MODEL)
            price = book.charge(cost, currency, "list")
            for case, mix in (("without", WITHOUT), ("with", found.mix)):
                asked = Decimal(str(commands * mix.llm_share * calls))
                lower = (
                    Decimal(0) if case == "without" else None if core is None else core * Decimal(commands)
                )
                whole = None if price is None or lower is None else price * asked + lower
                amounts[f"{currency} {name} {case}"] = None if whole is None else f"{whole:.0f}"
    return amounts


def main() -> None:
    """Options for other sets, bundles and prices."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_headline", description=__doc__)
    parser.add_argument("--set", type=Path, default=SET, help="labelled set whose lines say mix=")
    parser.add_argument("--bundle", help="folder of a bundle; the one that ships without it")
    parser.add_argument("--prices", type=Path, help="a price book of your own")
    parser.add_argument(
        "--host-hour", type=Decimal, help="CNY for an hour of a model host; unknown without it"
    )
    parser.add_argument("--write", type=Path, help="document whose table is replaced, also in its .zh.md")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    book = PriceBook.load(given.prices) if given.prices else None
    headline(
        out=given.out,
        labelled=given.set,
        bundle=given.bundle,
        prices=book,
        host_hour=given.host_hour,
        document=given.write,
    )


if __name__ == "__main__":
    main()
