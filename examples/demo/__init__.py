"""The demo: a host with companies of different character, half a year of their activity, and a launcher.

`companies` says who they are, `activity` and `contracts` write their history, `launcher` runs it all. Nothing
here imports Engage: the demo uses the command line and the wire formats, as a host would.
"""
