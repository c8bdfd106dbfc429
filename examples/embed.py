"""The whole of embedding Engage: report what a person did, show what came of it.

Run it beside a service that follows examples/programs/quickstart.yaml, with a server key:

    ENGAGE_KEY=sk_... python examples/embed.py
"""

import os

from engage_sdk import Client

with Client(os.environ.get("ENGAGE_URL", "http://127.0.0.1:8000"), key=os.environ["ENGAGE_KEY"]) as client:
    client.identify("emp-1", company="acme", traits={"name": "Robin Doe"})
    client.track(
        "emp-1", "Report Exported", company="acme", properties={"pages": 3}
    )  # never blocks or raises
    client.flush()  # only because the next line wants to see the effect at once
    print(client.members.get("acme", "emp-1").balances["points"].active, "points")
