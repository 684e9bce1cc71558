"""How many workers an exam needs: a simulation of its end. ``python -m bench.sizing``.

``--learners 2000`` hand in within ``--window`` minutes, most of them towards the end. What a job
takes is what ``bench.grade`` and the workers' metrics tell; ``--seconds`` puts another figure in
its place. The answer is the fewest slots with which ``--share`` of the jobs are graded within
the SLA, and what fewer and more of them would mean. A slot is a job at a time: a process where
grading is done here, and one of ``WORKER_CONCURRENCY`` where a provider is asked.
"""

import argparse
from dataclasses import dataclass

from bench.queueing import Workload, simulate, slots_needed


@dataclass(frozen=True)
class Profile:
    """A kind of grading, as it was measured."""

    name: str
    #: Seconds a job, on one core of a machine of 2026.
    seconds: float
    spread: float
    sla: float
    #: Of a hundred runs.
    faults: float = 0.0
    #: How many slots a core bears.
    slots_per_core: int = 1


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("writing", seconds=1.0, spread=0.4, sla=1200),
        # The answer of a model takes seconds, and now and then a call fails.
        Profile("writing-model", 12.0, 0.6, 1200, faults=2, slots_per_core=32),
        # Three minutes of sound, at the real-time factor that a core bears.
        Profile("speaking", 60.0, 0.5, 3600),
        Profile("speaking-provider", 25.0, 0.6, 3600, faults=2, slots_per_core=8),
    )
}
#: Which shares of the slots needed are shown beside them.
BESIDE = (0.5, 0.8, 1.0, 1.5, 2.0)


def table(profile: Profile, load: Workload, sla: float, share: float) -> str:
    """What becomes of a workload with fewer slots than are needed, as many, and more."""
    needed = slots_needed(load, sla, share)
    lines = [
        f"{profile.name}: {load.jobs} jobs within {load.window / 60:g} minutes,"
        f" {load.mean:g} s each, SLA {sla / 60:g} minutes",
        "",
        "   slots   cores   in time      p50      p95      p99",
    ]
    for slots in sorted({max(1, round(needed * part)) for part in BESIDE}):
        came = simulate(load, slots)
        cores = -(-slots // profile.slots_per_core)
        times = "".join(f"{came.percentile(p):8.0f}s" for p in (0.5, 0.95, 0.99))
        mark = "  needed" if slots == needed else ""
        lines.append(f"{slots:8} {cores:7} {100 * came.within(sla):8.1f}%{times}{mark}")
    return "\n".join(lines)


def main() -> None:
    """Print a table for each profile that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.sizing", description=__doc__)
    parser.add_argument("--learners", type=int, default=2000, help="who each hand in one answer")
    parser.add_argument("--window", type=float, default=10, help="minutes within which they do")
    parser.add_argument("--share", type=float, default=0.999, help="to be graded within the SLA")
    parser.add_argument("--profile", choices=PROFILES, action="append")
    parser.add_argument("--seconds", type=float, help="a job, instead of the profile's")
    parser.add_argument("--sla", type=float, help="minutes, instead of the profile's")
    given = parser.parse_args()
    for name in given.profile or PROFILES:
        profile = PROFILES[name]
        load = Workload(
            given.learners,
            60 * given.window,
            given.seconds or profile.seconds,
            profile.spread,
            profile.faults,
        )
        sla = 60 * given.sla if given.sla else profile.sla
        print(f"{table(profile, load, sla, given.share)}\n")


if __name__ == "__main__":
    main()
