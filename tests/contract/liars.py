"""The adapters with their lies, as authors would test them: a class for each lie. `test_lies` runs it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from contract.lie import LIES, Lie

from groupmessenger.testing import ProviderContract

PROVIDERS = ("bandwidth", "messagebird", "sendblue")
PARTS = ("answers", "declared", "features", "hearing", "limits", "losing", "operations", "pages", "privacy", "sending")
_ROOT = Path(__file__).parents[2]


def contract_of(provider: str) -> type[ProviderContract]:
    """The contract as the provider's own tests have it."""
    path = _ROOT / f"providers/{provider}/tests/test_contract.py"
    spec = importlib.util.spec_from_file_location(f"contract_of_{provider}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: type[ProviderContract] = next(
        each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__
    )
    return found


def liar(lie: Lie) -> type[ProviderContract]:
    """The contract of the provider, with the lie in its adapter."""
    contract = HONEST[lie.provider]
    own = {"messenger": lie.messenger or contract.messenger, "planted": _planted(lie)}
    return type(f"Test{lie.name}", (contract,), own)


def _planted(lie: Lie) -> Callable[..., None]:
    @pytest.fixture(autouse=True)
    def planted(self: object, monkeypatch: pytest.MonkeyPatch) -> None:
        if lie.plant is not None:
            lie.plant(monkeypatch)

    return planted


for _part in PARTS:
    importlib.import_module(f"contract.lies.{_part}")
HONEST = {provider: contract_of(provider) for provider in PROVIDERS}
globals().update({f"Test{provider}": contract for provider, contract in HONEST.items()})
globals().update({f"Test{name}": liar(lie) for name, lie in LIES.items()})
