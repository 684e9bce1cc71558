"""The Celery workers: they claim jobs, grade them and settle them. Free of gRPC."""
