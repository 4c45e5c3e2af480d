"""A job is paused in the middle, looked at, and resumed: nothing is lost and nothing is done twice.

python examples/pause_and_resume.py
"""

from __future__ import annotations

from routilux import Flow, JobState, Routine


class Numbers(Routine):
    """Hands out the numbers below a limit."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("trigger", handler=self.hand_out)
        self.define_event("number", ["number"])

    def hand_out(self, limit: int = 30_000, **_: object) -> None:
        for number in range(2, limit):
            self.emit("number", number=number)


class PrimeCounter(Routine):
    """Counts those that are prime."""

    def __init__(self) -> None:
        super().__init__()
        self.define_slot("number", handler=self.test)

    def test(self, number: int) -> None:
        context = self.get_execution_context()
        is_prime = all(number % divisor for divisor in range(2, int(number**0.5) + 1))
        if is_prime and context is not None:
            with context.job_state.edit_routine_state(context.routine_id) as state:
                state["primes"] = state.get("primes", 0) + 1


def make_flow() -> Flow:
    flow = Flow("primes", execution_strategy="concurrent", max_workers=4)
    flow.add_routine(Numbers(), "numbers")
    flow.add_routine(PrimeCounter(), "counter")
    flow.connect("numbers", "number", "counter", "number")
    return flow


def primes_of(job_state: JobState) -> int:
    state = job_state.get_routine_state("counter") or {}
    return int(state.get("primes", 0))


def main() -> None:
    flow = make_flow()
    job_state = flow.start("numbers")
    JobState.wait_until_condition(flow, job_state, lambda _, job: primes_of(job) > 0, check_interval=0.01)
    flow.pause(job_state, reason="to have a look")  # returns when no handler is running
    print(f"{job_state.status}: {len(job_state.pending_tasks):,} numbers wait, {primes_of(job_state):,} primes so far")
    flow.resume(job_state)
    JobState.wait_for_completion(flow, job_state)
    print(f"{job_state.status}: {primes_of(job_state):,} primes")


if __name__ == "__main__":
    main()
