# What is installed beside Lectern itself: names of pyproject.toml's optional dependencies, between commas.
ARG EXTRAS=postgresql

FROM python:3.11.14-slim-bookworm AS build
ARG EXTRAS
WORKDIR /source
COPY . .
RUN python -m venv --upgrade-deps /opt/lectern \
    && /opt/lectern/bin/pip install --no-cache-dir -c constraints.txt ".[$EXTRAS]"

FROM python:3.11.14-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends git tesseract-ocr tesseract-ocr-rus tesseract-ocr-chi-sim \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --home-dir /data lectern \
    && install --directory --owner lectern --mode 700 /data
COPY --from=build /opt/lectern /opt/lectern
COPY --chmod=755 deploy/entrypoint.sh /usr/local/bin/lectern-entrypoint
ENV PATH=/opt/lectern/bin:$PATH PYTHONUNBUFFERED=1 LECTERN_DATA=/data LECTERN_HOST=0.0.0.0 LECTERN_PORT=8421
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8421
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8421/healthz', timeout=4)"]
# Beyond loopback the server refuses to start without an access key.
ENTRYPOINT ["/usr/local/bin/lectern-entrypoint"]
CMD ["serve"]
