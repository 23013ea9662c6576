"""The command and its parts, for commands to be added to."""

from __future__ import annotations

from importlib.metadata import version

from cyclopts import App

from .exits import MEANINGS

_EPILOGUE = "Exit codes: " + "; ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items()) + "."

app = App(
    name="groupmessenger",
    help="Group texting that is the same over every provider.",
    help_format="plaintext",  # reading Markdown would take a tenth of a second
    help_epilogue=_EPILOGUE,
    version=version("groupmessenger"),
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # `run` says what an interrupt means
)
groups = App(name="groups", help="The directory's groups, or, with --connection or without a directory, a provider's.")
members = App(name="members", help="Add people to a provider's group, and remove them.")
config = App(name="config", help="The configuration file.")
directory = App(name="directory", help="The database that groups with names are kept in.")
outbox = App(name="outbox", help="Messages that are queued, and what became of them.")
webhooks = App(name="webhooks", help="Hear what providers tell: messages that come in, what became of those that went.")
for part in (groups, members, config, directory, outbox, webhooks):
    app.command(part)
app.register_install_completion_command()
