"""The outside doors: the tracking API, the answers and the pages. The only package that imports starlette."""
