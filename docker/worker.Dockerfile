# The Celery workers of both skills, with the language and speech models that they grade with:
# the models are packages of the lock, so that nothing is downloaded when a worker starts.
#
#   docker build --file docker/worker.Dockerfile --tag vstep-grading-worker .

# A digest pins it to the byte: --build-arg PYTHON_IMAGE=python:3.11.15-slim-bookworm@sha256:…
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1 UV_LINK_MODE=copy
WORKDIR /build
COPY pyproject.toml requirements.lock README.md ./
# The tools that build, by their hashes in the lock. They stay in this stage.
RUN awk '/^(setuptools|uv)==/ { wanted = 1 } wanted { print } wanted && !/\\$/ { wanted = 0 }' \
        requirements.lock > tools.lock \
    && python -m venv /tools \
    && /tools/bin/pip install --require-hashes --requirement tools.lock
# One lock holds everything: the extras choose from it, and what it doesn't hold is refused.
# With the command line, since `vstep-grading calibrate` needs what workers measure with.
RUN python -m venv --without-pip /opt/vstep \
    && /tools/bin/uv pip install --python /opt/vstep/bin/python --compile-bytecode \
        --require-hashes --constraints requirements.lock \
        --requirements pyproject.toml --extra worker --extra client
COPY bench bench
COPY client client
COPY embedded embedded
COPY generated/python generated/python
COPY grading grading
COPY server server
COPY workers workers
RUN /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /tools/bin/uv pip install --python /opt/vstep/bin/python --compile-bytecode \
        --no-deps /wheels/*.whl

FROM ${PYTHON_IMAGE}
# What installs packages has no work here.
RUN python -m pip uninstall --yes --quiet --root-user-action ignore setuptools wheel pip \
    && useradd --no-log-init --uid 10001 --user-group --no-create-home --home-dir /tmp \
        --shell /usr/sbin/nologin vstep \
    && install --directory --owner vstep --group vstep /var/lib/vstep/recordings
COPY --from=build /opt/vstep /opt/vstep
ENV PATH=/opt/vstep/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GRADING_AUDIO_URL=file:///var/lib/vstep/recordings
WORKDIR /app
USER 10001:10001
# Written to are /tmp and the folder of recordings; all else may be read-only.
EXPOSE 9464
# The first one has Celery take no more work and give back what it has in hand.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-m", "workers.probe"]
CMD ["celery", "-A", "workers.app", "worker", "--queues", "writing,speaking"]

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="VSTEP grading worker" \
      org.opencontainers.image.description="Grades VSTEP.3-5 writing and speaking as durable jobs over gRPC: the workers and their models" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
