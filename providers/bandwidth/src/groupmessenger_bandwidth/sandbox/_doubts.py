"""What Bandwidth's papers leave open, each as a switch: the first reading is the more probable one."""

from __future__ import annotations

from groupmessenger.sandbox.face import Doubt

DOUBTS = (
    # Credentials
    Doubt("expires_in", "expires_in in the answer with a token", ("given", "absent")),
    Doubt("token_type", "how token_type is written", ("Bearer", "bearer")),
    Doubt("auth_words", "the types of a 401 and a 403, which were others in 2019", ("current", "2019")),
    # Who may be written to
    Doubt("most_recipients", "how many numbers to takes: 10, or 9 and the line", (10, 9)),
    Doubt("too_many", "a send to more than that: refused, or failed later with a code", ("400", "4435", "4735")),
    Doubt("own_number", "the line among its own recipients", ("4401", "400")),
    Doubt("duplicate_to", "a number twice in to", ("400", "merged")),
    Doubt("bare_to", "to as a text, not an array", ("accepted", "refused")),
    Doubt("foreign_member", "a number outside +1 in an MMS", ("4432", "delivered")),
    Doubt(
        "invalid_number", "a number that cannot be: its failure, then a delivery", ("failed", "failed_then_delivered")
    ),
    # Whose send it is
    Doubt("toll_free_group", "a group from a toll-free number", ("400", "4433")),
    Doubt("unknown_application", "the status for an application nobody knows", (400, 404)),
    Doubt("foreign_from", "the status for a line of somebody else", (400, 403)),
    # What a send takes and says
    Doubt("unknown_fields", "fields that are not documented", ("ignored", "refused")),
    Doubt("mms_expiration", "expiration of an MMS", ("applied", "ignored")),
    Doubt("field_errors", "fieldErrors in a refusal", ("given", "absent")),
    Doubt("id_style", "what a message id looks like", ("long", "uuid")),
    Doubt("optional_keys", "the keys of an accepted send", ("given", "absent", "only_id")),
    Doubt("time_digits", "digits after the seconds of a time", (3, 6, 0)),
    # Searching
    Doubt("search_rows", "rows for a group", ("per_recipient", "per_group")),
    Doubt(
        "search_row_status",
        "whose status a group's one row has: of whoever is farthest behind, named first in to, or farthest ahead",
        ("farthest_behind", "first", "best"),
    ),
    Doubt("search_lag", "seconds until a message is found", (0, 5)),
    Doubt("search_row_lag", "seconds until the last of a group's rows is found, after the others", (0, 10)),
    Doubt("search_order", "the order without sort", ("newest_first", "oldest_first")),
    Doubt("search_far_back", "a fromDateTime more than 14 days ago", ("clipped", "refused")),
    Doubt("nullable", "columns of a row that may be null", ("given", "null")),
    Doubt("vanished", "a message of an application that is not linked", ("unlisted", "listed")),
    Doubt("first_status", "the status before anything happened", ("QUEUED", "ACCEPTED")),
    Doubt("timeout_status", "the status of a message without a receipt for 73 hours", ("FAILED", "DLR_EXPIRED")),
    # Media
    Doubt("delete_missing", "the status for deleting what is not there", (204, 404)),
    # Callbacks: what they tell
    Doubt("callback_body", "what a callback's body is", ("list", "object")),
    Doubt("callback_events", "how many events a list has: one, or all of a second", ("one", "several")),
    Doubt("status_owner", "whose number message.owner is when a message is delivered: from's", ("from", "recipient")),
    Doubt("message_sending", "message-sending, which ends in January 2027", ("sent", "off")),
    Doubt("progress_callbacks", "message-sending and message-sent of a group", ("per_recipient", "per_group")),
    Doubt("inbound_to", "where our line is in to of a message that came in", ("line_first", "line_last")),
    Doubt("media_only_text", "text of a message that came in without any", ("absent", "empty")),
    Doubt("smil_part", "a part in media that is the layout of the others", ("absent", "given")),
    # Callbacks: how they come
    Doubt("first_leg_body", "the body of a callback's first request, without credentials", ("full", "empty")),
    Doubt("first_leg_credentials", "credentials in the first request already", ("absent", "given")),
    Doubt("bare_401", "a callback answered 401 without WWW-Authenticate", ("dropped", "retried")),
    Doubt("retried_time", "time of a callback that comes again", ("same", "new")),
)
