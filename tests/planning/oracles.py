"""What other people's mathematics and other people's simulator say of a queue."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from cascade.planning.distributions import Floats


def erlang_c(servers: int, load: float) -> float:
    """Probability that an arrival waits in M/M/c with ``load`` Erlangs offered."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    busy = load / servers
    return blocked / (1 - busy * (1 - blocked))


def mean_wait(servers: int, rate: float, work: float) -> float:
    """Mean seconds in line in M/M/c."""
    load = rate * work
    return erlang_c(servers, load) * work / (servers - load)


def wait_beyond(servers: int, rate: float, work: float, seconds: float) -> float:
    """Probability of waiting longer than ``seconds`` in M/M/c, first come first served."""
    load = rate * work
    return erlang_c(servers, load) * math.exp(-(servers - load) * seconds / work)


def simpy_answers(asked_s: Floats, work_s: Floats, patience_s: Floats | None, servers: int) -> Floats:
    """When each is answered by ``servers`` independent slots, first come first served; infinite for who left."""
    world = simpy.Environment()
    slots = simpy.Resource(world, capacity=servers)
    answered = np.full(len(asked_s), math.inf)

    def user(number: int) -> Generator[simpy.Event, Any, None]:
        yield world.timeout(float(asked_s[number]))
        with slots.request() as slot:
            if patience_s is None:
                yield slot
                yield world.timeout(float(work_s[number]))
            else:
                gives_up = world.timeout(float(patience_s[number]))
                got = yield slot | gives_up
                if slot not in got:
                    return
                yield world.timeout(float(work_s[number])) | gives_up
                if gives_up.processed:
                    return
            answered[number] = world.now

    for number in range(len(asked_s)):
        world.process(user(number))
    world.run()
    return answered
