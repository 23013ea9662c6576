"""What MessageBird's papers leave open, each as a switch: the first reading is the more probable one."""

from __future__ import annotations

from groupmessenger.sandbox.face import Doubt

DOUBTS = (
    # Every call
    Doubt(
        "wrong_key", "the 401 for a wrong key: a parameter, none, or other errors beside it", ("old", "new", "mixed")
    ),
    Doubt("test_key", "what a test key sees of contacts and groups", ("none", "all")),
    Doubt("unknown_path", "the code for a path that is not served", (20, 98)),
    Doubt("retry_after", "seconds in the Retry-After header of a 429, None for no header", (None, 1)),
    # Lists
    Doubt("default_limit", "the items of a page when limit is not given", (20, 10)),
    Doubt("limit_above_20", "a limit above 20; above 100 is 100 at best", ("honoured", "capped", "refused")),
    # Contacts
    Doubt("contact_created", "the status of a contact that was created", (201, 200)),
    Doubt("contact_plus", "a + before the msisdn of a contact", ("refused", "accepted")),
    Doubt("same_msisdn", "a second contact with the same msisdn", ("refused", "created")),
    Doubt("duplicate_code", "the code for an msisdn that another contact has", (10, 101)),
    Doubt("msisdn_filter", "the filter msisdn of the contacts", ("honoured", "ignored")),
    Doubt("several_hits", "the filter msisdn matches similar numbers too", (False, True)),
    Doubt("unset_custom", "a custom field that is not set, when read", (None, "")),
    # Groups
    Doubt("group_created", "the status of a group that was created", (201, 200)),
    Doubt("same_name", "a second group with the same name", ("created", "refused")),
    Doubt("rename_answer", "the answer to a rename: 200 with the group, or 204", ("group", "empty")),
    Doubt("contacts_href", "the href of a group's contacts", ("contacts", "group")),
    Doubt(
        "unknown_member",
        "unknown ids among those added: nothing is added, or the others are, with a 404 or a 204",
        ("nothing", "others_404", "others_204"),
    ),
    Doubt("present_member", "adding a contact that is in the group", ("ok", "error")),
    Doubt("absent_member", "the status for removing a contact that is not in the group", (404, 204)),
    # What a send takes
    Doubt("unknown_group", "the status for a group in groupIds that nobody knows", (422, 404)),
    Doubt("empty_group", "a send to a group without members", ("refused", "accepted")),
    Doubt("big_group", "a send to a group of more than 50", ("sent", "refused")),
    Doubt("overlap", "a number that groupIds and recipients both lead to", ("once", "twice")),
    Doubt("wrong_recipient", "a number among others that cannot be texted", ("refused", "dropped")),
    Doubt("long_body", "a text of more than nine parts", ("refused", "sent")),
    Doubt("most_media", "the most media of an MMS, None for any number", (10, None)),
    Doubt("balance_status", "the status when the balance is not enough", (402, 422)),
    Doubt("scheduled_members", "when a scheduled send looks who is in the group", ("at_creation", "at_sending")),
    # What a send says
    Doubt("group_items", "recipients.items in the answer to a group send", ("complete", "empty")),
    Doubt("zero_sent", "totalSentCount is 0 in the answer to a send, which is sent all the same", (False, True)),
    Doubt("sent_count", "totalSentCount when read", ("cumulative", "pending")),
    Doubt("auto_datacoding", "the datacoding of a message sent with auto", ("auto", "resolved")),
    Doubt("body_stored", "the body of a text that plain has mangled", ("given", "mangled")),
    Doubt("off_phone", "the status of a copy whose phone is off", ("sent", "buffered")),
    Doubt("opted_out", "when the copy of somebody who opted out fails", ("later", "at_once")),
    # Reading messages
    Doubt("read_lag", "seconds in which a fresh message cannot be read", (0, 5)),
    Doubt("list_lag", "seconds until a message is listed", (0, 5)),
    Doubt("list_filters", "the filters of the list of messages", ("honoured", "ignored")),
    Doubt("mms_listed", "MMS among the messages", (False, True)),
    Doubt("mms_details", "error codes and reasons when an MMS is read", (True, False)),
    # What it calls
    Doubt("signature", "what it is signed with", ("jwt", "legacy", "both")),
    Doubt("jwt_algorithm", "the algorithm of the JWT", ("HS256", "HS384", "HS512")),
    Doubt("taken", "the answer that is a success: 200, any 2xx, or 200 with the body OK", ("200", "2xx", "ok")),
    Doubt("retries", "whether what failed is tried again", ("none", "eight_hours")),
    Doubt("retried_jti", "the jti of another try", ("fresh", "same")),
    # Status reports
    Doubt("reported", "the statuses that are reported", ("all", "final")),
    Doubt("reports_signed", "whether status reports are signed", (True, False)),
    Doubt("report_fields", "all fields, or those alone that may be relied on", ("full", "bare")),
    Doubt("report_plus", "the + in the time of a status report", ("raw", "escaped")),
    Doubt("mms_reports", "status reports of MMS", (False, True)),
    # What comes in
    Doubt("inbound_format", "how it is written: a form, JSON, or a GET with a query", ("form", "json", "query")),
    Doubt("inbound_shape", "its fields: a number's own, or a forwarder's with twins", ("vmn", "forwarder")),
    Doubt("media_name", "the case of the name of the media", ("mediaUrls", "mediaURLs")),
    Doubt("own_messages", "what our lines send each other, as it comes in", ("silent", "heard")),
)
