"""The columns of marks of spoken answers, and the criterion that each speaks of."""

from grading.domain.criterion import SPEAKING_CRITERIA, Criterion
from grading.domain.mark_scale import MarkScale
from workers.calibration.columns import MarkColumns

#: The service's own names, on its own scale.
OWN = MarkColumns(
    criteria={"overall": None, **{criterion.value: criterion for criterion in SPEAKING_CRITERIA}},
    scale=MarkScale(0, 10, 0.5),
)

#: The names and the scale of speechocean762: sentences that were read aloud, with experts'
#: scores of their sound. Its total is four fifths accuracy, and the rest fluency and prosody.
SPEECHOCEAN = MarkColumns(
    criteria={
        "accuracy": Criterion.PRONUNCIATION,
        "fluency": Criterion.FLUENCY,
        "total": None,
    },
    scale=MarkScale(0, 10, 1),
)
