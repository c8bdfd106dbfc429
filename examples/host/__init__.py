"""Fieldnote: a small, invented inspection product that shows how a host embeds Engage.

Owns its own pages, its own users and its own (in-memory) work. It must not know anything about Engage except
what `engage_sdk` and the public HTTP interface say.
"""
