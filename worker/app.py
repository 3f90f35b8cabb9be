"""The Celery application: `celery -A worker.app worker`.

It imports no task: `celeryconfig.imports` names their modules, which Celery loads in a worker.
"""

from celery import Celery

app = Celery("nightreel", config_source="celeryconfig")
