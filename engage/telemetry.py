"""What the service tells its operator: counters in Prometheus' text form, and log lines without secrets.

Owns the metrics' names (they are documented and never change their meaning) and the filter every log line of the
service passes. Labels are routes, statuses and codes, never a company, a member or an event: the numbers of
`/metrics` are about the service alone.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import Final, TextIO

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

REGISTRY: Final = CollectorRegistry(auto_describe=True)
METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
ProcessCollector(registry=REGISTRY)

REQUESTS: Final = Counter(
    "engage_http_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY
)
REQUEST_SECONDS: Final = Histogram(
    "engage_http_request_seconds",
    "Time from a request's first byte to its answer's last.",
    ("route",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
CUT_CONNECTIONS: Final = Counter(
    "engage_cut_connections",
    "Connections refused, or ended before their request was answered, by reason.",
    ("reason",),
    registry=REGISTRY,
)
MESSAGES: Final = Counter(
    "engage_messages", "Messages of the tracking API by outcome.", ("status",), registry=REGISTRY
)
REFUSALS: Final = Counter(
    "engage_refusals", "Rejected and retryable messages by reason code.", ("code",), registry=REGISTRY
)
RETRIED_REQUESTS: Final = Counter(
    "engage_retried_requests",
    "Tracking requests whose X-Retry-Count says they were sent before.",
    registry=REGISTRY,
)
RETRY_COUNT: Final = Histogram(
    "engage_retry_count",
    "X-Retry-Count of tracking requests that carry one.",
    buckets=(0, 1, 2, 3, 5, 10, 25, 100, 1000),
    registry=REGISTRY,
)
SCHEDULED_RUNS: Final = Counter(
    "engage_scheduled_runs",
    "Runs of what the service does by itself (ticking, scoring, delivering, pushing, reckoning) by outcome.",
    ("what", "outcome"),
    registry=REGISTRY,
)
DELIVERED_NOTICES: Final = Counter(
    "engage_delivered_notices", "Webhooks that their endpoint has accepted.", registry=REGISTRY
)
PUSHED_SIGNALS: Final = Counter(
    "engage_pushed_signals",
    "Group calls with a company's health that a destination has accepted.",
    registry=REGISTRY,
)
REFUSED_PUSHES: Final = Counter(
    "engage_refused_pushes", "Batches of such calls that a destination has not accepted.", registry=REGISTRY
)
COMPANIES_BY_BAND: Final = Gauge(
    "engage_companies", "Companies by the band of their newest score.", ("band",), registry=REGISTRY
)
TICKED_MEMBERS: Final = Counter(
    "engage_ticked_members", "Members told the time because something awaited them.", registry=REGISTRY
)
SCORED_AT: Final = Gauge(
    "engage_scored_timestamp_seconds", "When scoring last ended well, seconds since 1970.", registry=REGISTRY
)


def metrics_text() -> bytes:
    return generate_latest(REGISTRY)


# --- logging ------------------------------------------------------------------------------------------------

# A key, a JWT, or what stands in a query: sign-in links and cursors are there.
_SECRETS: Final = re.compile(
    r"\b(?:sk|wk|rk)_[A-Za-z0-9_-]{8,}"
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"
    r"|(?<=\?)[^\s\"'<>]*=[^\s\"'<>]*"
    r"|(?i:(?<=basic )|(?<=bearer ))[A-Za-z0-9+/_=.-]{8,}"
)
HIDDEN: Final = "[hidden]"
LINE_CHARS_MAX: Final = 4_000


def without_secrets(text: str) -> str:
    return _SECRETS.sub(HIDDEN, text)


class LineFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, and the traceback of our own mistakes.

    Secrets are taken out of the finished text: a traceback can quote one as well as a message can.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage())[:LINE_CHARS_MAX],
        }
        if record.exc_info:
            line["traceback"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def start_logging(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Log lines go to stderr: stdout belongs to what a command answers. Libraries speak from warnings on.

    Uvicorn's access log stays off: it writes whole query strings, and the counters above say more.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("engage").setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = name != "uvicorn.access"
        library.setLevel(logging.WARNING)
