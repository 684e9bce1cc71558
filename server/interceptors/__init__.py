"""What every call passes through, outermost first.

1. ``request_id``: gives the call a name.
2. ``access_log``: writes one line when it ends.
3. ``error_seam``: turns exceptions into a status.
4. ``authentication``: lets the caller in, or doesn't.
5. ``validation``: parses the request and checks the rules of its fields.
"""
