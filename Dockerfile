# The first stage installs Weir into a virtual environment, the second one carries that and nothing else.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/weir
COPY constraints.txt ./
RUN /opt/weir/bin/pip install --quiet --require-hashes -r constraints.txt
COPY . .
RUN /opt/weir/bin/pip install --quiet --no-deps --no-build-isolation .

FROM python:3.12-slim
COPY --from=build /opt/weir /opt/weir
RUN install --directory --owner=10001 --group=10001 /data
ENV PATH=/opt/weir/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    WEIR_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["weir", "serve", "--host", "0.0.0.0"]
