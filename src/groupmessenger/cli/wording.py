"""The library's errors name its calls; whoever types commands is told those instead."""

from __future__ import annotations

import re

_COMMANDS = {
    r"\bremove_members\(\)": "groupmessenger groups remove",
    r"\badd_members\(\)": "groupmessenger groups add",
    r"\baccept_members\(\)": "groupmessenger groups accept",
    r"\bsuppress\(\)": "groupmessenger suppress",
    r"\bhistory\(\)": "groupmessenger history",
    r"\bsettle\(\)": "groupmessenger settle",
    r"\bfind it with group\(\)": "groupmessenger groups show has it",
    r"\bswitch\(('.*?'|\".*?\"), ('.*?')\)": r"groupmessenger switch \1 --to \2",
    r"\(may_duplicate=True, --may-duplicate\)": "(--may-duplicate)",
    r"\bleave_out=\[\.\.\.\]": "--leave-out",
    r"\bgive region='US' \(or yours\)": 'write region = "US" (or yours) into the file',
    r"(is not a phone number)(?=$|; )": r"\1: '+', the country code and the number, such as +13125550101",
}


def in_commands(text: str) -> str:
    """An error's text, with commands and options where it names calls and arguments."""
    for call, command in _COMMANDS.items():
        text = re.sub(call, command, text)
    return text
