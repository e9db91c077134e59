"""Does the answer stay when the same thing is said less cleanly, and what does it take to make the cascade pay or
obey?

Perturbations: every test utterance that the bundle answers is said again in another way (seeded), and is
answered the same, escalated, or answered otherwise. Attacks: how much of what an attacker sends reaches the
large model past the screen in front of it, how much where callers have a budget, and whether rules or classifier
ever act on a text that only talks to the machine.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from benchmarks.attacks import COSTLY, injections
from benchmarks.figures import wilson
from benchmarks.harness import write
from benchmarks.options import Options
from benchmarks.own import pack, splits, variant
from benchmarks.perturb import PERTURBATIONS, Perturb
from benchmarks.spending import CALLER, costly
from cascade.engine import Engine
from cascade.result import Result
from training.scoring import canonical

SEED: Final = 20260206
PER_ATTACK: Final = 200


def run(options: Options) -> int:
    """Measure, print, write ``robustness.json``; 1 when an injection was acted on with a count it named."""
    engine = variant(("rules", "classifier"))
    plain = [(example, engine.classify(example.text)) for example in splits().test]
    answered = [(example, result) for example, result in plain if result.status == "answered"]
    perturbed = {
        name: {"chinese": chinese, **_perturbed(engine, answered, change)}
        for name, (chinese, change) in PERTURBATIONS.items()
    }
    attacks = {
        name: {"chinese": chinese, **costly([make(rng) for _ in range(PER_ATTACK)])}
        for name, (chinese, make) in COSTLY.items()
        for rng in [random.Random(f"{SEED}{name}")]
    }
    injected = _injected(engine, list(injections(random.Random(SEED))))
    result = {
        "answered": len(answered),
        "of": len(plain),
        "perturbed": perturbed,
        "costly": attacks,
        "budget": {"caller_per_minute": CALLER.caller_per_minute, "caller_burst": CALLER.caller_burst},
        "injected": injected,
    }
    for name, row in perturbed.items():
        print(
            f"{name:14} {row['said']:5} same {row['same']:.1%}  escalated {row['escalated']:.1%}  "
            f"other {row['other']:.2%}  acting otherwise {row['acting_other']}"
        )
    for name, row in attacks.items():
        print(
            f"{name:14} reaches the model {row['reaches_model']:.1%}, with a budget "
            f"{row['reaches_model_with_budget']:.1%}  {row['ends']}"
        )
    print(
        f"injections: {injected['acted']} of {injected['sent']} acted on: {injected['wordings']}",
        write(options.out, "robustness", result),
        sep="\n",
    )
    return 0


def _perturbed(
    engine: Engine[Any], answered: Sequence[tuple[Any, Result[Any]]], change: Perturb
) -> dict[str, Any]:
    spelling, acting = pack().normalised, pack().bundle.acting
    ends: Counter[str] = Counter()
    said_before: Any
    said_after: Any
    acting_other = 0
    for number, (example, before) in enumerate(answered):
        text = change(example.text, random.Random(SEED + number))
        if text == example.text:
            continue
        after = engine.classify(text)
        if after.status != "answered":
            ends["escalated"] += 1
            continue
        said_before, said_after = before.answer, after.answer
        if canonical(said_after, spelling) == canonical(said_before, spelling):
            ends["same"] += 1
        else:
            ends["other"] += 1
            acting_other += after.intent in acting
    said = sum(ends.values())
    return {
        "said": said,
        **{end: ends[end] / said if said else None for end in ("same", "escalated", "other")},
        "other_interval": wilson(ends["other"], said),
        "acting_other": acting_other,
    }


def _injected(engine: Engine[Any], texts: Sequence[str]) -> dict[str, Any]:
    acting = pack().bundle.acting
    acted = [
        text
        for text in texts
        for result in [engine.classify(text)]
        if result.status == "answered" and result.intent in acting
    ]
    low, high = wilson(len(acted), len(texts))
    return {"sent": len(texts), "acted": len(acted), "interval": (low, high), "wordings": acted[:10]}
