"""What the deployment plan asks of these services."""

#: The variables that concern them, with the defaults of its compose file.
VARIABLES = {
    "GRADING_SLA_WRITING_SECONDS": "1200",
    "GRADING_SLA_SPEAKING_SECONDS": "3600",
    "GRADING_MAX_RETRIES": "3",
    "GRADING_RETRY_BACKOFF_CAP_SECONDS": "300",
    "POSTGRES_USER": "vstep",
    "POSTGRES_PASSWORD": "changeme",
    "POSTGRES_GRADING_DB": "vstep_grading",
    "RABBITMQ_USER": "vstep",
    "RABBITMQ_PASSWORD": "changeme",
    "OPENAI_API_KEY": "",
    "STT_API_KEY": "",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "",
    "GRAFANA_USER": "admin",
    "GRAFANA_PASSWORD": "changeme",
}

#: The same in its file for development.
DEVELOPMENT = VARIABLES | {
    "POSTGRES_PASSWORD": "vstep123",
    "RABBITMQ_PASSWORD": "vstep123",
    "GRAFANA_PASSWORD": "admin123",
}

#: Values that none of them has by default.
OTHERS = {
    "GRADING_SLA_WRITING_SECONDS": "1300",
    "GRADING_SLA_SPEAKING_SECONDS": "3700",
    "GRADING_MAX_RETRIES": "7",
    "GRADING_RETRY_BACKOFF_CAP_SECONDS": "77",
    "POSTGRES_USER": "examiner",
    "POSTGRES_PASSWORD": "k3jh4k5j6h",
    "POSTGRES_GRADING_DB": "graded",
    "RABBITMQ_USER": "postman",
    "RABBITMQ_PASSWORD": "98fd7g9s8d",
    "OPENAI_API_KEY": "sk-1",
    "STT_API_KEY": "stt-2",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
    "GRAFANA_USER": "watcher",
    "GRAFANA_PASSWORD": "zx6c5v7b6n",
}

#: Its services and the ports of this machine that they have in development.
PORTS = {
    "postgres-grading": {"5433:5432"},
    "rabbitmq": {"5672:5672", "15672:15672"},
    "python-grading-api": {"8000:8000"},
    "python-celery-worker": set[str](),
    "prometheus": {"9090:9090"},
    "grafana": {"3001:3000"},
}

VOLUMES = {"postgres_grading_data", "rabbitmq_data", "prometheus_data", "grafana_data"}
NETWORK = "vstep-network"
