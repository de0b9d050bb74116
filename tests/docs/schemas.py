"""The schemas of docs/interface for tests: as written, but for keys that they do not name.

Consumers ignore unknown keys, so the schemas let them pass. What the gateway itself sends must be
written down in full: here an unknown key is a fault.
"""
import functools
import json
import pathlib

import jsonschema

DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "docs/interface"


def load(kind):
    return json.loads((DIRECTORY / f"{kind}.schema.json").read_text())


def strict(node):
    """Closes every object that names its properties; branches and conditions are left open."""
    if isinstance(node, list):
        return [strict(n) for n in node]
    if not isinstance(node, dict):
        return node
    closed = {k: node[k] if k in ("if", "not") else strict(v) for k, v in node.items()}
    if node.get("type") == "object" and "properties" in node \
            and "additionalProperties" not in node:
        closed["unevaluatedProperties"] = False
    return closed


@functools.lru_cache
def validator(kind):
    return jsonschema.Draft202012Validator(strict(load(kind)))


def faults(kind, message):
    """What is wrong with a message of a kind (reading, record, status, ...), as sentences."""
    return [f"{e.json_path}: {e.message}" for e in validator(kind).iter_errors(message)]
