"""State that several processes share through Redis, put together. Needs the ``redis`` extra."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from random import Random

from cascade.traffic.redis_link import RedisLink
from cascade.traffic.redis_state import SharedCounters, SharedStore
from cascade.traffic.redis_turns import RedisTurns
from cascade.traffic.shared import State, in_process
from cascade.traffic.spec import RedisSpec, TrafficSpec
from cascade.traffic.stats import EventListener


def shared_state(
    spec: TrafficSpec, redis: RedisSpec, clock: Callable[[], float], random: Random, on_event: EventListener
) -> State:
    """Cache, replies by idempotency key, budgets, claims, places and rung, shared; each goes on alone without
    Redis.
    """
    local = in_process(spec, clock)
    link = RedisLink(redis, clock, on_event=on_event)
    process = uuid.uuid4().hex
    turns = RedisTurns(link, process, clock, random)
    return State(
        cache=SharedStore(link, "cache", spec.cache.ttl_s, local.cache),
        replays=SharedStore(link, "replay", spec.idempotency.ttl_s, local.replays),
        counters=SharedCounters(link, process, clock, lambda: turns.processes),
        claims=turns,
        places=turns,
        board=turns,
    )
