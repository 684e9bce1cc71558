"""Essays at hand, and workers that ask a scripted provider about them."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from interlock import CircuitBreaker

from grading.domain.work import Prompt
from grading.store.acceptance import accept
from tests.integration.providers.job_desk import ANSWERED, ASKED, KEY, JobDesk
from tests.stack.light_measurer import LightMeasurer
from tests.stack.llm_worker import LlmWorker
from tests.stack.provider.route import Route
from tests.stack.submissions import new_job
from workers.writing.measurer import Measurer

TASK = f"Write about the {ASKED}."
ESSAY = (
    "Many people in my country want to keep wild animals at home these days. "
    f"I believe that {ANSWERED} and other small animals belong in the forest. "
    "First, an animal that is used to running free becomes ill in a narrow cage. "
    "For example, my uncle bought a young monkey, and it died after one winter. "
    "Second, the owners often do not know what the animal has to eat. "
    "On the other hand, some families learn a lot about nature from a pet. "
    "However, a visit to a good park teaches the same lesson without any harm. "
    "In conclusion, wild animals should be admired where they live, and nowhere else."
)


class Desk(JobDesk):
    """Makes jobs of writing, and workers that hear models about them."""

    prefix = "openai"

    @property
    def route(self) -> Route:
        """Chat completions."""
        return self.provider.chat

    def worker(
        self,
        url: str | None = None,
        measurer: Measurer | None = None,
        breakers: tuple[CircuitBreaker | None, ...] = (None, None),
        **settings: Any,
    ) -> LlmWorker:
        """A worker whose evidence alone scores, unless ``settings`` say otherwise."""
        made = LlmWorker(
            self.database.settings(
                openai_api_key=KEY,
                openai_base_url=url or self.provider.url,
                **{"grading_scorers": "evidence", **settings},
            ),
            measurer or LightMeasurer(),
            breakers,
        )
        self.workers.append(made)
        return made

    def submit(self, essay: str = ESSAY) -> UUID:
        """Accept a job."""
        job = new_job(text=essay)
        prompt = Prompt(TASK, ("Say what you think", "Give two reasons"))
        job = replace(job, work=replace(job.work, prompt=prompt))
        accept(self.conn, [job])
        return job.id
