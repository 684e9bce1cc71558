"""How a worker runs its jobs: waiting on threads, or computing in processes.

Celery sends ``worker_init`` when it knows the command line and the queues that this left, and
before it makes the pool.
"""

from typing import Any

import click
from celery.concurrency import get_implementation
from celery.concurrency.thread import TaskPool as ThreadPool
from click.core import ParameterSource

from grading.domain.work import Skill
from grading.settings import Settings

#: How many jobs a process that waits for providers grades at a time.
THREADS = 64


def skills_of(app: Any) -> list[Skill]:
    """The skills whose queues the worker of ``app`` takes jobs from."""
    return [Skill(queue) for queue in sorted(app.amqp.queues.consume_from)]


def place(worker: Any, settings: Settings) -> bool:
    """Choose the pool of ``worker`` and its size, where the command line doesn't.

    Gives whether its jobs wait on threads of one process.
    """
    waits = any(settings.asks_provider(skill) for skill in skills_of(worker.app))
    if not _is_given("pool"):
        worker.pool_cls = "threads" if waits else "prefork"
    on_threads = issubclass(get_implementation(worker.pool_cls), ThreadPool)
    if not _is_given("concurrency"):
        usual = THREADS if waits and on_threads else worker.concurrency
        worker.concurrency = settings.worker_concurrency or usual
    return on_threads


def _is_given(option: str) -> bool:
    """Whether the command line has ``option``."""
    context = click.get_current_context(silent=True)
    if context is None:
        return False
    return context.get_parameter_source(option) is ParameterSource.COMMANDLINE
