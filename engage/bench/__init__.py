"""The benchmark: each figure beside its own limit, measured in the same round. Read README.md for the method.

A room beside the command line: it starts the real service, drives it from outside, and may look behind every curtain
to replay the same rows without the service. Nothing of the service imports it.
"""
