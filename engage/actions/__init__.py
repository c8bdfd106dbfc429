"""One verb is one transaction. The only callers that write."""
