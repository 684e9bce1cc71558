"""How jobs reach the workers: the queues, the one task and the broker's options.

The message carries a job's id and nothing else. PostgreSQL holds the truth, so a
message that is lost, doubled or late does no harm.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery import Celery
from kombu.entity import Exchange, Queue

from grading import folder_broker
from grading.domain.work import Skill
from grading.settings import Settings

#: The name of the task; its one argument is the job's id.
TASK = "vstep.grading.grade"

#: How often a message may be handed out before it goes to the dead letters. A
#: worker that dies with a message in hand makes RabbitMQ hand it out again.
DELIVERY_LIMIT = 10

EXCHANGE = Exchange("grading", type="direct", durable=True)
_DEAD = Exchange("grading.dead", type="fanout", durable=True)

#: Dead letters for people to look at; nothing of the project takes them away.
DEAD_LETTERS = Queue(
    "grading.dead", _DEAD, durable=True, queue_arguments={"x-queue-type": "quorum"}
)
#: The same letters for the servers, which fail their jobs.
DEAD_JOBS = Queue(
    "grading.dead.jobs", _DEAD, durable=True, queue_arguments={"x-queue-type": "quorum"}
)


def queue_of(skill: Skill) -> Queue:
    """The queue of a skill: replicated, on disk, with a limit and a place for dead letters."""
    return Queue(
        skill.value,
        EXCHANGE,
        routing_key=skill.value,
        durable=True,
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD_LETTERS.exchange.name,
        },
    )


def is_amqp(settings: Settings) -> bool:
    """Whether the broker is a real one, which confirms what it stored."""
    return urlsplit(settings.broker_url).scheme != "filesystem"


def make_celery(settings: Settings, name: str) -> Celery:
    """Make a Celery application on the broker of ``settings``. Connects when first used."""
    app = Celery(name)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=5,
        broker_heartbeat=10,
        task_queues=[queue_of(skill) for skill in Skill],
        task_default_queue=Skill.WRITING.value,
        task_serializer="json",
        accept_content=["json"],
        # Results and retries live in PostgreSQL.
        result_backend=None,
        task_ignore_result=True,
        # A message is acknowledged once its job is settled; if the worker dies
        # before, another one gets it and finds by the claim what is to be done.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        # A process loads its language models before it takes work.
        worker_proc_alive_timeout=120,
        # The grader is bounded by itself; this ends one that is stuck for good.
        task_soft_time_limit=max(settings.sla_seconds.values()),
        task_time_limit=max(settings.sla_seconds.values()) + 30,
        **_transport(settings),
    )
    return app


def _transport(settings: Settings) -> dict[str, Any]:
    if is_amqp(settings):
        return {"broker_url": settings.broker_url}
    folder = Path(urlsplit(settings.broker_url).path)
    for name in ("messages", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": f"{folder_broker.SCHEME}://",
        "broker_transport_options": {
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.05,
        },
        # Broadcasts would pile up as files for workers that are gone.
        "worker_enable_remote_control": False,
    }
