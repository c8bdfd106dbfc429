"""The only package that imports tortoise or SQL: tables, transactions, and the few statements of the hot path."""
