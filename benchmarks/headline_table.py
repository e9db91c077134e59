"""What ``bench_headline`` found, as Markdown in English and in Chinese, and put into the pages that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

MARKS = ("<!-- python -m benchmarks.bench_headline: begin -->", "<!-- end -->")


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language around the figures, filled in by ``str.format``."""

    title: str
    """Of the scenario that ships."""
    opening: str
    comma: str
    """Between the tiers, and between the parts of a row's name."""
    hosts_head: str
    interval: str
    cores: str
    money_of_hosts: str
    colon: str
    semicolon: str
    unpriced: str
    list_head: str
    prompts: Mapping[str, str]
    unknown: str
    readings: Mapping[str, str] = field(default_factory=dict)
    """Names of the readings of the day where they differ from the English ones."""

    def money(self, amount: str | None, currency: str) -> str:
        """An amount with its currency, or that it is unknown."""
        return self.unknown if amount is None else f"{currency} {self.whole(amount)}"

    def whole(self, amount: str | None) -> str:
        """An amount without its currency, or that it is unknown."""
        return self.unknown if amount is None else f"{Decimal(amount):,.0f}"


ENGLISH = Wording(
    title="6 February 2026: thirty million spoken commands in nine hours",
    opening="{title}. {bundle} over {utterances:,} utterances of {set}, weighted by the promo-day mix: {answered}; "
    "left to the large model {left:.1%} ± {width:.1%}.",
    comma=", ",
    hosts_head="| A100, 60 output tokens a call | without: mean / hosts | with: mean (95 %) / hosts | GPU hours of work"
    " | rented | never answered on a third of the hosts: without / with |",
    interval="{mean:,} ({low:,} to {high:,}) / {hosts:,}",
    cores="Cores for the tiers below: {cores}, {money}.",
    money_of_hosts="Hosts for nine hours, without / with: {hosts}.",
    colon=": ",
    semicolon="; ",
    unpriced="unknown, the book has no price of such a host (give --host-hour)",
    list_head="| list price of {model}, {date} | CNY without / with | USD without / with |",
    prompts={"anew": "prompts read anew", "cached": "prompts out of the provider's cache"},
    unknown="unknown",
)
CHINESE = Wording(
    title="2026 年 2 月 6 日：九小时，三千万条语音指令",
    opening="{title}。{bundle}，{set} 的 {utterances:,} 句话，按大促日的占比加权：{answered}；"
    "留给大模型 {left:.1%} ± {width:.1%}。",
    comma="，",
    hosts_head="| A100，每次调用输出 60 个 token | 无分层：平均 / 主机 | 有分层：平均（95 %）/ 主机 | GPU 工作小时"
    " | 租用小时 | 只有三分之一主机时始终没得到回答的：无 / 有 |",
    interval="{mean:,}（{low:,} 到 {high:,}）/ {hosts:,}",
    cores="大模型以下各层要 {cores} 个核，{money}。",
    money_of_hosts="主机租九小时，无 / 有分层：{hosts}。",
    colon="：",
    semicolon="；",
    unpriced="未知，价目表里没有这种主机的价格（用 --host-hour 给出）",
    list_head="| {model} 的目录价，{date} | CNY 无 / 有 | USD 无 / 有 |",
    prompts={"anew": "提示词每次重新读", "cached": "提示词取自服务商的缓存"},
    unknown="未知",
    readings={"one call a command": "每条指令一次调用", "ten calls an order": "每单十次调用"},
)


def table(told: Mapping[str, Any], looked_up: date, words: Wording = ENGLISH) -> str:
    """The headline in Markdown; ``looked_up`` is the day of the price book."""
    shares = told["shares"]
    answered = words.comma.join(f"{name} {share:.1%}" for name, share in shares.items() if name != "llm")
    opening = words.opening.format(
        **{name: told[name] for name in ("bundle", "utterances", "set")},
        title=words.title,
        answered=answered,
        left=shares["llm"],
        width=told["llm_share_half_width"],
    )
    return "\n".join(
        [opening, "", *_hosts(told["rows"], words), "", *_list_price(told, looked_up, words), ""]
    )


def put_into_editions(told: Mapping[str, Any], looked_up: date, document: Path) -> None:
    """Put the headline into a page, and in Chinese into ``NAME.zh.md`` beside it, where there is one.

    Raises ``ValueError`` as :func:`put` does.
    """
    chinese = document.with_suffix(".zh.md")
    put(table(told, looked_up), document)
    if chinese.exists():
        put(table(told, looked_up, CHINESE), chinese)


def put(text: str, document: Path) -> None:
    """Replace what the document shows between its two marks.

    Raises ``ValueError`` when it has not both of them, once and in order.
    """
    before, start, rest = document.read_text(encoding="utf-8").partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not (start and end) or MARKS[0] in after or MARKS[1] in before + after:
        raise ValueError(f"{document} has not {MARKS[0]} and {MARKS[1]} once each, in that order")
    document.write_text(f"{before}{start}\n{text}{end}{after}", encoding="utf-8")


def _hosts(rows: list[Any], words: Wording) -> list[str]:
    lines = [words.hosts_head, "|---|---:|---:|---:|---:|---:|"]
    priced = []
    for row in rows:
        without, with_ = row["cases"]["without"], row["cases"]["with"]
        low, high = row["mean_with_interval"]
        name = f"{row['server']}{words.comma}{words.readings.get(row['reading'], row['reading'])}"
        interval = words.interval.format(mean=with_["mean"], low=low, high=high, hosts=with_["hosts"])
        lines.append(
            f"| {name} | {without['mean']:,} / {without['hosts']:,} | {interval}"
            f" | {without['gpu_hours_of_work']:,.0f} / {with_['gpu_hours_of_work']:,.0f}"
            f" | {without['gpu_hours_rented']:,.0f} / {with_['gpu_hours_rented']:,.0f}"
            f" | {without['never_answered_on_a_third']:.1%} / {with_['never_answered_on_a_third']:.1%} |"
        )
        costs = [words.money(case["money_of_hosts"], "CNY") for case in (without, with_)]
        if without["money_of_hosts"] is not None:
            priced.append(f"{name}{words.colon}{' / '.join(costs)}")
    cores = words.cores.format(cores=rows[0]["cores"], money=words.money(rows[0]["money_of_cores"], "CNY"))
    hosts = words.money_of_hosts.format(hosts=words.semicolon.join(priced) or words.unpriced)
    return [*lines, "", cores, hosts]


def _list_price(told: Mapping[str, Any], looked_up: date, words: Wording) -> list[str]:
    prices = told["list_price"]
    model = next(iter(prices.values()))["model"]
    lines = [words.list_head.format(model=model, date=looked_up.isoformat()), "|---|---:|---:|"]
    for reading, amounts in prices.items():
        for name, prompts in words.prompts.items():
            cells = [
                " / ".join(words.whole(amounts[f"{currency} {name} {case}"]) for case in ("without", "with"))
                for currency in ("CNY", "USD")
            ]
            what = f"{words.readings.get(reading, reading)}{words.comma}{prompts}"
            lines.append(f"| {what} | {cells[0]} | {cells[1]} |")
    return lines
