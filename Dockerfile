FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv --upgrade-deps /opt/lectern \
    && /opt/lectern/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends git tesseract-ocr tesseract-ocr-rus tesseract-ocr-chi-sim \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --home-dir /data lectern \
    && install --directory --owner lectern --mode 700 /data
COPY --from=build /opt/lectern /opt/lectern
ENV PATH=/opt/lectern/bin:$PATH PYTHONUNBUFFERED=1 LECTERN_DATA=/data LECTERN_HOST=0.0.0.0 LECTERN_PORT=8421
USER lectern
WORKDIR /data
VOLUME /data
EXPOSE 8421
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8421/healthz', timeout=4)"]
# A secret named lectern_access_key becomes LECTERN_ACCESS_KEY; without it the server refuses to start.
ENTRYPOINT ["/bin/sh", "-euc", "for file in /run/secrets/lectern_*; do if [ -f \"$file\" ]; then export \"$(basename \"$file\" | tr a-z A-Z)=$(cat \"$file\")\"; fi; done; exec lectern \"$@\"", "lectern"]
CMD ["serve"]
