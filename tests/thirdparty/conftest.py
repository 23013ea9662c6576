"""The distribution beside it has tests of its own, which `test_telnyx` runs where it is installed."""

collect_ignore_glob = ["groupmessenger-*"]
