"""Put the figures of a plan into the compose file and the Kubernetes manifests of ``docs/deploy/files``.

    cascade plan --ledger SNAPSHOT.json --json > plan.json
    python scripts/fill_deployment.py plan.json --server "vLLM, A100" --cores 8 kubernetes > filled.yaml

Model hosts are the plan's, for the target that the plan names; service processes are its cores. Nothing is started.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILES = Path(__file__).resolve().parent.parent / "docs" / "deploy" / "files"
MOST_ON_ONE_MACHINE = 8


class PlanError(ValueError):
    """A plan that cannot be filled in; the message says what is missing."""


@dataclass(frozen=True)
class Figures:
    """What a plan asks for."""

    hosts: int
    """Of the large model; 0 where no utterance reaches it."""
    processes: int
    """Of the service, one core each."""

    def pods(self, workers: int) -> int:
        """Pods of so many processes."""
        return math.ceil(self.processes / workers)


def figures(told: Any, server: str | None, cores: float | None) -> Figures:
    """The figures of one server of a plan. Raises :class:`PlanError`."""
    plans = {one["server"]: one["with_cascade"]["outcome"] for one in told.get("plans", ())}
    if server is None and len(plans) == 1:
        server = next(iter(plans))
    if server not in plans:
        raise PlanError(f"the plan has {', '.join(map(repr, plans)) or 'no server'}: name one with --server")
    wanted = plans[server]["cores"] if cores is None else cores
    if wanted is None:
        raise PlanError(
            "the plan does not know how many cores the tiers take: plan with --ledger, or say --cores"
        )
    if not wanted > 0 or not math.isfinite(wanted):
        raise PlanError(f"{wanted} cores run nothing")
    return Figures(plans[server]["hosts"], math.ceil(wanted))


def traffic(processes: int) -> str:
    """``traffic.toml`` of every process."""
    return f'[redis]\nurl = "redis://redis:6379/0"\nprocesses = {processes}\n'


def kubernetes(found: Figures, workers: int, model: str) -> str:
    """The manifests, filled in."""
    documents = list(yaml.safe_load_all((FILES / "kubernetes.yaml").read_text(encoding="utf-8")))
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in documents}
    pods = found.pods(workers)
    by_name["ConfigMap", "cascade-traffic"]["data"]["traffic.toml"] = traffic(pods * workers)
    app = by_name["Deployment", "cascade"]["spec"]
    app["replicas"] = pods
    box = app["template"]["spec"]["containers"][0]
    box["resources"]["requests"]["cpu"] = str(workers)
    names = [f"http://model-{number}.model:8000/v1" for number in range(found.hosts)]
    box["args"] = ["--workers", str(workers), *_llm("openai", model, names), *_limits(box["args"], found)]
    served = by_name["StatefulSet", "model"]["spec"]
    served["replicas"] = found.hosts
    arguments = served["template"]["spec"]["containers"][0]["args"]
    arguments[arguments.index("--model") + 1] = model
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)


def compose(found: Figures, workers: int, model: str) -> str:
    """The compose file, filled in: one container of the service, as many of the model as there are hosts."""
    if found.hosts > MOST_ON_ONE_MACHINE:
        raise PlanError(f"{found.hosts} model hosts are no matter of one machine: fill in kubernetes")
    document = yaml.safe_load((FILES / "compose.yaml").read_text(encoding="utf-8"))
    services = document["services"]
    pattern = services.pop("model-1")
    names = [f"model-{number}" for number in range(1, found.hosts + 1)]
    services |= {name: json.loads(json.dumps(pattern)) for name in names}
    app = services["cascade"]
    rest = _limits(app["command"][2:], found)
    llm = _llm("ollama", model, [f"http://{name}:11434" for name in names])
    processes = max(workers, found.processes)
    app["command"] = ["--workers", str(processes), *llm, *rest]
    app["depends_on"] = ["redis", *names]
    document["configs"]["traffic"]["content"] = traffic(processes)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _llm(kind: str, model: str, names: list[str]) -> list[str]:
    return [part for name in names for part in ("--llm", f"{kind}:{model}@{name}")]


def _limits(arguments: list[str], found: Figures) -> list[str]:
    """Limits before the model are refused by a service that has none."""
    if found.hosts:
        return arguments
    at = arguments.index("--traffic")
    return arguments[:at] + arguments[at + 2 :]


def main(arguments: list[str] | None = None) -> int:
    """Print the filled file; 1 when the plan does not say enough."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("plan", type=Path, help="what cascade plan --json printed")
    parser.add_argument("target", choices=["kubernetes", "compose"])
    parser.add_argument("--server", help="which of the plan's servers")
    parser.add_argument("--cores", type=float, help="for the service, where the plan does not know")
    parser.add_argument("--workers", type=int, default=2, help="processes of one pod")
    parser.add_argument("--model", help="by default Qwen/Qwen3-8B, or qwen3:8b on Ollama")
    given = parser.parse_args(arguments)
    try:
        found = figures(json.loads(given.plan.read_text(encoding="utf-8")), given.server, given.cores)
        if given.workers < 1:
            raise PlanError("a pod has one process at least")
        fill = kubernetes if given.target == "kubernetes" else compose
        default = "Qwen/Qwen3-8B" if given.target == "kubernetes" else "qwen3:8b"
        print(fill(found, given.workers, given.model or default), end="")
    except (PlanError, OSError, ValueError, KeyError, AttributeError) as error:
        print(f"{given.plan}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
