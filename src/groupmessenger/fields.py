"""The settings of a messenger, as fields of its class: what each is, and how it is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import attrs

from .errors import InvalidInput
from .phone import PhoneNumber, mask
from .weburls import is_web_url

CALLBACK = "callback"  # metadata of a setting: it is a URL of ours that the provider calls
WHAT = "what"  # metadata of a setting: what it is, for files, errors and pages
SECRET = "secret"  # noqa: S105 - metadata of a setting: it is one


def settings_of(kind: type[Any]) -> dict[str, attrs.Attribute[Any]]:
    """The settings of a messenger's class, by the names they are given under."""
    return {field.alias or field.name: field for field in attrs.fields(kind) if field.init}


def setting(what: str, **field: Any) -> Any:
    """A setting, with `what` it is in a few words for configuration files and errors; the rest is `attrs.field`'s."""
    return attrs.field(metadata={WHAT: what}, **field)


def secret(what: str = "a secret", *, optional: bool = False, validator: Any = None) -> Any:
    """A setting that is a secret: printable ASCII, never shown. An optional one is None if it is not given."""
    metadata = {WHAT: what, SECRET: True}
    checks = _given if validator is None else attrs.validators.and_(_given, validator)
    if optional:
        return attrs.field(default=None, repr=False, metadata=metadata, validator=attrs.validators.optional(checks))
    return attrs.field(repr=False, metadata=metadata, validator=checks)


def secrets(what: str, *, validator: Any = None) -> Any:
    """A setting of several secrets, such as the old and the new one of a change: one text, or a list of them."""
    checks = _given if validator is None else attrs.validators.and_(_given, validator)
    return attrs.field(
        default=(),
        converter=_several,
        repr=False,
        metadata={WHAT: what, SECRET: True},
        validator=attrs.validators.deep_iterable(checks),
    )


def own_numbers(what: str = "your other numbers, whose messages are not taken for other people's") -> Any:
    """A setting of several numbers of ours, in E.164: one text, or a list of them."""

    def read(value: str | Iterable[str]) -> tuple[str, ...]:
        try:
            return tuple(str(PhoneNumber.parse(each)) for each in _several(value))
        except InvalidInput:
            raise InvalidInput("each is a number in E.164: '+', the country code and the number") from None

    return setting(what, default=(), converter=read, repr=False)


def own_number(what: str) -> Any:
    """A line that is a number of ours, in E.164."""

    def read(value: str) -> str:
        try:
            return str(PhoneNumber.parse(value))
        except InvalidInput:  # its own cure for a national form is an argument that a setting does not have
            raise InvalidInput(f"line is {what}: '+', the country code and the number") from None

    return setting(what, converter=read, repr=mask)


def api_url(what: str, default: str) -> Any:
    """A URL that our credentials go to: https, or http on this machine."""

    def check(_: object, attribute: attrs.Attribute[str], value: str) -> None:
        if not is_web_url(value):
            raise InvalidInput(f"{attribute.name} is an https URL; http is for loopback addresses alone")

    return setting(what, default=default, validator=check)


def callback_url(what: str) -> Any:
    """An optional URL that the provider calls. Never shown: it may have a secret of yours in it."""
    metadata = {WHAT: what, CALLBACK: True}
    return attrs.field(default=None, repr=False, metadata=metadata, validator=attrs.validators.optional(_url))


def _several(value: str | Iterable[str]) -> tuple[str, ...]:
    """Several texts, of a list or of one text."""
    return (value,) if isinstance(value, str) else tuple(value)


def _given(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or not value.isascii():
        raise InvalidInput(f"{attribute.name} is a text of printable ASCII characters, and not empty")


def _url(_: object, attribute: attrs.Attribute[str], value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput(f"{attribute.name} is an http(s) URL that the provider can reach")
