"""Reading the pages in a test: a browser that needs none, and what stands on a page."""

from __future__ import annotations

import re

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode
from starlette.routing import Router

from engage.web.console.routes import console_routes
from engage.web.security import SecurityHeaders
from tests.web.console_samples import SampleServices

BASE = "http://engage.example"


def browse(services: SampleServices) -> httpx.AsyncClient:
    app = SecurityHeaders(Router(console_routes(services), redirect_slashes=False))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)


def tree_of(answer: httpx.Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def words_of(answer: httpx.Response) -> str:
    body = tree_of(answer).body
    assert body is not None
    return re.sub(r"\s+", " ", body.text())


def one_of(tree: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    found = tree.css_first(selector)
    assert found is not None, selector
    return found
