"""What every call passes through, outermost first.

1. ``request_id``: gives the call a name.
2. ``call_metrics``: counts it and measures how long it takes.
3. ``access_log``: writes one line when it ends.
4. ``error_seam``: turns exceptions into a status.
5. ``authentication``: lets the caller in, or doesn't.
6. ``validation``: parses the request and checks the rules of its fields.
"""
