"""A provider of models on a loopback port, which does, call by call, what a test says.

``server`` starts it, a ``route`` is scripted and tells what was asked of it, and
``answers``, ``transcriptions``, ``errors``, ``broken`` and ``faults`` hold what a script may be.
``dead_ports`` are the providers that aren't there.
"""
