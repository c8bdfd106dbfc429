"""Reports as files: a workbook, slides, a document. Knows the shapes of reports and nothing of where they come from.

What draws is the extra `reports`; without it each file is refused in one line that says what to install.
"""
