"""The demo: a host with companies of different character, half a year of their activity, and a launcher.

`companies` says who they are, `activity` and `contracts` write their history, `seeding` fills a folder and `__main__`
serves it. The demo uses the command line and the wire formats, as a host would. Engage is imported for two things
alone: `activity` asks who is held out of a campaign, and `purchases` buys in the past, which cannot be imported.
"""
