"""Examples of Engage at work: a demo with made-up history, a small host product, and programs."""
