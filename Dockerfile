# qa as an image: `docker build -t qa .`; compose.yaml runs it with PostgreSQL and a proxy with TLS.
FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY qa qa
COPY evals evals
COPY prompts prompts
RUN uv sync --locked --no-editable --extra postgres --extra mcp

FROM python:3.11-slim-bookworm
RUN useradd --uid 1000 --create-home qa && install -d -o qa -g qa /data
COPY --from=build /build/.venv /build/.venv
# The index and what people make; the articles are mounted at /articles, and are never written to
ENV PATH=/build/.venv/bin:$PATH XDG_CACHE_HOME=/data/cache XDG_DATA_HOME=/data QA_FOLDER=/articles PYTHONUNBUFFERED=1
USER 1000
WORKDIR /data
VOLUME /data
EXPOSE 7860
HEALTHCHECK --start-period=5m CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/gradio_api/startup-events', timeout=5)"]
ENTRYPOINT ["qa"]
CMD ["chat", "--host", "0.0.0.0", "--port", "7860", "--no-browser", "--log"]
