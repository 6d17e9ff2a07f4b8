# Two images from one lock; `python deploy/lock_subset.py` says which part of it each needs.
#
#   docker build --target pipeline .   runs every step on Vertex: vertex.image of a recipe
#   docker build --target serving .    serves a pushed model, as Vertex asks of a container
#
# Debian 13, because two wheels of TFX need glibc 2.38 or later.
ARG BASE=python:3.11-slim-trixie

# hadolint ignore=DL3006
FROM ${BASE} AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/opt/sluice
RUN useradd --system --create-home --uid 1000 --user-group sluice
WORKDIR /opt/sluice

FROM base AS lock
RUN python -m venv /opt/venv
COPY pyproject.toml requirements.lock deploy/lock_subset.py ./

FROM lock AS pipeline-packages
RUN python lock_subset.py > pipeline.txt \
    && pip install --no-cache-dir --no-deps --require-hashes --requirement pipeline.txt

FROM lock AS serving-packages
RUN python lock_subset.py server > serving.txt \
    && pip install --no-cache-dir --no-deps --require-hashes --requirement serving.txt

FROM base AS serving
COPY --from=serving-packages /opt/venv /opt/venv
COPY serving serving
USER 1000
EXPOSE 8080
ENTRYPOINT ["python", "-m", "serving"]

FROM base AS pipeline
COPY --from=pipeline-packages /opt/venv /opt/venv
COPY transforms transforms
COPY models models
COPY components components
COPY serving serving
COPY pipeline pipeline
USER 1000
# Vertex gives the whole command.
ENTRYPOINT []
CMD ["python", "-c", "import pipeline.dag"]
