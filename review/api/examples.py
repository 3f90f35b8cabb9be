"""An example of every request and response body, built from the examples of the fields."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
BY_FORMAT = {"date-time": "2026-11-25T21:40:00Z", "binary": "bytes"}
BY_ENDING: Document = dict.fromkeys(("sha256", "hash", "public_key"), 64 * "0")
BY_ENDING |= {"signature": 128 * "0", "_ms": 61_000, "_bytes": 48_000_000}
BY_TYPE: Document = {"integer": 1, "number": 0.5, "boolean": False, "string": "text", "null": None}
SHOWN = {"application/json": "", "multipart/form-data": " as a form"}
"""Content types that have an example, and how each is named."""


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a body."""

    what: str
    text: str


def with_examples(described: Document) -> Document:
    """The same description, each body with an example."""
    schemas = described["components"]["schemas"]
    for operations in described["paths"].values():
        for operation in operations.values():
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                for kind in SHOWN.keys() & body.get("content", {}).keys():
                    content = body["content"][kind]
                    content["example"] = example_of(content["schema"], schemas)
    return described


def examples_of(operation: Document) -> Iterator[Example]:
    """The request body, and the bodies of successful responses."""
    bodies = [("Request", operation.get("requestBody", {}))]
    bodies += [
        ("Response", response) for at, response in operation["responses"].items() if at < "300"
    ]
    for what, body in bodies:
        for kind, content in body.get("content", {}).items():
            if "example" in content:
                yield Example(f"{what}{SHOWN[kind]}", json.dumps(content["example"], indent=1))


def example_of(schema: Document, schemas: Document, name: str = "") -> Any:
    """One value that a schema allows: its first example, otherwise one built from its parts."""
    for given in ("examples", "enum"):
        if given in schema:
            return schema[given][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, name)
    if "properties" in schema:
        fields = schema["properties"].items()
        return {field: example_of(about, schemas, field) for field, about in fields}
    if schema["type"] == "array":
        return [example_of(schema["items"], schemas, name)]
    return _plain(schema, name)


def _plain(schema: Document, name: str) -> Any:
    by_name = next((value for end, value in BY_ENDING.items() if name.endswith(end)), None)
    given = schema.get("default", BY_TYPE[schema["type"]])
    return by_name or BY_FORMAT.get(schema.get("format", ""), given)
