"""What every call passes through, outermost first.

1. ``request_id``: gives the call a name.
2. ``call_tracing``: makes a span of it, where tracing is on.
3. ``call_metrics``: counts it and measures how long it takes.
4. ``access_log``: writes one line when it ends.
5. ``error_seam``: turns exceptions into a status.
6. ``time_limit``: gives a deadline to calls that bring none.
7. ``authentication``: lets the caller in, or doesn't.
8. ``call_rate``: refuses a caller who calls too often.
9. ``open_streams``: refuses streams beyond what may be open.
10. ``validation``: parses the request and checks the rules of its fields.
"""
