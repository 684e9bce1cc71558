"""Wires a worker: settings, engine, grader and runner, in a Celery application.

The parent process holds the broker connection and reports that the worker lives;
each child loads the grader and takes jobs. Engines are made after the fork, so
that no two processes share a connection.
"""

import logging
import multiprocessing
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from typing import Any
from uuid import UUID

import structlog
from celery import Celery
from celery.concurrency.prefork import TaskPool as ProcessPool
from celery.exceptions import Reject
from celery.signals import (
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)

from grading.broker import TASK, make_celery
from grading.domain.retry import RetryPolicy
from grading.domain.review import ReviewPolicy
from grading.exceptions import SettingsError
from grading.exposition import Exposition
from grading.logs import configure_logs
from grading.recordings import open_recordings
from grading.settings import Settings
from grading.store.engine import make_engine
from grading.tracing import start_tracing, stop_tracing
from workers.celery_output import keep_to_json
from workers.consumer import DeadLetteringConsumer
from workers.grader import SpeakingGrader, WritingGrader
from workers.journal import Journal
from workers.metrics_registry import make_exposition
from workers.placement import place, skills_of
from workers.presence import Presence
from workers.pulse import Pulse, default_file
from workers.recordings import RecordingDesk
from workers.runner import Runner
from workers.shared_tools import SharedTools
from workers.skills import SkillGraders

_log = structlog.get_logger(__name__)

#: What a worker is called in traces.
SERVICE = "vstep-grading-worker"


def create_app(
    settings: Settings,
    load_writing: Callable[[SharedTools], WritingGrader],
    load_speaking: Callable[[SharedTools], SpeakingGrader],
) -> Celery:
    """Wire a worker that grades with what the loaders give, loaded once in each child.

    A grader is loaded before there is work for it where the worker takes its skill's queue.
    """
    # Celery sets the log up too late for its own first warnings.
    configure_logs(settings.log_level)
    app = make_celery(settings, "vstep-grading-worker")
    pulse = Pulse(settings.worker_pulse_file or default_file())
    app.conf.worker_consumer = partial(DeadLetteringConsumer, pulse=pulse)
    presences: list[Presence] = []
    #: What tells Prometheus of the worker, where that is asked for.
    expositions: list[Exposition] = []
    on_threads = False
    # Made before the fork, so that the parent can tell its children. Without a
    # lock: a child that is killed while it holds one would block all the others.
    stopping = multiprocessing.RawValue("b", 0)

    # As multiprocessing knows the process that grades, or that is forked to.
    parent = multiprocessing.current_process()

    # Many threads may ask for it first.
    loading = threading.Lock()

    @cache
    def tools() -> SharedTools:
        return SharedTools(settings, waits=on_threads)

    @cache
    def load() -> Runner:
        # In the process that grades, after its fork.
        start_tracing(settings, SERVICE)
        engine = make_engine(settings, "vstep-grading-worker", pool_size=1)
        journal = Journal(engine, timedelta(seconds=settings.grading_lease_seconds))
        graders = SkillGraders(partial(load_writing, tools()), partial(load_speaking, tools()))
        # Of the queues that the command line left, which is read before any child is made.
        graders.load(skills_of(app))
        return Runner(
            journal,
            graders,
            RetryPolicy(
                settings.grading_max_retries,
                timedelta(seconds=settings.grading_retry_backoff_cap_seconds),
            ),
            ReviewPolicy(settings.grading_review_mode, settings.grading_spot_check_rate),
            lambda: bool(stopping.value),
            settings.openai_tokens_per_minute,
            RecordingDesk.of(settings, open_recordings(settings), journal),
        )

    def runner() -> Runner:
        with loading:
            return load()

    # The handlers are closures, so Celery must hold them strongly.
    @setup_logging.connect(weak=False)
    def _logs(**_: Any) -> None:
        configure_logs(settings.log_level)
        # Celery tells of each message twice what the runner tells of its job.
        # The HTTP client tells of every call, which the grader does once its outcome is known.
        for name in ("celery.worker.strategy", "celery.app.trace", "httpx2"):
            logging.getLogger(name).setLevel(logging.WARNING)

    @worker_init.connect(weak=False)
    def _place(sender: Any, **_: Any) -> None:
        nonlocal on_threads
        keep_to_json(sender)
        on_threads = place(sender, settings)
        if settings.worker_metrics_port:
            try:
                expositions.append(make_exposition(settings))
            except SettingsError as error:
                raise SystemExit(str(error)) from None

    @worker_process_init.connect(weak=False)
    def _load(**_: Any) -> None:
        # Celery tells multiprocessing that this is a child of its own kind, which may have no
        # children. Those of a measuring pool end with the process that they work for.
        multiprocessing.process._current_process = parent  # type: ignore[attr-defined]
        for exposition in expositions:
            exposition.abandon()
        runner()

    @worker_ready.connect(weak=False)
    def _appear(sender: Any, **_: Any) -> None:
        if not isinstance(sender.pool, ProcessPool):
            runner()  # this process grades itself, and loads before it takes work
        engine = make_engine(settings, "vstep-grading-presence", pool_size=1)
        queues = sorted(sender.app.amqp.queues.consume_from)
        presence = Presence(engine, sender.hostname, queues, sender.pool.num_processes)
        presence.start()
        presences.append(presence)
        for exposition in expositions:
            exposition.start()

    @worker_shutting_down.connect(weak=False)
    def _stop(**_: Any) -> None:
        stopping.value = 1
        pulse.finish()

    @worker_shutdown.connect(weak=False)
    def _leave(**_: Any) -> None:
        # No job is left that would wait for them.
        tools().close()
        for presence in presences:
            presence.stop()
        pulse.stop()
        stop_tracing()

    @worker_process_shutdown.connect(weak=False)
    def _end(**_: Any) -> None:
        stop_tracing()

    @app.task(name=TASK, bind=True)
    def grade(task: Any, *arguments: Any, **_: Any) -> None:
        """Run the job whose id is the one argument; another message goes to the dead letters."""
        try:
            [job_id] = arguments
            wanted = UUID(job_id)
        except (AttributeError, TypeError, ValueError):
            _log.error("message_without_job")
            raise Reject(requeue=False) from None
        runner().run(wanted, worker=task.request.hostname)

    return app
