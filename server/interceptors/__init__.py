"""What every call passes through, outermost first.

1. ``request_id``: gives the call a name.
2. ``call_metrics``: counts it and measures how long it takes.
3. ``access_log``: writes one line when it ends.
4. ``error_seam``: turns exceptions into a status.
5. ``time_limit``: gives a deadline to calls that bring none.
6. ``authentication``: lets the caller in, or doesn't.
7. ``call_rate``: refuses a caller who calls too often.
8. ``open_streams``: refuses streams beyond what may be open.
9. ``validation``: parses the request and checks the rules of its fields.
"""
