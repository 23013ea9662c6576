"""The outbox: messages that are kept until workers have sent them, in a group's order, at a connection's pace."""
