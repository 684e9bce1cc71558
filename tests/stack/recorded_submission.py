"""The demo's recording, submitted through the public door."""

from uuid import uuid4

from tests.stack.process import CHECKOUT
from tests.stack.stack import Server
from vstep.grading.v1 import grading_service_pb2 as messages
from vstep.grading.v1.job_pb2 import SPEAKING_PART_TOPIC_DEVELOPMENT, Prompt, SpeakingWork

RECORDINGS = CHECKOUT / "embedded" / "recordings"


def submit_answer(server: Server) -> str:
    """Upload the recording, and submit a job about it; gives the job's id."""
    grading = server.door.grading
    pieces = [
        messages.UploadAudioRequest(metadata=messages.AudioMetadata(user_id="learner-1")),
        messages.UploadAudioRequest(chunk=(RECORDINGS / "synthetic-answer.ogg").read_bytes()),
    ]
    audio_id = grading.UploadAudio(iter(pieces)).audio_id
    request = messages.SubmitJobRequest(
        request_id=str(uuid4()),
        submission_id=str(uuid4()),
        attempt=1,
        user_id="learner-1",
        prompt=Prompt(
            text=(RECORDINGS / "prompt.txt").read_text().strip(),
            requirements=(RECORDINGS / "requirements.txt").read_text().strip().split("\n"),
        ),
        speaking=SpeakingWork(part=SPEAKING_PART_TOPIC_DEVELOPMENT, audio_id=audio_id),
    )
    return grading.SubmitJob(request).job.id
