# One image for worker, beat and Flower. ffmpeg comes with the Python packages.
FROM python:3.11-slim-bookworm

# Where torch is taken from; empty means the package index, whose build is the one for NVIDIA's GPUs.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu

COPY . /src
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch \
 && pip install --no-cache-dir --constraint /src/constraints.txt /src \
 && rm -rf /src

RUN useradd --uid 10001 --create-home --home-dir /var/lib/nightreel nightreel \
 && mkdir /footage /flower \
 && chown nightreel: /flower
USER nightreel
WORKDIR /var/lib/nightreel
VOLUME /var/lib/nightreel

ENV NIGHTREEL_HOME=/var/lib/nightreel \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1
CMD ["nightreel", "--help"]
