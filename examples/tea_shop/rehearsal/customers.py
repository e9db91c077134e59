"""The crowd: each customer comes, orders, changes their mind, clicks twice, and asks again until they are answered."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO
from uuid import UUID

import httpx

from examples.tea_shop.invitations import customer_id

PATIENCE_S = 60.0
PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8)
PLAIN = (
    "千问，帮我点杯奶茶",
    "来一杯珍珠奶茶，少糖去冰",
    "帮我点一杯热拿铁",
    "点一杯杨枝甘露和一杯美式",
    "来两杯茉莉奶绿",
)
WITH_CARD = ("千问，帮我点杯奶茶，用免单卡", "来两杯少糖去冰的珍珠奶茶，用免单卡")
UNCLEAR = ("千问，帮我点一杯少糖少冰、适合备考的奶茶",)
CHANGES = ("换成大杯", "改成少糖", "改成三杯")
QUESTIONS = ("我的订单到哪了", "有哪些奶茶", "我的券什么时候过期")


@dataclass
class Crowd:
    """What all customers share. ``journal`` gets each answer as a line of JSON; ``seed`` makes the crowd."""

    urls: Sequence[str]
    journal: TextIO
    seed: int = 0
    codes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)


class Unanswered(Exception):
    """A customer asked until their patience was over."""


class Customer:
    """One of them, with a secret and keys of their own."""

    def __init__(self, crowd: Crowd, client: httpx.AsyncClient, number: int) -> None:
        self._crowd = crowd
        self._client = client
        self._random = random.Random(f"{crowd.seed}:{number}")  # noqa: S311 - a crowd, not a secret
        self._secret = self._token()
        self._id = customer_id(self._secret)

    async def live(self) -> None:
        """Come, order, and perhaps do more; or give up waiting, and be counted."""
        try:
            await self._shop()
        except Unanswered:
            self._crowd.counts["customers who gave up waiting"] += 1

    async def _shop(self) -> None:
        codes = self._crowd.codes
        invite = self._random.choice(codes) if codes and self._random.random() < 0.4 else None
        arrived = await self._ask("/api/arrive", {"invite": invite}, None)
        codes.append(arrived["invite"])
        draw = self._random.random()
        if draw < 0.1:
            await self._click_twice(self._pick(PLAIN))
        elif draw < 0.35:
            await self._say(self._pick(WITH_CARD))
        elif draw < 0.5:
            await self._answer(await self._say(self._pick(UNCLEAR)))
        elif draw < 0.9:
            await self._answer(await self._say(self._pick(PLAIN)))
        else:
            await self._say(self._pick(QUESTIONS))
        if self._random.random() < 0.25:
            await self._say(self._pick(CHANGES))
        if self._random.random() < 0.2:
            await self._say("取消订单")
        if self._random.random() < 0.2:
            await self._say(self._pick(WITH_CARD))

    async def _answer(self, reply: dict[str, Any]) -> None:
        """Answer what was asked, by a button or by saying so; or leave it open."""
        draw = self._random.random()
        if reply["question"] is None or draw < 0.2:
            return
        if draw < 0.6:
            await self._send("/api/choose", {"question": reply["question"], "option": 0}, self._token())
        else:
            await self._say("好的" if draw < 0.85 else "不用了")

    async def _say(self, text: str) -> dict[str, Any]:
        return await self._send("/api/say", {"text": text}, self._token())

    async def _click_twice(self, text: str) -> None:
        """Two clicks of a page that does not know that they are one: two keys."""
        click = self._token()
        self._crowd.counts["double clicks without a common key"] += 1
        await asyncio.gather(
            *(self._send("/api/say", {"text": text}, self._token(), click) for _ in range(2))
        )

    async def _send(self, path: str, body: dict[str, Any], key: str, click: str = "") -> dict[str, Any]:
        """One turn; now and then sent twice at once under the same key."""
        if self._random.random() < 0.25:
            self._crowd.counts["duplicate clicks under one key"] += 1
            first, second = await asyncio.gather(*(self._ask(path, body, key) for _ in range(2)))
            self._note(key, click, second)
        else:
            first = await self._ask(path, body, key)
        self._note(key, click, first)
        return first

    async def _ask(self, path: str, body: dict[str, Any], key: str | None) -> dict[str, Any]:
        """Ask until answered: whichever process is there, always under the same key."""
        headers = {"X-Customer": self._secret, "X-Conversation": "one"}
        if key is not None:
            headers["Idempotency-Key"] = key
        began = time.monotonic()
        tries = 0
        while time.monotonic() - began < PATIENCE_S:
            url = self._random.choice(self._crowd.urls)
            try:
                reply = await self._client.post(f"{url}{path}", json=body, headers=headers)
                if reply.status_code == httpx.codes.OK:
                    self._crowd.latencies_s.append(time.monotonic() - began)
                    answer: dict[str, Any] = reply.json()
                    return answer
                self._crowd.counts[f"answers {reply.status_code}"] += 1
            except httpx.HTTPError as error:
                self._crowd.counts[f"broken: {type(error).__name__}"] += 1
            await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1
        raise Unanswered(f"{path} {body} {key}")

    def _note(self, key: str, click: str, reply: dict[str, Any]) -> None:
        told = {"customer": self._id, "key": key, "click": click, "reply": reply}
        self._crowd.journal.write(json.dumps(told, ensure_ascii=False) + "\n")

    def _pick(self, texts: Sequence[str]) -> str:
        return self._random.choice(texts)

    def _token(self) -> str:
        return UUID(int=self._random.getrandbits(128)).hex


async def come(crowd: Crowd, customers: int, rate: float) -> None:
    """Let customers come at ``rate`` a second, whatever became of those before; return when all are answered."""
    clock = random.Random(crowd.seed)  # noqa: S311 - arrivals, not a secret
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    async with (
        httpx.AsyncClient(timeout=12, limits=limits, trust_env=False) as client,
        asyncio.TaskGroup() as group,
    ):
        due = time.monotonic()
        for number in range(customers):
            due += clock.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(Customer(crowd, client, number).live())
