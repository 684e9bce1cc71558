"""The rubric's versions, one YAML file each. A published file is never changed."""
