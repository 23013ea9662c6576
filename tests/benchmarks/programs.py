"""Programs that text a group once, as somebody writes them: with this library, and with the vendor's SDK.

Each is given the server's URL, and prints the message's id.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from .connections import TEXT
from .server import APPLICATION, LINE, MESSAGEBIRD_GROUP, PEOPLE

_PEOPLE = PEOPLE[:3]


@attrs.frozen
class Program:
    """A program, and the distribution that it needs."""

    distribution: str
    text: str


def _ours(provider: str, settings: str, group: str = f"client.create_group({_PEOPLE})") -> Program:
    return Program(
        f"groupmessenger-{provider}",
        f"""\
import sys

import groupmessenger as gm

url = sys.argv[1]
with gm.connect("{provider}", line="{LINE}", base_url=url, {settings}) as client:
    group = {group}
    print(client.send(group, "{TEXT}").id)
""",
    )


_SENDBLUE = f"""\
import sys

from sendblue_api import SendblueAPI

with SendblueAPI(api_key="of-nobody", api_secret="of-nobody", base_url=sys.argv[1]) as client:
    sent = client.groups.send_message(content="{TEXT}", from_number="{LINE}", numbers={_PEOPLE})
    print(sent.message_handle)
"""
_MESSAGEBIRD = """\
import sys

import messagebird

messagebird.client.ENDPOINT = sys.argv[1] + "/"  # the only host it knows
client = messagebird.Client("of-nobody")
"""
_MESSAGEBIRD_GROUP = f"""\
contacts = [client.contact_create(number).id for number in {_PEOPLE}]
group = client.group_create("Dinner").id
client.group_add_contacts(group, contacts)
"""
_MESSAGEBIRD_SEND = f"""\
print(client.message_create("{LINE}", None, "{TEXT}", {{"groupIds": group}}).id)
"""
_BANDWIDTH = f"""\
import sys

import bandwidth

url = sys.argv[1]
settings = bandwidth.Configuration(
    host=url,
    ignore_operation_servers=True,
    access_token_url=url + "/oauth2/token",
    client_id="of-nobody",
    client_secret="of-nobody",
)
with bandwidth.ApiClient(settings) as client:
    message = bandwidth.MessageRequest(application_id="{APPLICATION}", to={_PEOPLE}, var_from="{LINE}", text="{TEXT}")
    print(bandwidth.MessagesApi(client).create_message("9900100", message).id)
"""
_ACCOUNT = f'account_id="9900100", application_id="{APPLICATION}", token_url=url + "/oauth2/token"'

PROGRAMS: Mapping[str, tuple[Program, Program]] = {
    "sendblue": (
        _ours("sendblue", 'api_key_id="of-nobody", api_secret_key="of-nobody"'),
        Program("sendblue", _SENDBLUE),
    ),
    "messagebird": (
        _ours("messagebird", 'access_key="of-nobody"', f"client.create_group({_PEOPLE}, 'Dinner')"),
        Program("messagebird", _MESSAGEBIRD + _MESSAGEBIRD_GROUP + _MESSAGEBIRD_SEND),
    ),
    "messagebird, to a group there is": (
        _ours("messagebird", 'access_key="of-nobody"', f'client.group("{MESSAGEBIRD_GROUP}")'),
        Program("messagebird", _MESSAGEBIRD + f'group = "{MESSAGEBIRD_GROUP}"\n' + _MESSAGEBIRD_SEND),
    ),
    "bandwidth": (
        _ours("bandwidth", f'client_id="of-nobody", client_secret="of-nobody", {_ACCOUNT}'),
        Program("bandwidth-sdk", _BANDWIDTH),
    ),
}
