"""The Celery workers: they claim jobs, grade them and settle them. Free of gRPC."""

import os

# onnxruntime tells its maker about every process that loads it, unless this stands here first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from workers.metrics_files import prepare_files

# prometheus_client looks when it is imported whether a folder of counts is there.
prepare_files()
