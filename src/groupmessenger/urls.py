"""A connection's URL: `provider://user:password@host?setting=...&option=...`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import attrs

from .errors import ConfigurationError, Problem
from .messenger import GroupMessenger
from .options import LIMIT, Options, is_option
from .plugins import BrokenPlugin, load_provider
from .settings import build_messenger, wrong_limits, wrong_settings

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}", re.ASCII)
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PARTS = ("user", "password", "host")


@attrs.frozen
class _Url:
    """The parts as they are written, still encoded."""

    provider: str
    user: str = attrs.field(repr=False)
    password: str = attrs.field(repr=False)
    host: str = attrs.field(repr=False)
    query: str = attrs.field(repr=False)


def read_url(
    text: str,
    plugins: Iterable[object] = (),
    *,
    source: str = "url",
    given: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[str, Mapping[str, Any], Options]:
    """Read a URL into the provider's name, its settings and the options.

    `given` are settings from elsewhere, which go before those of the URL. `source` says where the URL is from, in
    errors. Raises `ConfigurationError` with everything that is wrong, each under `source` and the key, and without
    any value of the URL.
    """
    url, kind = _opened(text, plugins, source)
    problems: list[Problem] = []
    settings, texts = _sorted_out(kind, url, problems)
    settings |= given
    options = _options(texts, problems)
    limits = {name.removeprefix(LIMIT): 0 for name in texts if name.startswith(LIMIT)}  # their values are checked
    problems += _wrong(kind, settings, limits, {each.key for each in problems} - given.keys())
    if problems:
        raise ConfigurationError(*(_located(each, source, given) for each in problems))
    return url.provider, settings, options


def _opened(text: str, plugins: Iterable[object], source: str) -> tuple[_Url, type[GroupMessenger]]:
    """The URL in its parts, and its provider."""
    try:
        url = _split(text)
        return url, load_provider(url.provider, plugins)
    except BrokenPlugin:
        raise
    except ConfigurationError as error:
        problems = error.problems
    raise ConfigurationError(*(_located(each, source) for each in problems))


def _split(text: str) -> _Url:
    """Take a URL apart. Raises `ConfigurationError` where that cannot be done with certainty."""
    provider, mark, rest = text.partition("://")
    problems = []
    if not mark:
        problems.append(Problem("", "this is no URL", "write provider://... as the provider's page shows it"))
    if " " in text or not text.isprintable():
        problems.append(Problem("", "it has a space or a control character", "write it percent-encoded: %20"))
    if _STRAY.search(rest):
        problems.append(Problem("", "it has a % that no two hexadecimal digits follow", "write % as %25"))
    rest, hash_, _ = rest.partition("#")
    if hash_:
        problems.append(Problem("", "it has a fragment", "write # as %23"))
    place, _, query = rest.partition("?")
    place, _, path = place.partition("/")
    if path:
        problems.append(Problem("", "it has a path", "write / as %2F"))
    if problems:
        raise ConfigurationError(*problems)
    credentials, _, host = place.rpartition("@")
    user, _, password = credentials.partition(":")
    return _Url(provider, user, password, host, query)


def _sorted_out(
    kind: type[GroupMessenger], url: _Url, problems: list[Problem]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings and the options of a URL, as texts."""
    settings: dict[str, Any] = {}
    options: dict[str, str] = {}
    for part in _PARTS:
        name, text = getattr(kind.url_parts, part), getattr(url, part)
        if text and name is None:
            problems.append(Problem(part, f"{kind.title} takes no {part} in its URL", f"write {_form(kind)}"))
        elif text:
            _add(settings, name, text, problems)
    for pair in filter(None, url.query.split("&")):
        key, mark, text = pair.partition("=")
        if not mark or not _KEY.fullmatch(key):
            problems.append(Problem("query", "a part of it is not name=value", "write & as %26, and = as %3D"))
        else:
            _add(options if is_option(key) else settings, key, text, problems)
    return settings, options


def _add(found: dict[str, Any], name: str, text: str, problems: list[Problem]) -> None:
    if name in found:
        problems.append(Problem(name, "it is given twice", "give it once"))
    try:
        found[name] = unquote(text, errors="strict")
    except UnicodeDecodeError:
        found[name] = ""
        problems.append(Problem(name, "it is not UTF-8 when decoded", "percent-encode its UTF-8 bytes"))


def _options(texts: Mapping[str, str], problems: list[Problem]) -> Options:
    try:
        return Options.from_texts(texts)
    except ConfigurationError as error:
        problems.extend(error.problems)
        return Options()


def _wrong(
    kind: type[GroupMessenger], settings: Mapping[str, Any], limits: Mapping[str, int], known: Set[str]
) -> Iterator[Problem]:
    """What is wrong with the values, beside what is known by now."""
    unread = known & settings.keys()
    wrong = list(wrong_settings(kind, settings, unread=unread, write=lambda _: f"write {_form(kind)}"))
    yield from (each for each in wrong if each.key not in known)
    capabilities = kind.capabilities
    if not wrong and not unread:
        try:
            capabilities = build_messenger(kind, settings).own_capabilities()
        except ConfigurationError as error:
            yield from error.problems
    yield from (each for each in wrong_limits(capabilities, limits) if each.key not in known)


def _form(kind: type[GroupMessenger]) -> str:
    """How a URL of this provider is written."""
    user, password, host = (getattr(kind.url_parts, part) for part in _PARTS)
    credentials = f"{(user or '').upper()}{':' + password.upper() if password else ''}"
    return f"{kind.name}://{credentials + '@' if credentials else ''}{(host or '').upper()}?name=value&..."


def _located(problem: Problem, source: str, given: Collection[str] = ()) -> Problem:
    if problem.key in given:
        return problem
    return attrs.evolve(problem, key=f"{source}: {problem.key}" if problem.key else source)
