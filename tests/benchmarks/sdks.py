"""A group send by each vendor's SDK, and by apprise, turned to the server of fixed answers; and by hand."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from .connections import TEXT
from .server import APPLICATION, LINE, MESSAGEBIRD_GROUP, PEOPLE, SENDBLUE_GROUP

Send = Callable[[], object]


def requests_of(provider: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Give path, headers and body of a send, as the vendor's page has them."""
    if provider == "sendblue":
        keys = {"sb-api-key-id": "of-nobody", "sb-api-secret-key": "of-nobody"}
        return "/api/send-group-message", keys, {"from_number": LINE, "group_id": SENDBLUE_GROUP, "content": TEXT}
    if provider == "messagebird":
        body = {"originator": LINE, "groupIds": [MESSAGEBIRD_GROUP], "body": TEXT}
        return "/messages", {"authorization": "AccessKey of-nobody"}, body
    people = {"applicationId": APPLICATION, "from": LINE, "to": PEOPLE[:3], "text": TEXT}
    return "/users/9900100/messages", {"authorization": "Bearer of-nobody"}, people


@contextmanager
def sendblue(url: str) -> Iterator[Send]:
    """Sendblue's SDK, which is made by Stainless over httpx."""
    from sendblue_api import SendblueAPI

    with SendblueAPI(api_key="of-nobody", api_secret="of-nobody", base_url=url) as client:
        yield lambda: client.groups.send_message(content=TEXT, from_number=LINE, group_id=SENDBLUE_GROUP)


@contextmanager
def messagebird(url: str) -> Iterator[Send]:
    """MessageBird's SDK, over requests; the one host it knows is replaced where it is written."""
    module = importlib.import_module("messagebird")
    module.client.ENDPOINT = f"{url}/"
    client = module.Client("of-nobody")
    yield lambda: client.message_create(LINE, None, TEXT, {"groupIds": MESSAGEBIRD_GROUP})


@contextmanager
def bandwidth(url: str) -> Iterator[Send]:
    """Bandwidth's SDK, made by OpenAPI Generator over urllib3; its one host is replaced on the way."""
    from bandwidth import ApiClient, Configuration, MessageRequest, MessagesApi

    settings = Configuration(access_token_url=f"{url}/oauth2/token", client_id="of-nobody", client_secret="of-nobody")
    client = ApiClient(settings)
    call = client.call_api

    def turned(method: str, there: str, *given: Any, **named: Any) -> Any:
        return call(method, there.replace("https://messaging.bandwidth.com/api/v2", url), *given, **named)

    client.call_api = turned
    messages = MessagesApi(client)

    def send() -> object:
        request = MessageRequest(application_id=APPLICATION, to=PEOPLE[:3], var_from=LINE, text=TEXT)
        return messages.create_message("9900100", request)

    yield send


@contextmanager
def apprise(url: str) -> Iterator[Send]:
    """Apprise's MessageBird, which texts numbers one by one: one number, so that it makes one request as we do."""
    import apprise
    from apprise.plugins.messagebird import NotifyMessageBird

    NotifyMessageBird.notify_url = f"{url}/messages"
    NotifyMessageBird.request_rate_per_sec = 0  # it would sleep between messages
    notifier = apprise.Apprise()
    assert notifier.add(f"msgbird://{'a' * 25}/{LINE}/{PEOPLE[0]}")

    def send() -> None:
        assert notifier.notify(body=TEXT)

    yield send


SDKS: Mapping[str, Mapping[str, Callable[[str], AbstractContextManager[Send]]]] = {
    "sendblue": {"its SDK": sendblue},
    "messagebird": {"its SDK": messagebird, "apprise": apprise},
    "bandwidth": {"its SDK": bandwidth},
}
