"""What comes in is believed with proof alone."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import attrs

from ...callbacks import Callback
from .conversation import Conversation, believed
from .spoiling import junk_headers
from .stage import Stage
from .watching import Watched, watched

_ABOUT_THE_BODY = ("content-type", "content-length", "host", "user-agent", "accept", "accept-encoding", "connection")
_FAKED = "verify() believes a callback that the vendor did not make: {}; raise InvalidSignature"


class Hearing(Conversation):
    """Callbacks, as the stand-in makes them, and as others would."""

    def test_what_the_vendor_calls_is_believed(self, stage: Stage) -> None:
        """Every callback of a whole conversation is read, and tells something."""
        for callback in self._conversation(stage):
            assert stage.messenger.receive(callback), "a callback of the vendor's tells nothing: parse() gave no event"

    def test_without_proof_it_refuses(self, stage: Stage) -> None:
        """Nothing but a body, at the plain URL."""
        for callback in self._conversation(stage):
            headers = {name: value for name, value in callback.headers.items() if name in _ABOUT_THE_BODY}
            bare = urlunsplit(urlsplit(callback.url)._replace(query=""))
            self._refuses(stage, attrs.evolve(callback, headers=headers, url=bare), "it bears no proof at all")

    def test_without_a_secret_nothing_is_believed(self, stage: Stage) -> None:
        """A connection that has nothing to prove callbacks by refuses them all: it fails closed."""
        for callback in self._conversation(stage):
            for poorer in self._poorer(stage):
                verified = believed(poorer.messenger, callback)
                assert verified is None or verified.token_is_all, (
                    f"without {poorer.lacks} a callback is believed: raise InvalidSignature where it is empty"
                )

    def test_with_another_secret_it_refuses(self, stage: Stage) -> None:
        """Whoever knows another secret is somebody else."""
        conversation = self._conversation(stage)
        for stranger in self._strangers(stage):
            assert not [each for each in conversation if believed(stranger, each)], (
                "a wrong secret is believed: verify() has to compare the proof with the settings"
            )

    def test_a_part_of_the_proof_is_no_proof(self, stage: Stage) -> None:
        """A header cut off, empty, longer, with a letter changed, or in another alphabet: InvalidSignature alone."""
        for callback in self._kinds(stage):
            for name in self._proofs(stage, callback):
                for value in junk_headers(callback.headers[name]):
                    spoiled = attrs.evolve(callback, headers={**callback.headers, name: value})
                    self._refuses(stage, spoiled, f"its header {name} is the right one in part")

    def test_a_part_of_the_proof_in_the_url_is_no_proof(self, stage: Stage) -> None:
        """The same of a parameter of the URL, such as a seal of ours."""
        for callback in self._kinds(stage):
            parts = urlsplit(callback.url)
            pairs = parse_qsl(parts.query, keep_blank_values=True)
            for place, (name, value) in enumerate(pairs):
                before, after = pairs[:place], pairs[place + 1 :]
                if believed(stage.messenger, _at(callback, [*before, *after])) is not None:
                    continue
                for junk in junk_headers(value):
                    spoiled = _at(callback, [*before, (name, junk), *after])
                    self._refuses(stage, spoiled, f"the parameter {name} of its URL is the right one in part")

    def test_what_was_tampered_with_refuses(self, stage: Stage) -> None:
        """As far as the vendor signs: the body, the URL."""
        for callback in self._kinds(stage):
            if "body" in self.signs and callback.body:
                for place in (0, len(callback.body) // 2, len(callback.body) - 1):
                    body = bytearray(callback.body)
                    body[place] ^= 1
                    self._refuses(stage, attrs.evolve(callback, body=bytes(body)), "its body is another one")
                self._refuses(stage, attrs.evolve(callback, body=b""), "its body is gone")
            if "url" in self.signs:
                more = "&" if urlsplit(callback.url).query else "?"
                other = attrs.evolve(callback, url=f"{callback.url}{more}status=delivered")
                self._refuses(stage, other, "its URL is another one")

    def test_what_is_signed_is_declared(self, stage: Stage) -> None:
        """`signs` leaves nothing out: what is not in it nobody tries to tamper with."""
        for callback in self._kinds(stage):
            if stage.messenger.verify(callback).token_is_all:
                continue
            if "body" not in self.signs and callback.body:
                other = attrs.evolve(callback, body=callback.body + b" ")
                assert believed(stage.messenger, other), 'verify() looks at the body: have `signs` say "body"'
            if "url" not in self.signs:
                more = "&" if urlsplit(callback.url).query else "?"
                other = attrs.evolve(callback, url=f"{callback.url}{more}more=1")
                assert believed(stage.messenger, other), 'verify() looks at the URL: have `signs` say "url"'

    def test_a_signed_callback_is_not_believed_for_ever(self, stage: Stage) -> None:
        """A signature has a time that is looked at, or an id that is remembered until it is not believed any more."""
        for callback in self._kinds(stage) if self.signs else ():
            verified = stage.messenger.verify(callback)
            if verified.token_is_all or (verified.once is not None and verified.until is None):
                continue
            if verified.once is None or verified.until is None:
                late = callback.received_at + timedelta(days=365)
                why = "a year later: verify() has to look at its time, or to give its id as `once`"
            else:
                late, why = verified.until + timedelta(seconds=1), "when its id is forgotten: `until` is too early"
            again = believed(stage.messenger, attrs.evolve(callback, received_at=late))
            assert again is None, f"a callback is believed again {why}"

    def test_the_same_again_tells_the_same(self, stage: Stage) -> None:
        """A vendor that repeats itself is not another message: the keys are the same, and reading is pure."""
        for callback in self._conversation(stage):
            first, second = (stage.messenger.receive(callback) for _ in range(2))
            keys, again = ([event.key for event in told] for told in (first, second))
            assert keys == again, "a callback that came again has other keys: nothing in a key may be random or a count"
            assert first == second, "a callback that came again is read otherwise: parse() has to be pure"
            assert len({*keys}) == len(keys), "two events of one callback have one key: the second would not be handled"

    def test_secrets_are_compared_in_constant_time(self, stage: Stage) -> None:
        """With `hmac.compare_digest`: `==` tells by its time how much of a guess is right."""
        for callback in self._kinds(stage):
            for name in self._proofs(stage, callback):
                seen = Watched()
                headers = {**callback.headers, name: watched(callback.headers[name], seen)}
                object.__setattr__(told := attrs.evolve(callback), "headers", headers)
                believed(stage.messenger, told)
                assert not seen.compared, f"the header {name} is compared with ==: use hmac.compare_digest"

    def _refuses(self, stage: Stage, callback: Callback, what: str) -> None:
        assert believed(stage.messenger, callback) is None, _FAKED.format(what)

    def _proofs(self, stage: Stage, callback: Callback) -> list[str]:
        """The headers without which a callback is not believed."""
        without = {
            name: attrs.evolve(
                callback, headers={each: value for each, value in callback.headers.items() if each != name}
            )
            for name in callback.headers
        }
        return [name for name, other in without.items() if believed(stage.messenger, other) is None]


def _at(callback: Callback, pairs: list[tuple[str, str]]) -> Callback:
    """The callback at a URL with these parameters."""
    return attrs.evolve(callback, url=urlunsplit(urlsplit(callback.url)._replace(query=urlencode(pairs))))
