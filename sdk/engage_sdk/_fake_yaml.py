"""YAML for `FakeEngage`, as the service reads it, where the test's environment has PyYAML.

The client needs no YAML itself, so the package does not depend on one. Anchors, tags and duplicate keys, which the
service refuses, are read here.
"""

from __future__ import annotations

import importlib
import re
from typing import Any, Final

# YAML 1.2.2, section 10.3.2, the core schema. PyYAML's own is that of YAML 1.1, where `on` is true and a day no text.
_SCALARS: Final = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
)


def read_yaml(text: bytes) -> Any:
    """Plain data. Raises ImportError without PyYAML, and ValueError for what is no YAML."""
    yaml: Any = importlib.import_module("yaml")
    loader: Any = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": {}})
    for tag, pattern, first in _SCALARS:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})$"), first)
    loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: _whole(node.value))
    try:
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _whole(text: str) -> int:
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
