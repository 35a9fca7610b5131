"""Six applications in miniature: the same rooms and log, each with the policy that its messages need.

::

    run("ticker") ── play() ── a Gathering: a chat, guests, a bad network for each ──► a story, line by line

In reading order: policies (every use, its policy and the reason) · gathering (the server and its guests) ·
any of chat, ticker, game, document, sensors, payment · running, and onpage for the two with a picture.
"""
