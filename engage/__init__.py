"""Engage: points, levels and recognition for members, and a health signal per company.

Owns the version and nothing else: importing it must stay free, so it imports nothing.
"""

__version__ = "0.1.0"
