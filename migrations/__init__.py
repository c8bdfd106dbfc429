"""Tortoise's own migrations. On SQLite only CreateModel, AddField, AddIndex and RunPython are safe."""
