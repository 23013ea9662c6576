"""URLs: their parts are settings, their query the others and the options; and no error shows them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import quote

import acme
import flyer
import pytest
from acme import LINE, SECRET
from hypothesis import given
from hypothesis import strategies as st

import groupmessenger as gm
from groupmessenger.errors import ConfigurationError
from groupmessenger.options import Options
from groupmessenger.urls import read_url

PLUGINS = [flyer, acme]
GOOD = f"flyer://{SECRET}@{LINE}"


def read(url: str, **given: Any) -> tuple[str, dict[str, Any], Options]:
    provider, settings, options = read_url(url, PLUGINS, given=given)
    return provider, dict(settings), options


def problems(url: str, **given: Any) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        read(url, **given)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__), "where a traceback could show it"
    return {problem.key: str(problem) for problem in caught.value.problems}


def test_a_url_has_settings_and_options() -> None:
    url = f"{GOOD}?colour=blue&base_url=http://127.0.0.1:80/x&timeout=5&allow_broadcast=true&limits.text=7&pace=1/s"
    settings = {"api_key": SECRET, "line": LINE, "colour": "blue", "base_url": "http://127.0.0.1:80/x"}
    options = Options(timeout=5, allow_broadcast=True, limits={"text": 7}, pace="1/s")
    assert ("flyer", settings, options) == read(url)


@pytest.mark.parametrize("line", ["%2B13125550100", "+13125550100"])
def test_a_plus_is_a_plus(line: str) -> None:
    """In the host and in the query, encoded or not."""
    assert LINE == read(f"flyer://{SECRET}@{line}")[1]["line"]
    assert LINE == read(f"acme://?api_key={SECRET}&line={line}")[1]["line"]


def test_parts_are_decoded_and_keep_their_case() -> None:
    secret = "aB:/?#[]@!$&'()*+,;=% z~"
    assert secret == read(f"flyer://{quote(secret, safe='')}@{LINE}")[1]["api_key"]
    assert "DUPont" == read(f"{GOOD}?colour=DUPont")[1]["colour"]
    provider, settings, _ = read_url("sendblue://Key:sEc%40ret@+13125550100?exclusive_line=true")
    assert ("sendblue", {"api_key_id": "Key", "api_secret_key": "sEc@ret", "line": LINE, "exclusive_line": "true"}) == (
        provider,
        settings,
    )


def test_a_slash_at_the_end_and_empty_parts_do_not_matter() -> None:
    assert read(GOOD) == read(f"{GOOD}/") == read(f"{GOOD}/?&") == read(f"flyer://{SECRET}:@{LINE}?")


@pytest.mark.parametrize(
    ("url", "key", "words"),
    [
        ("flyer", "url", "no URL"),
        ("://x", "url: provider", "no provider's name"),
        ("13125550100://x", "url: provider", "no provider's name"),
        ("sendbleu://x", "url: provider", "did you mean 'sendblue'?"),
        ("whatsup://x", "url: provider", "pip install groupmessenger-whatsup"),
        (f"{GOOD}/tulips", "url", "%2F"),
        (f"{GOOD}?colour=blue#tulips", "url", "%23"),
        (f"{GOOD}?colour=tu lips", "url", "%20"),
        (f"{GOOD}\n", "url", "control character"),
        (f"{GOOD}?colour=100%", "url", "%25"),
        (f"{GOOD}?colour=%FF", "url: colour", "UTF-8"),
        (f"flyer://{SECRET}:tulips@{LINE}", "url: password", "write flyer://API_KEY@LINE?name=value"),
        (f"acme://{SECRET}@x?line={LINE}&api_key={SECRET}", "url: user", "Acme takes no user"),
        (f"{GOOD}?colour=blue&colour=red", "url: colour", "twice"),
        (f"{GOOD}?timeout=1&timeout=2", "url: timeout", "twice"),
        (f"{GOOD}?line={LINE}", "url: line", "twice"),
        (f"{GOOD}?tulips", "url: query", "%26"),
        (f"{GOOD}?=tulips", "url: query", "name=value"),
        (f"{GOOD}?tu%20lips=1", "url: query", "name=value"),
        (f"{GOOD}?color=blue", "url: color", "did you mean 'colour'?"),
        (f"{GOOD}?timeot=5", "url: timeot", "did you mean 'timeout'?"),
        (f"{GOOD}?timeout=tulips", "url: timeout", "seconds"),
        (f"{GOOD}?limits.txt=5", "url: limits.txt", "did you mean 'text'?"),
        (f"{GOOD}?limits.text=tulips", "url: limits.text", "whole number"),
        (f"{GOOD}?folded=tulips", "url: folded", "not what Flyer needs"),
        (f"{GOOD}?base_url=http://tulips.example", "url: base_url", "https"),
        (f"{GOOD}?folded=true&colour=blue", "url: folded", "cannot be folded"),
        (f"{GOOD}?folded=true&limits.media=5", "url: limits.media", "no such limit"),
        (f"flyer://{LINE}", "url: api_key", "write flyer://API_KEY@LINE?name=value"),
        ("flyer://@?line=5551234567", "url: line", "not a phone number"),
    ],
)
def test_what_is_wrong_is_said_with_its_key_and_cure(url: str, key: str, words: str) -> None:
    found = problems(url)
    assert words in found[key]
    for private in (SECRET, LINE, LINE[1:], "tulips", "5551234567"):
        assert private not in "\n".join(found.values())


def test_everything_is_said_at_once() -> None:
    found = problems("flyer://:x@tulips?color=1&timeout=0&limits.txt=1&strict=maybe&folded=perhaps&x&pace=1&pace=2")
    expected = "password line api_key color timeout limits.txt strict folded query pace"
    assert {f"url: {key}" for key in expected.split()} == set(found)


def test_the_source_is_named() -> None:
    with pytest.raises(ConfigurationError, match="GROUPMESSENGER_URL: colour: it is given twice"):
        read_url(f"{GOOD}?colour=a&colour=b", PLUGINS, source="GROUPMESSENGER_URL")


def test_settings_from_elsewhere_go_first() -> None:
    """A secret need not be in the URL; what is wrong with them is not the URL's fault."""
    assert SECRET == read(f"flyer://{LINE}", api_key=SECRET)[1]["api_key"]
    assert "red" == read(f"{GOOD}?colour=blue", colour="red")[1]["colour"]
    assert {"line", "folded"} == set(problems(GOOD, line="tulips", folded="perhaps"))
    assert {"line", "url: color"} == set(problems(f"{GOOD}?color=%FF", line=5, color_="")) - {"color_"}


TEXTS = st.text() | st.text(st.sampled_from("fl:/?#@&=%+.aZ1\u00e9 \n")) | st.from_regex(r"\A[a-z]{4,5}://.*\Z")


@given(TEXTS, st.sampled_from(["", "flyer://", "acme://", f"{GOOD}?", "sendblue://"]))
def test_nothing_else_is_ever_raised(text: str, start: str) -> None:
    with suppress(ConfigurationError):
        read(start + text)


@given(
    st.text(st.characters(codec="ascii"), min_size=8, max_size=30).map(lambda text: "Qz" + text + "zQ"),
    st.sampled_from(
        [
            "flyer://{0}",
            "flyer://{0}@{0}",
            "flyer://{0}:{0}@{0}",
            "flyer://x@+13125550100/{0}",
            "flyer://x@+13125550100#{0}",
            "flyer://x@+13125550100?folded={0}&timeout={0}&limits.text={0}&region={0}&pace={0}&base_url={0}",
            "acme://{0}@{0}?line={0}",
            "sendblue://{0}:{0}@{0}?exclusive_line={0}&status_callback={0}",
            "{0}",
        ],
    ),
    st.booleans(),
)
def test_no_part_of_a_url_is_ever_shown(private: str, form: str, encoded: bool) -> None:
    """Neither as it is written nor decoded, in text or repr."""
    written = quote(private, safe="") if encoded else private
    if ("&" in written and not encoded) or "://" in form.format(written)[:30].partition("Qz")[2]:
        return  # then a part of it is a name of a setting or a provider
    try:
        found = read(form.format(written))
    except ConfigurationError as error:
        shown = f"{error} {error!r} {error.args!r} {error.__context__!r}"
        assert "Qz" not in shown
        assert private not in shown
    else:
        made = gm.connect(form.format(written), plugins=PLUGINS)
        assert found
        assert private not in repr(made)
        made.close()
