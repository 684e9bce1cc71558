"""The Celery workers: they claim jobs, grade them and settle them. Free of gRPC."""

import os

# onnxruntime tells its maker about every process that loads it, unless this stands here first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
