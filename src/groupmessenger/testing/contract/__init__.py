"""The contract that holds an adapter to its own flags, limits and verdicts: subclass `ProviderContract`."""

from __future__ import annotations

import pytest

from ...capabilities import Limit
from ...flags import Feature, Flag, Operation
from .answers import STATUSES, Answers
from .base import Part, because, is_supported, limits_of
from .both import Both
from .declared import Declared
from .features import Features, Pictures
from .hearing import Hearing
from .limits import Limits, has_feature
from .losing import Losing
from .operations import OF_A_GROUP, Operations
from .pages import Pages
from .privacy import Privacy
from .reading import Reading
from .sending import Sending
from .verdict import Verdict

__all__ = ["ProviderContract", "Verdict", "because"]

_CHANGES = (*OF_A_GROUP[1:],)
# What a subclass is there to say.
_AUTHORS = frozenset("messenger face hosts verdicts signs settings doubts group_where group_where_not".split())  # noqa: SIM905


class ProviderContract(
    Declared, Operations, Features, Pictures, Limits, Sending, Both, Answers, Losing, Pages, Hearing, Reading, Privacy
):
    """All that an adapter promises, tried before its stand-in.

    A subclass names the two classes, the vendor's hosts, and what its answers mean; the checks follow from the
    capabilities that the adapter declares:

        class TestAcme(ProviderContract):
            messenger, face = AcmeMessenger, AcmeFace
            hosts = ("api.acme.example",)
            signs = ("body",)
            verdicts = (Verdict({"error": "..."}, {400: Rejected, 401: AuthenticationFailed}, "Acme's guide, page 4"),)
    """

    def __init_subclass__(cls) -> None:
        """Refuse a check that is overridden without a reason: it would be a hole that nobody sees. Raises TypeError."""
        for name in sorted({name for part in ProviderContract.__mro__ for name in vars(part)} - _AUTHORS):
            if name.startswith("__"):  # what Python sets on every class
                continue
            owner = next(part for part in cls.__mro__ if name in vars(part))
            if owner in ProviderContract.__mro__ or getattr(vars(owner)[name], "__reason__", None):
                continue
            raise TypeError(f'{owner.__name__} overrides {name} without a reason: decorate it with @because("...")')

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test for each operation, feature, limit, condition and status."""
        part = type(self)
        names, test = metafunc.fixturenames, metafunc.function.__name__
        if "operation" in names:
            changes: list[Operation | None] = [each for each in _CHANGES if is_supported(_flag(part, each))]
            metafunc.parametrize("operation", list(Operation) if "flag" in test else changes or [None], ids=str)
        if "feature" in names:
            metafunc.parametrize("feature", list(Feature), ids=str)
        if "limit" in names:
            limits = [each for each in limits_of(part) if has_feature(part, each)]
            metafunc.parametrize("limit", limits, ids=map(_words, limits))
        if "condition" in names:
            pairs = [(each, condition) for each in Operation for condition in _flag(part, each).when]
            ids = [f"{each}-{condition.fact}" for each, condition in pairs]
            metafunc.parametrize("condition", pairs or [None], ids=ids or ["none"])
        if "status" in names:
            metafunc.parametrize("status", STATUSES)
        if "done" in names:
            metafunc.parametrize("done", [True, False], ids=["done", "not-done"])


def _words(limit: Limit) -> str:
    """A limit's name for a test's: with its channel and whether it is for pictures."""
    return "-".join(filter(None, (limit.name, limit.channel, "media" if limit.with_media else "")))


def _flag(part: type[Part], operation: Operation) -> Flag:
    return part.capabilities().can(operation)
