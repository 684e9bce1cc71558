"""What a caller must be allowed to call each method: one scope, and no scope includes another.

An application that submits and shows needs ``submit`` and ``read``; what erases its learners'
work does so with a credential of its own, which has ``admin`` alone.
"""

from collections.abc import Mapping
from types import MappingProxyType

from grading.domain.caller import Scope

_GRADING = "/vstep.grading.v1.GradingService/"
_REVIEW = "/vstep.grading.v1.ReviewService/"

#: The methods of the contract, by the names that calls bear. One that is missing here is
#: refused to everybody, and found by a test.
SCOPES: Mapping[str, Scope] = MappingProxyType(
    {
        f"{_GRADING}SubmitJob": Scope.SUBMIT,
        f"{_GRADING}BatchSubmitJobs": Scope.SUBMIT,
        f"{_GRADING}UploadAudio": Scope.SUBMIT,
        f"{_GRADING}RetryJob": Scope.SUBMIT,
        f"{_GRADING}CancelJob": Scope.SUBMIT,
        f"{_GRADING}GetJob": Scope.READ,
        f"{_GRADING}ListJobs": Scope.READ,
        f"{_GRADING}WatchJob": Scope.READ,
        f"{_GRADING}WatchJobs": Scope.READ,
        f"{_GRADING}WaitJob": Scope.READ,
        f"{_GRADING}GetResult": Scope.READ,
        f"{_GRADING}DeleteJob": Scope.ADMIN,
        f"{_REVIEW}ListReviews": Scope.REVIEW,
        f"{_REVIEW}GetReview": Scope.REVIEW,
        f"{_REVIEW}ClaimReview": Scope.REVIEW,
        f"{_REVIEW}ReleaseReview": Scope.REVIEW,
        f"{_REVIEW}SubmitReview": Scope.REVIEW,
        f"{_REVIEW}GetAgreement": Scope.REVIEW,
    }
)
