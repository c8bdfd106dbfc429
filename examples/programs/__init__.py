"""Programs to start from, and invented activity to try them on."""
