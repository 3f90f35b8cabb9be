"""A real stack, and a client that shares no configuration with this process."""

from pathlib import Path

from celery import Celery

from settings import Settings
from worker.ports import free_port


def client_of(broker_url: str) -> Celery:
    """A client that sends tasks by name."""
    client = Celery("client", broker=broker_url, set_as_current=False)
    client.conf.broker_transport_options = {"global_keyprefix": "nightreel:"}
    client.conf.task_default_queue = "nightreel"
    return client


def settings_for(home: Path, **others: object) -> Settings:
    """Settings for one worker process, short waits, and a separate port for Flower."""
    ports = {f"{name}_port": free_port() for name in ("flower", "monitor", "web")}
    values = {"workers": 1, "stop_seconds": 2, "lease_seconds": 5, **ports}
    return Settings(home=home, **(values | others))
