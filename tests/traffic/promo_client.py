"""A client of a promo day in a process of its own, to be killed in mid-load: asks by key, writes down what it was told.

python promo_client.py BUNDLE REDIS_URL FIRST LAST ADDRESS...
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from llm_kit import Checks

from cascade.backends.resolve import open_backend
from cascade.bundle import Bundle
from cascade.engine import Engine
from cascade.orders import OrderIntent
from cascade.policy import ThresholdPolicy
from cascade.text import Normalizer
from cascade.tiers.llm import LLMTier
from cascade.traffic import Gate, TrafficSpec
from cascade.traffic.spec import CacheSpec, RedisSpec

AT_ONCE = 4


def main(folder: str, redis: str, first: str, last: str, *addresses: str) -> None:
    bundle = Bundle.open(Path(folder))
    spec = TrafficSpec(redis=RedisSpec(url=redis, lease_s=1.5, timeout_s=0.5), cache=CacheSpec(ttl_s=0.001))
    gate = Gate([open_backend(address) for address in addresses], spec, names=addresses)
    tier = LLMTier.from_bundle(bundle, gate, Checks(), OrderIntent)
    engine: Engine[OrderIntent] = Engine(
        [tier], ThresholdPolicy.from_bundle(bundle), Normalizer(), bundle=bundle, on_close=gate.aclose
    )

    def ask(number: int) -> None:
        result = engine.classify(
            f"第{number}位怎么说", deadline_s=60, caller="u", idempotency_key=str(number)
        )
        cost, answer = result.cost, result.answer
        quantity = answer.items[0].quantity if answer is not None else 0
        sys.stdout.write(f"{number} {quantity} {cost.calls} {cost.output_tokens}\n")
        sys.stdout.flush()

    with engine, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(ask, range(int(first), int(last))))


if __name__ == "__main__":
    main(*sys.argv[1:])
