"""Everything can be done without a mouse, and nothing moves for who asked for calm."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser import flows
from tests.browser.ledger import Ledger
from tests.browser.runs import Runs


def focused(page: Page) -> str:
    """What has the focus: its name, or its text."""
    return str(
        page.evaluate(
            """() => {
              const { activeElement: at } = document;
              return at.dataset.routine ?? at.ariaLabel ?? at.textContent.trim().replaceAll(/\\s+/g, " ");
            }"""
        )
    )


def tab_to(page: Page, target: Locator, at_most: int = 40) -> list[str]:
    """Press Tab until `target` has the focus; return what had it on the way."""
    passed: list[str] = []
    for _ in range(at_most):
        page.keyboard.press("Tab")
        if target.evaluate("(element) => element === document.activeElement"):
            return passed
        passed.append(focused(page))
    raise AssertionError(f"not reached after {at_most} presses of Tab: {passed}")


def test_a_job_is_walked_read_and_steered_by_keyboard_alone(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    job_state, view = runs.open(flow, "ticker", pace=0.005)
    page = view.page
    view.wait_until_drawn("sink")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press(" ")  # on the content itself: pauses
    view.wait_status("paused")
    tab_to(page, view.button("Resume"))
    page.keyboard.press("Enter")
    view.wait_status("running")
    expect(view.button("Pause")).to_be_focused()

    tab_to(page, page.locator('[data-routine="ticker"]'))
    page.keyboard.press("ArrowRight")
    assert focused(page) in ("left", "right")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "sink"
    page.keyboard.press("Enter")
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector).to_contain_text("Takes what comes")
    assert view.read().status == "running"  # neither Enter nor Space on a routine is a control
    page.keyboard.press("Escape")
    expect(inspector).not_to_contain_text("Takes what comes")

    tab_to(page, page.get_by_role("tab", name="History"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Shared log")).to_be_focused()
    expect(page.get_by_role("grid", name="Shared log")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Metrics")).to_be_focused()
    page.keyboard.press("ArrowRight")
    history = page.get_by_role("grid", name="History")
    expect(history).to_be_visible()
    tab_to(page, history)
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    detail = page.get_by_role("region", name="History, row 2")
    expect(detail).to_contain_text("ticker.again")
    page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    expect(history).to_be_focused()

    page.keyboard.press("Shift+Tab")
    tab_to_back(page, view.button("Cancel"))
    page.keyboard.press("Enter")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    view.wait_status("cancelled")
    assert job_state.control.reason == "by keyboard"


def tab_to_back(page: Page, target: Locator) -> None:
    """Press Shift+Tab until `target` has the focus."""
    for _ in range(40):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab")
    raise AssertionError("not reached")


def test_whatever_has_the_focus_can_be_seen_to_have_it(ledger: Ledger, runs: Runs) -> None:
    flow = flows.strategies(ledger)
    _, view = runs.open(flow, "source", count=30)
    page = view.page
    view.wait_status("completed")
    view.wait_until_drawn("sink")
    seen: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement === document.body"):
            break
        seen.append(focused(page))
        assert picture_of_focus(page) != picture_of_focus(page, blurred=True), seen[-1]
    assert {"Pause", "Cancel", "Run again", "source", "Zoom in", "Fit"} <= set(seen), seen
    assert page.evaluate("() => document.activeElement === document.body"), "the focus is trapped"


def picture_of_focus(page: Page, *, blurred: bool = False) -> bytes:
    """What has the focus and what is around it, as it is seen; or as it is seen without the focus."""
    box = page.evaluate(
        """(blurred) => {
          const { activeElement: at } = document;
          const { x, y, width, height } = at.getBoundingClientRect();
          if (blurred) { at.blur(); window.focusedBefore = at }
          return { x: Math.max(0, x - 6), y: Math.max(0, y - 6), width: width + 12, height: height + 12 };
        }""",
        blurred,
    )
    picture = page.screenshot(clip=box, animations="disabled")
    if blurred:
        page.evaluate("() => window.focusedBefore.focus({ focusVisible: true })")
    return picture


def test_the_dock_is_resized_and_the_graph_zoomed_by_keyboard(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    _, view = runs.open(flow, "ticker", count=5)
    page = view.page
    view.wait_until_drawn("sink")
    bar = page.get_by_role("separator", name="Height of records and figures")
    dock = page.locator("job-dock")
    before = dock.bounding_box()
    bar.focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    assert before is not None
    page.wait_for_function(
        "(before) => document.querySelector('job-dock').offsetHeight > before + 10", arg=before["height"]
    )
    page.reload()
    view.wait_until_drawn("sink")
    after = dock.bounding_box()
    assert after is not None
    assert after["height"] > before["height"] + 10  # it is kept
    card = page.locator('[data-card="ticker"]')
    size = card.bounding_box()
    assert size is not None
    page.locator('[data-routine="ticker"]').focus()
    page.keyboard.press("+")
    page.wait_for_function(
        "(width) => document.querySelector('[data-card=ticker]').getBoundingClientRect().width > width * 1.1",
        arg=size["width"],
    )
    page.keyboard.press("0")
    page.wait_for_function(
        "(width) => Math.abs(document.querySelector('[data-card=ticker]').getBoundingClientRect().width - width) < 2",
        arg=size["width"],
    )


def test_a_link_opens_the_same_view(ledger: Ledger, runs: Runs) -> None:
    flow = flows.strategies(ledger)
    _, view = runs.open(flow, "source", count=30)
    page = view.page
    view.wait_status("completed")
    page.locator('[data-routine="tolerant"]').click()
    page.get_by_role("tab", name="Outputs").click()
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("tab", name="Outputs")).to_have_attribute("aria-selected", "true")
    expect(other.get_by_role("complementary", name="Inspector")).to_contain_text("CONTINUE")
    expect(other.locator('[data-routine="tolerant"]')).to_have_attribute("aria-pressed", "true")


DOTS = "() => document.querySelector('flow-graph').stage.connections.pulses.size"
MOVING = """() => document.getAnimations()
  .filter(({ playState, effect }) => playState === "running" && effect.getComputedTiming().duration > 1)
  .map(({ effect, animationName }) => `${effect.target.className}: ${animationName}`)"""


def test_with_reduced_motion_nothing_moves_by_itself(ledger: Ledger, runs: Runs) -> None:
    flow = flows.steady(ledger)
    job_state = runs.start(flow, "ticker", pace=0.01)
    lively, calm = (runs.watch(flow, job_state, reduced_motion=wish) for wish in ("no-preference", "reduce"))
    for view in (lively, calm):
        view.wait_until_drawn("sink")
    lively.page.wait_for_function(DOTS)
    seq = calm.read().seq
    while calm.read().seq < seq + 100:
        assert calm.page.evaluate(DOTS) == 0
        assert calm.page.evaluate(MOVING) == []
    assert calm.read().headline == "Running"
