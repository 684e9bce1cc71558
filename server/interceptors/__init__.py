"""What every call passes through, outermost first.

1. ``request_id``: gives the call a name.
2. ``access_log``: writes one line when it ends.
3. ``error_seam``: turns exceptions into a status.
4. ``time_limit``: gives a deadline to calls that bring none.
5. ``authentication``: lets the caller in, or doesn't.
6. ``call_rate``: refuses a caller who calls too often.
7. ``open_streams``: refuses streams beyond what may be open.
8. ``validation``: parses the request and checks the rules of its fields.
"""
