"""The job for KubeRay in docs/cluster.md has fields of KubeRay's types, and no others."""

import re
from pathlib import Path

import jsonschema
from ruamel.yaml import YAML

DOCS = Path(__file__).parents[1] / "docs" / "cluster.md"


def fields(needed=(), **known):
    return {"type": "object", "properties": known, "required": list(needed),
            "additionalProperties": False}  # fmt: skip


TEXT, WHOLE, TRUTH = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}
COUNTS = {"type": "object", "additionalProperties": {"type": ["integer", "string"]}}
TEXTS = {"type": "object", "additionalProperties": TEXT}
MOUNT = fields(["name", "mountPath"], name=TEXT, mountPath=TEXT)
CLAIM = fields(["claimName"], claimName=TEXT)
VOLUME = fields(["name"], name=TEXT, persistentVolumeClaim=CLAIM)
CONTAINER = fields(
    ["name", "image"], name=TEXT, image=TEXT, resources=fields(limits=COUNTS, requests=COUNTS),
    volumeMounts={"type": "array", "items": MOUNT},
)  # fmt: skip
POD = fields(["spec"], spec=fields(
    ["containers"], containers={"type": "array", "items": CONTAINER, "minItems": 1},
    volumes={"type": "array", "items": VOLUME},
))  # fmt: skip
HEAD = fields(["template"], rayStartParams=TEXTS, template=POD)
WORKERS = fields(
    ["groupName", "template"], groupName=TEXT, replicas=WHOLE, minReplicas=WHOLE,
    maxReplicas=WHOLE, rayStartParams=TEXTS, template=POD,
)  # fmt: skip
CLUSTER = fields(
    ["headGroupSpec", "rayVersion"], rayVersion=TEXT, headGroupSpec=HEAD,
    authOptions=fields(["mode"], mode={"enum": ["token", "disabled"]}),
    workerGroupSpecs={"type": "array", "items": WORKERS},
)  # fmt: skip
JOB = fields(
    ["apiVersion", "kind", "spec"],
    apiVersion={"const": "ray.io/v1"}, kind={"const": "RayJob"},
    metadata=fields(["name"], name=TEXT),
    spec=fields(["entrypoint"], entrypoint=TEXT, backoffLimit=WHOLE,
                shutdownAfterJobFinishes=TRUTH, rayClusterSpec=CLUSTER),
)  # fmt: skip


def test_the_job_is_one_that_kuberay_takes():
    (text,) = re.findall(r"```yaml\n(apiVersion: ray.io/v1\n.*?)```", DOCS.read_text("utf-8"), re.S)
    jsonschema.validate(YAML(typ="safe").load(text), JOB)
