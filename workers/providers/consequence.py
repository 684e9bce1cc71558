"""What a job comes to when a provider gives it nothing usable."""

from grading.domain.fallback import BudgetAction, Fallback
from grading.exceptions import PermanentFault, Postponed, TransientFault
from workers.grader import Run
from workers.providers.faults import BudgetSpent, ProviderFault

#: How long a job waits before it looks at the month's budget again, in seconds.
_BUDGET_WAIT = 60.0


def go_on_without(
    fault: ProviderFault, run: Run, fallback: Fallback, budget_action: BudgetAction
) -> None:
    """Return where ``run`` is to go on without the provider; raise what else ``fault`` comes to.

    Raises:
        Postponed: the budget is spent, and the job is to wait for another one.
        TransientFault: another run may go better.
        PermanentFault: none will, and there is no fallback.
    """
    if isinstance(fault, BudgetSpent):
        if budget_action is BudgetAction.WAIT:
            raise Postponed(str(fault), _BUDGET_WAIT) from None
    elif fault.retryable and not (run.is_last and fallback is Fallback.EMBEDDED):
        raise TransientFault(str(fault), fault.retry_after) from None
    elif fallback is not Fallback.EMBEDDED:
        raise PermanentFault(str(fault)) from None
