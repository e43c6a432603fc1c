# One image for the page, the HTTP API and the workers: docs/deployment.md.
#
#   docker build -t ranklens .
#   docker build -t ranklens --build-arg EXTRAS="postgres s3 ocr multilingual" .
#   docker build -t ranklens --build-arg TORCH=torch .     # models that need torch
#
# Every build argument of pip works too, such as PIP_EXTRA_INDEX_URL for torch's CPU builds.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS build
ARG EXTRAS="postgres oidc s3"
ARG TORCH=""
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/ranklens
# What is installed changes seldom, the program often: the layer of the libraries stays.
COPY pyproject.toml constraints.txt deploy/requirements.py ./
RUN python requirements.py pyproject.toml --extras "${EXTRAS}" --torch "${TORCH}" \
    && /opt/ranklens/bin/pip install -c constraints.txt -r wanted.txt \
    && /opt/ranklens/bin/pip install -c constraints.txt --no-deps -r alone.txt
COPY . .
RUN /opt/ranklens/bin/pip install --no-deps . \
    && /opt/ranklens/bin/python -m compileall -q -j 0 /opt/ranklens/lib \
    && /opt/ranklens/bin/pip uninstall -y pip setuptools

FROM python:${PYTHON}
RUN python -m pip uninstall -y pip setuptools wheel \
    && groupadd --gid 10001 ranklens \
    && useradd --uid 10001 --gid ranklens --no-create-home --home-dir /data \
        --shell /usr/sbin/nologin ranklens \
    && install -d -o ranklens -g ranklens -m 0700 /data
COPY --from=build /opt/ranklens /opt/ranklens
ENV PATH=/opt/ranklens/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HOME=/data/models \
    RANKLENS_LIBRARY=/data/library \
    RANKLENS_CACHE=/data/cache
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8501 8600
STOPSIGNAL SIGTERM
# Of `serve`, which is what runs without a command; compose.yaml and the manifests have their own.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8600/api/health', timeout=4)"]
ENTRYPOINT ["ranklens"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8600"]
