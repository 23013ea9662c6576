"""What Sendblue's papers leave open, each as a switch: the first reading is the more probable one."""

from __future__ import annotations

from groupmessenger.sandbox.face import Doubt

DOUBTS = (
    # Groups and their names
    Doubt("merges", "a second send to the same numbers", ("same_group", "new_group")),
    Doubt("single_member", "a group of one other person", ("accepted", "refused")),
    Doubt("limit_counts_line", "whether the line is one of the 25 people", (False, True)),
    Doubt("agent_plan", "an AI Agent plan, which may not create groups", (False, True)),
    Doubt("unknown_group", "the status for a group nobody knows", (404, 400)),
    Doubt("line_in_membership", "the line listed as a seat when a group is read", (False, True)),
    Doubt("worker_group_id", "the device's own group id when a group is read", ("given", "absent")),
    # What a send says
    Doubt("send_status", "the status of an accepted send", (200, 202)),
    Doubt(
        "group_id",
        "group_id in the answer to a group send; empty on a free plan",
        ("given", "absent", "empty"),
    ),
    Doubt("number_field", "number and to_number of a group send", ("array", "string", "absent")),
    Doubt("email_key", "the account's e-mail in the answer to a send", ("accountEmail", "account_email")),
    Doubt("date_key", "the date in the answer to a send", ("date_sent", "date_created")),
    Doubt("line_in_participants", "the line among an outbound group message's participants", (True, False)),
    Doubt("handle_in_answer", "message_handle in the answer to a send", (True, False)),
    # What a send takes
    Doubt("media_only", "media with an empty text to a group", (True, False)),
    Doubt("send_style", "send_style on a group send", ("applied", "ignored", "refused")),
    Doubt("opt_out_member", "a group send with an opted out member", ("blocks", "ignored")),
    Doubt("group_stop", "a stop word in a group's thread", ("ignored", "opts_out")),
    Doubt("declined_status", "the status of a send that a rule declined", (400, 200)),
    Doubt("new_members_counted", "group members against the caps for new contacts", (False, True)),
    # Changing a group
    Doubt("modify_answer", "the body of a change of members that succeeded", ("new", "legacy")),
    Doubt("modify_refusal", "the status of a change of members that was refused", (400, 200)),
    Doubt("present_member", "adding somebody present, removing somebody absent", ("error", "ok")),
    Doubt("change_refusal", "the status of a name or photo that was refused", (400, 409, 422)),
    Doubt("refusal_key", "the field with the word for why a name or photo was refused", ("error", "message")),
    Doubt("rename_early", "a change before the chat is on the device", ("refused", "accepted")),
    # Reading messages
    Doubt("list_lag", "seconds until a message is listed", (0, 5)),
    Doubt("created_filter", "created_at_gte and created_at_lte of the list", ("honoured", "ignored")),
    Doubt("content_stored", "the text as it is read back", ("exact", "trimmed")),
    # What becomes of a message
    Doubt("sms_final", "the last status of a message that SMS carries", ("SENT", "DELIVERED")),
    Doubt("delivered_in_group", "how many phones must be on for a group's message to be delivered", ("any", "all")),
    # Webhooks
    Doubt("webhook_type", "a webhook added without a type", ("receive", "refused")),
    Doubt("typing_registration", "a webhook for typing", ("kept", "refused", "dropped")),
    Doubt("retried", "the answers after which a callback is tried again", ("5xx", "not_2xx")),
    Doubt("forty_five_seconds", "what the 45 s of callbacks are", ("time_out", "pause")),
    # What webhooks are told of messages that come in
    Doubt("own_echo", "our own messages on the webhook for what comes in", ("none", "other_lines", "all")),
    Doubt("private_participants", "the participants of a private message", ("empty", "contact_and_line")),
    Doubt("unnamed_group", "group_display_name where there is no name", ("empty", "null")),
    Doubt("group_message_type", "the message_type of a message in a group", ("group", "message")),
    Doubt("received_group_id", "group_id of a message in a group; empty on a free plan", ("given", "empty")),
    Doubt("attachments", "several attachments of one message", ("apart", "media_urls")),
    Doubt("sms_word", "the service of SMS in callbacks", ("SMS", "sms")),
    Doubt("typing_number", "who number is when somebody types", ("contact", "line")),
    # What callbacks are told of messages that were sent
    Doubt("status_callback_on_groups", "status_callback on a group send", ("called", "ignored")),
    Doubt("status_callback_secret", "whether a message's own callback has the account's secret", (False, True)),
    Doubt("both_callbacks", "who hears of a message with a status_callback", ("both", "status_callback")),
    Doubt("first_status", "the first status that callbacks tell", ("QUEUED", "REGISTERED", "none")),
    # Files
    Doubt("upload_file", "the status of an uploaded file; 404 if there is no such call", (200, 201, 404)),
    Doubt("largest_file", "the largest file for upload, in megabytes", (100, 5)),
    Doubt("media_object_in_send", "a mediaObjectId as the media_url of a send", ("refused", "accepted")),
)
