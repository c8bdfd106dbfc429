"""Imported last by the process that commands are forked from: what it holds is neither searched for cycles nor copied
by each of them."""

from __future__ import annotations

import gc

gc.collect()
gc.freeze()
