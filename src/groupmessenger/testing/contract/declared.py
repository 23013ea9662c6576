"""What an adapter declares: names, settings, flags and limits, each with what makes it worth believing."""

from __future__ import annotations

import base64
from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ...capabilities import Bound, Identity, Lookup, Merges, Receipts
from ...fields import SECRET, WHAT, settings_of
from ...flags import Feature, Grade, Operation
from ...groups import Topology
from ...messenger import Level
from .base import Part
from .stage import Stage

OF_HTTP = {"accept", "content-type", "user-agent"}
_DROPPABLE = (Feature.EFFECT, Feature.PRIORITY)


class Declared(Part):
    """Names, settings, flags, limits."""

    def test_the_names_agree(self) -> None:
        """Messenger and stand-in are of one provider, which has a title for people."""
        name = self.messenger.name
        assert name == self.face.name, "messenger and face have two names: they are of one provider"
        assert self.messenger.title, "the provider has no title, which is its name for people"
        assert name.isidentifier(), "the provider's name is to be letters, digits and underscores"
        assert name.islower(), "the provider's name is to be in lower case"

    def test_every_setting_says_what_it_is(self) -> None:
        """Files, errors and pages take the words from there."""
        silent = [
            name
            for name, field in settings_of(self.messenger).items()
            if name != "line" and not field.metadata.get(WHAT) and field.metadata.get("callback") is None
        ]
        assert not silent, f"settings without words: {', '.join(silent)}; use setting(), secret(), callback_url()"

    def test_the_settings_of_the_face_are_settings(self, stage: Stage) -> None:
        """What the stand-in gives is what a configuration file may have."""
        assert stage.messenger.line in stage.network.lines, "the line of the face's settings is none of its lines"

    def test_every_secret_is_declared_as_one(self, stage: Stage) -> None:
        """What authorizes is a secret() setting, so that nothing shows it; `repr` does not."""
        shown = repr(stage.messenger)
        stage.run(stage.messenger.authorize())
        stage.client.check()
        proofs = {name.lower() for name in stage.run(stage.messenger.authorize()).headers} | {"authorization"}
        for value in (*secrets_of(stage), *told_in_headers(stage, proofs - OF_HTTP)):
            assert value not in shown, "what authorizes is in the messenger's repr: declare the setting with secret()"

    def test_credentials_go_to_declared_hosts_alone(self) -> None:
        """The addresses that the settings have unless they are given are the vendor's, by https."""
        found = {
            name: urlsplit(field.default)
            for name, field in settings_of(self.messenger).items()
            if isinstance(field.default, str) and "://" in field.default
        }
        assert "base_url" in found, "base_url has no default"
        for name, url in found.items():
            assert url.scheme == "https", f"{name} is no https URL"
            assert url.hostname in self.hosts, f"{name} leads to {url.hostname}, which is none of the declared hosts"

    def test_every_limit_has_a_source(self) -> None:
        """A wrong limit is worse than none: each says who says so, how sure that is, and when it was looked up."""
        today = datetime.now(UTC).date()
        for limit in self.capabilities().limits:
            assert limit.source.strip(), f"{limit.name} has no source"
            assert limit.confidence, f"{limit.name} has no confidence"
            assert limit.checked is not None, f"{limit.name} does not say when it was looked up"
            assert limit.checked <= today, f"{limit.name} was looked up in the future"
            if limit.value is not None and limit.certain is not None:
                within = limit.certain <= limit.value if limit.bound is Bound.MAX else limit.certain >= limit.value
                assert within, f"{limit.name}: what is certain is past what is probable"
            if limit.per is not None:
                assert limit.per > 0, f"{limit.name} is per no time at all"

    def test_it_limits_recipients(self) -> None:
        """How many people a group may have is said, if only that nobody knows."""
        names = {limit.name.value for limit in self.capabilities().limits}
        assert {"recipients", "min_recipients"} <= names, "no limit says how many people a group may have"

    def test_what_is_less_than_native_says_why(self) -> None:
        """PARTIAL, EMULATED and DROPPED have a note, and nothing is dropped that changes what is said."""
        for name, flag in self.capabilities().flags.items():
            if flag.grade in (Grade.PARTIAL, Grade.EMULATED, Grade.DROPPED):
                assert flag.note.strip(), f"{name} is {flag.grade} and does not say why"
            if flag.grade is Grade.DROPPED:
                assert name in _DROPPABLE, f"{name} cannot be dropped silently: declare it unsupported"

    def test_the_fields_agree_with_each_other(self) -> None:
        """Identity and merging, topology and who sees whom, lookup and finding."""
        declared = self.capabilities()
        assert declared.channels, "no channel carries anything"
        if declared.identity is Identity.MEMBER_SET:
            assert declared.merges is Merges.ALWAYS, "the same people are the same group where a group is its members"
        if declared.topology is Topology.BROADCAST:
            assert not declared.exposes_numbers, "copies of their own show nobody the others"
        finds = declared.can(Operation.FIND_SENT).grade is not Grade.UNSUPPORTED
        assert finds == (declared.lookup is not Lookup.NONE), "lookup and find_sent do not agree"
        if declared.receipts is Receipts.NONE:
            assert declared.final_after is None, "there are no statuses, so none is final after a time"

    def test_the_line_it_is_paced_by_is_a_setting(self) -> None:
        """Connections that have that setting alike share one pace."""
        paced = self.messenger.paced
        assert paced in settings_of(self.messenger), f"paced is {paced!r}, and there is no such setting"

    def test_a_check_texts_nobody(self, stage: Stage) -> None:
        """`client.check()` finds the credentials good, and changes nothing."""
        faults = [each.what for each in stage.client.check() if each.level is Level.FAULT]
        assert not faults, f"check() finds a fault with good settings: {'; '.join(faults)}"
        stage.clock.advance(60)
        texted = [phone for phone in stage.network.phones if phone.texts]
        assert not texted, "check() texts somebody: probe() has to be a question that changes nothing"
        changing = [
            each.request.method
            for each in stage.wire.changing
            if not (each.request.method == "POST" and each.request.repeatable)  # a search, say
        ]
        assert not changing, f"check() makes a {changing[0]} request: probe() has to be a question that changes nothing"

    def test_a_check_finds_wrong_credentials(self, stage: Stage) -> None:
        """Every secret that goes along with requests is found out if it is wrong."""
        if stage.messenger.probe() is None:
            return
        stage.client.check()
        told = "\n".join(f"{each.whole}\n{each.headers}" for each in stage.wire.sent)
        for name, value in secret_settings(stage).items():
            if not isinstance(value, str) or not _is_told(value, told):
                continue
            wrong = stage.adapter(**{name: "wrong" + value[5:]})
            findings = stage.connect(wrong).check()
            faults = [each.what for each in findings if each.level is Level.FAULT]
            assert faults, f"nobody notices that {name} is wrong: probe() has to be a question that needs it"


def secret_settings(stage: Stage) -> dict[str, object]:
    """The settings that are secrets, with what the stage gives them."""
    fields = settings_of(type(stage.messenger))
    return {
        name: stage.given[name] for name, field in fields.items() if field.metadata.get(SECRET) and name in stage.given
    }


def secrets_of(stage: Stage) -> list[str]:
    """Every secret of the stage, one by one."""
    found: list[str] = []
    for value in secret_settings(stage).values():
        found.extend([value] if isinstance(value, str) else [str(each) for each in value])  # type: ignore[attr-defined]
    return found


def told_in_headers(stage: Stage, names: Collection[str]) -> list[str]:
    """What headers of these names have had in them, also the password of HTTP's Basic scheme, or its user if alone.

    No scheme, and no short word.
    """
    values = [value for sent in stage.wire.sent for name, value in sent.headers.items() if name in names]
    words = [word for value in values for word in value.split()]
    pairs = [_basic(word).partition(":") for word in words]
    return [each for each in (*words, *(password or user for user, _, password in pairs)) if len(each) > 9]


def _is_told(value: str, told: str) -> bool:
    """Whether a secret goes along, plainly or as a part of HTTP's Basic scheme."""
    return value in told or any(value in _basic(word) for word in told.replace("'", " ").split())


def _basic(word: str) -> str:
    """What a word of HTTP's Basic scheme stands for; empty for any other."""
    try:
        return base64.b64decode(word, validate=True).decode()
    except ValueError:
        return ""
