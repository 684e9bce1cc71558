"""The job store. Every function is one statement or one transaction on a connection.

The functions are synchronous and take a ``sqlalchemy.Connection``. The workers
call them as they are; the server, which is asyncio, calls the very same ones
through ``AsyncConnection.run_sync``.
"""
