"""Celery's configuration, taken from the settings."""

import json as _json

from settings import WORK_QUEUE as _WORK_QUEUE
from settings import load_settings as _load_settings
from settings import work_queue_of as _work_queue_of

_settings = _load_settings()


def _embedded_broker() -> str:
    """Address of the running stack's Redis, as the stack recorded it."""
    try:
        stack = _json.loads((_settings.home_folder / "run" / "stack.json").read_text())
    except FileNotFoundError:
        # No stack runs, so sending must fail at once. A program could listen on any port, but no
        # socket can exist below a file that is not a folder.
        return "redis+socket:///dev/null/nothing-runs"
    return str(stack["broker_url"])


broker_url = _settings.broker_url or _embedded_broker()
# Workers start together with the broker, not after it, and wait for it without a limit; by default
# they would end after 100 attempts. A channel error would end them at once, for example when Redis
# accepts no writes for a while because its disk is full or it fails over to its replica.
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_channel_error_retry = True
broker_heartbeat = 30  # RabbitMQ's; with Redis see `health_check_interval`

# Only task names and ids are on the wire. JSON cannot carry code; nothing reads results.
task_serializer = result_serializer = event_serializer = "json"
accept_content = ["json"]
task_ignore_result = True

# Upkeep has its own queue, so that the reaper does not wait behind a night's segments. It comes
# first because workers poll the queues in this order, see `queue_order_strategy`.
task_default_queue = _WORK_QUEUE
_work_queues = [_work_queue_of(_site) for _site in _settings.site_names]
task_queues: dict[str, dict[str, str]] = {
    _name: {} for _name in ("upkeep", "matching", *_work_queues)
}
task_routes = {
    "tasks.upkeep.*": {"queue": "upkeep"},
    # The matching of a processed recording must not wait for the segments of all the others.
    "tasks.analyses.*": {"queue": "matching"},
    "tasks.people.*": {"queue": "matching"},
}
imports = (
    "worker.signals",
    "tasks.segments",
    "tasks.analyses",
    "tasks.people",
    "tasks.canary",
    "tasks.recovery",
    "tasks.upkeep",
)

# A message leaves the broker when its task has ended, not when it starts; a worker takes no more
# than it works on. The message of a process that dies is requeued, and the ledger counts attempts.
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
task_track_started = True

# A message unacknowledged for the visibility timeout is delivered again, so no task may run that
# long. The shortest timeout among all clients of a broker wins, so it is set once, here.
visibility_timeout = _settings.visibility_timeout_seconds
task_time_limit = _settings.time_limit_seconds
task_soft_time_limit = task_time_limit * 3 // 4
_redis_options = {
    "visibility_timeout": visibility_timeout,
    "unacked_restore_interval": 5,  # check for such messages every 5 s ...
    "unacked_restore_throttle": 1,  # ... in one process at a time
    "global_keyprefix": "nightreel:",  # a broker may be shared with other programs
    # Round robin would take one upkeep message for each segment, fewer than are sent.
    "queue_order_strategy": "priority",
    # Detects a silent connection; by default a client waits for ever.
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
# RabbitMQ itself requeues messages when a worker's connection is lost, and confirms a message once
# it is on disk. How long a message may stay unacknowledged is its own `consumer_timeout`.
_rabbitmq_options = {"confirm_publish": True}
_is_rabbitmq = broker_url.startswith("amqp")
broker_transport_options = _rabbitmq_options if _is_rabbitmq else _redis_options
result_backend_transport_options = {"visibility_timeout": visibility_timeout}
worker_cancel_long_running_tasks_on_connection_loss = True  # others get their messages anyway
task_publish_retry_policy = {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2}

# torch and CUDA do not work in forked processes.
worker_pool_start_method = "spawn"
# Memory that torch or a model leaks in a night is freed when its process ends.
worker_max_memory_per_child = _settings.worker_memory_mb * 1024
worker_proc_alive_timeout = 60  # a spawned process imports everything again; 4 s is not enough

# On a stop, tasks may finish for this long, then they are released (worker/signals.py). Celery's
# soft shutdown always sleeps its full time, and acknowledges no task meanwhile.
worker_soft_shutdown_timeout = 0.0
stop_seconds = _settings.stop_seconds

worker_hijack_root_logger = False  # worker/signals.py writes the logs
worker_redirect_stdouts = False

# What Flower shows.
worker_send_task_events = True
task_send_sent_event = True

# Four times in a lease, so that lost work waits little longer than its lease.
_upkeep_seconds = _settings.lease_seconds / 4
beat_schedule = {
    "tend-ledger": {
        "task": "tasks.upkeep.tend_ledger",
        "schedule": _upkeep_seconds,
        # By then the next one is sent; none pile up behind busy workers.
        "options": {"expires": _upkeep_seconds},
    }
}
beat_schedule["sweep-crops"] = {
    "task": "tasks.upkeep.sweep_crops",
    "schedule": 3600,
    "options": {"expires": 3600},
}
beat_schedule["purge-due"] = {
    "task": "tasks.upkeep.purge_due",
    "schedule": 6 * 3600,
    "options": {"expires": 3600},
}
beat_schedule["sign-audit-log"] = {
    "task": "tasks.upkeep.sign_audit_log",
    "schedule": 3600,
    "options": {"expires": 3600},
}
beat_schedule |= {
    f"canary-{_queue}": {
        "task": "tasks.canary.answer",
        "schedule": _settings.canary_seconds,
        "options": {"queue": _queue, "expires": _settings.canary_seconds},
    }
    for _queue in task_queues
}
