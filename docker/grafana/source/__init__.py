"""The dashboards, as code: ``python -m docker.grafana.source FOLDER`` writes their JSON."""
