"""The files of ``docs/deploy/files``, filled in by a plan: parsed, and held to what the service takes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from cascade.cli import app
from cascade.traffic import TrafficSpec
from scripts import fill_deployment as filling

OPTIONS = {
    name
    for option in get_command(app).commands["serve"].params  # type: ignore[attr-defined]
    for name in option.opts
}


def plan(hosts: int = 20, cores: float | None = 6.3) -> dict[str, Any]:
    outcome = {"hosts": hosts, "cores": cores}
    return {"plans": [{"server": "vLLM, A100", "with_cascade": {"outcome": outcome}}]}


def filled(kind: str, found: filling.Figures, workers: int = 2) -> list[Any]:
    fill = filling.kubernetes if kind == "kubernetes" else filling.compose
    return list(yaml.safe_load_all(fill(found, workers, "Qwen/Qwen3-8B")))


def served(documents: list[Any]) -> dict[tuple[str, str], Any]:
    return {(one["kind"], one["metadata"]["name"]): one for one in documents}


def held_to_the_service(arguments: list[str], hosts: int) -> None:
    flags = [argument for argument in arguments if argument.startswith("--")]
    assert set(flags) <= OPTIONS
    assert flags.count("--llm") == hosts
    assert ("--traffic" in flags) == bool(hosts)
    assert all(isinstance(argument, str) for argument in arguments)


@pytest.mark.parametrize("hosts", [0, 1, 20])
def test_the_manifests_have_the_plans_hosts_and_processes(hosts: int) -> None:
    found = filling.figures(plan(hosts), None, None)
    assert (found.hosts, found.processes, found.pods(2)) == (hosts, 7, 4)
    documents = served(filled("kubernetes", found))
    assert documents["StatefulSet", "model"]["spec"]["replicas"] == hosts
    app_spec = documents["Deployment", "cascade"]["spec"]
    assert app_spec["replicas"] == 4
    box = app_spec["template"]["spec"]["containers"][0]
    assert box["resources"]["requests"]["cpu"] == "2"
    held_to_the_service(box["args"], hosts)
    names = [one for one in box["args"] if one.startswith("openai:")]
    assert names == [f"openai:Qwen/Qwen3-8B@http://model-{at}.model:8000/v1" for at in range(hosts)]
    spec = TrafficSpec.model_validate(
        tomllib.loads(documents["ConfigMap", "cascade-traffic"]["data"]["traffic.toml"])
    )
    assert spec.redis is not None
    assert spec.redis.processes == 8


def test_selectors_services_and_probes_belong_together() -> None:
    documents = filled("kubernetes", filling.Figures(3, 2))
    pods = {
        one["metadata"]["name"]: one["spec"]["template"]
        for one in documents
        if one["kind"] in ("Deployment", "StatefulSet")
    }
    for one in documents:
        assert one["apiVersion"] == ("apps/v1" if one["kind"] in ("Deployment", "StatefulSet") else "v1")
        if one["kind"] == "Service":
            pod = pods[one["spec"]["selector"]["app"]]
            ports = {port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]}
            assert {port.get("targetPort", port["port"]) for port in one["spec"]["ports"]} <= ports
        elif "template" in one["spec"] if "spec" in one else False:
            assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]
    box = pods["cascade"]["spec"]["containers"][0]
    assert [box[name]["httpGet"]["path"] for name in ("livenessProbe", "readinessProbe")] == [
        "/healthz",
        "/readyz",
    ]
    assert {one["name"] for one in box["volumeMounts"]} == {
        one["name"] for one in pods["cascade"]["spec"]["volumes"]
    }


@pytest.mark.parametrize("hosts", [0, 1, 3])
def test_the_compose_file_has_a_container_for_each_host(hosts: int) -> None:
    (document,) = filled("compose", filling.Figures(hosts, 3))
    services = document["services"]
    models = [name for name in services if name.startswith("model-")]
    assert models == [f"model-{at}" for at in range(1, hosts + 1)]
    assert services["cascade"]["depends_on"] == ["redis", *models]
    held_to_the_service(services["cascade"]["command"], hosts)
    assert services["cascade"]["command"][:2] == ["--workers", "3"]
    TrafficSpec.model_validate(tomllib.loads(document["configs"]["traffic"]["content"]))
    named = {
        volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())
    }
    assert named <= set(document["volumes"])


def test_the_dockerfile_starts_the_service_that_the_files_describe() -> None:
    lines = (filling.FILES / "Dockerfile").read_text(encoding="utf-8").splitlines()
    (entry,) = [
        json.loads(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT ")
    ]
    assert entry[:2] == ["cascade", "serve"]
    assert set(entry[2::2]) <= OPTIONS
    assert "EXPOSE 8000" in lines
    assert "USER cascade" in lines


@pytest.mark.parametrize(
    ("told", "options", "complaint"),
    [
        ({}, [], "no server"),
        (plan(), ["--server", "Ollama"], "vLLM, A100"),
        (plan(cores=None), [], "--cores"),
        (plan(), ["--cores", "0"], "run nothing"),
        (plan(), ["--cores", "nan"], "run nothing"),
        (plan(), ["--workers", "0"], "one process"),
        ([], [], "get"),
    ],
)
def test_a_plan_that_says_too_little_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], told: Any, options: list[str], complaint: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(told), encoding="utf-8")
    assert filling.main([str(file), "kubernetes", *options]) == 1
    assert complaint in capsys.readouterr().err


def test_a_fleet_does_not_fit_on_one_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(20)), encoding="utf-8")
    assert filling.main([str(file), "compose"]) == 1
    assert "20 model hosts" in capsys.readouterr().err
    assert filling.main([str(file), "kubernetes"]) == 0
    documents = served(list(yaml.safe_load_all(capsys.readouterr().out)))
    assert documents["StatefulSet", "model"]["spec"]["replicas"] == 20
