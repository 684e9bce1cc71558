"""Asks whether what the locks name is known to be vulnerable.

What is vulnerable fails. So does, with ``--strict``, what could not be asked about: a registry's
mirror may know packages and no advisories, and a machine may reach nothing else.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

#: Seconds to an answer of a service, and for all of one.
ANSWER_SECONDS, SECONDS = 10, 300

PYTHON = (
    sys.executable, "-m", "pip_audit", "--requirement", "requirements.lock", "--require-hashes",
    "--disable-pip", "--format", "json", "--progress-spinner", "off",
    "--timeout", str(ANSWER_SECONDS),
)  # fmt: skip
NPM = ("npm", "audit", "--json", "--fetch-retries=0", f"--fetch-timeout={ANSWER_SECONDS * 1000}")


@dataclass
class Audit:
    """What came of asking about one lock."""

    lock: str
    asked: int = 0
    unknown: int = 0
    vulnerable: list[str] = field(default_factory=list)
    #: Why nothing was answered; empty where something was.
    failed: str = ""

    @property
    def whole(self) -> bool:
        """Whether everything was asked about."""
        return not self.failed and not self.unknown

    def tell(self) -> None:
        """Write what was found."""
        for line in self.vulnerable:
            print(f"{self.lock}: {line}")
        if self.failed:
            print(f"{self.lock}: NOT AUDITED: {self.failed}")
        elif self.unknown:
            print(
                f"{self.lock}: {self.unknown} of {self.asked} packages NOT AUDITED: no advisories"
            )
        else:
            print(f"{self.lock}: {self.asked} packages audited")


def _answer(command: tuple[str, ...]) -> dict[str, Any]:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        answer: dict[str, Any] = json.loads(ended.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return {}
    return answer


def audit_python() -> Audit:
    """Ask about ``requirements.lock``."""
    audit = Audit("requirements.lock")
    answer = _answer(PYTHON)
    if "dependencies" not in answer:
        audit.failed = "the service of advisories can't be reached"
        return audit
    for package in answer["dependencies"]:
        audit.asked += 1
        audit.unknown += "skip_reason" in package
        for fault in package.get("vulns", ()):
            mended = ", ".join(fault["fix_versions"]) or "no version"
            audit.vulnerable.append(
                f"{package['name']} {package['version']}: {fault['id']}; mended in {mended}"
            )
    return audit


def audit_npm() -> Audit:
    """Ask about ``package-lock.json``."""
    audit = Audit("package-lock.json")
    answer = _answer(NPM)
    if "auditReportVersion" not in answer:
        audit.failed = "the registry answers no audits"
        return audit
    audit.asked = answer["metadata"]["dependencies"]["total"]
    for name, found in answer["vulnerabilities"].items():
        if found["severity"] in ("high", "critical"):
            audit.vulnerable.append(f"{name} {found['range']}: {found['severity']}")
    return audit


def main() -> int:
    """Ask, tell, and give the exit code."""
    audits = (audit_python(), audit_npm())
    for audit in audits:
        audit.tell()
    strict = "--strict" in sys.argv[1:]
    return int(any(audit.vulnerable or (strict and not audit.whole) for audit in audits))


if __name__ == "__main__":
    sys.exit(main())
