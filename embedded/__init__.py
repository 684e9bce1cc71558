"""The embedded stack: the whole service on one machine, without Docker and without keys.

A private PostgreSQL from a wheel, Celery over a folder, one worker, one server.
"""
