"""For detect-secrets: this service's own tokens."""

import re
from typing import ClassVar

from detect_secrets.plugins.base import RegexBasedDetector


class VstepTokenDetector(RegexBasedDetector):
    """Finds tokens of ``vstep-grading token create``."""

    secret_type = "Token of the VSTEP grading service"  # noqa: S105
    denylist: ClassVar = (re.compile(r"vstep_[0-9a-f]{12}_[0-9a-f]{64}"),)
