"""What every call passes through, outermost first.

1. ``request_id``: gives the call a name.
2. ``call_tracing``: makes a span of it, where tracing is on.
3. ``access_log``: writes one line when it ends.
4. ``error_seam``: turns exceptions into a status.
5. ``validation``: parses the request and checks the rules of its fields.
"""
