"""Files of history, read: NDJSON, CSV and Parquet as blocks of rows, and those rows as calls or company facts.

`files` knows formats and nothing of the wire; `calls` knows the wire's fields and no format. Neither knows a
database: whoever imports hands what comes out of here to an action.
"""
