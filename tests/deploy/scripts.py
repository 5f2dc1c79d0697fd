"""The scripts of `deploy/compose`, which are no package, as modules."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tests.deploy.manifests import DEPLOY


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DEPLOY / "compose" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
