FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CUSTOGRAPH_DATABASE_URL=sqlite:////data/custograph.db

# A fixed number, so that a mounted volume can be given to it.
RUN useradd --system --uid 10001 --no-create-home custograph \
    && install --directory --owner custograph --mode 0700 /data

WORKDIR /srv/custograph

# Before the program, so that a change of code leaves this layer alone.
COPY requirements.lock requirements-charts.lock ./
# `--build-arg CHARTS=yes` adds what draws charts as images.
ARG CHARTS
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock \
    ${CHARTS:+-r requirements-charts.lock}

COPY alembic.ini LICENSE ./
COPY migrations migrations
COPY app app
# Compiled here, because the user below may not write.
RUN python -m compileall -q app migrations

USER custograph
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

# `docker run IMAGE token create …` runs any other command.
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve", "--host", "0.0.0.0"]
