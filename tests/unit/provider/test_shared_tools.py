"""What the graders of one process share."""

from grading.settings import Settings
from workers.shared_tools import SharedTools


def test_its_graders_ask_each_model_through_the_same_caller() -> None:
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://nowhere/none",
            "rabbitmq_url": "amqp://nowhere",
            "openai_api_key": "key",
            "openai_model": "one",
            "openai_second_model": "two",
        }
    )
    tools = SharedTools(settings)
    first = tools.callers
    assert len(first) == 2
    assert tools.callers is first
    for caller in first:
        caller.close()
    tools.loop.close()
