"""The pages around a board: its list, people, archive, flow and what else leads from it."""

import json
import re
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from app import clock
from tests.browser.scene import NEWCOMER, READER, Scene, Sight, collector, visit

SIGHTS: list[Sight] = []
sight = collector(SIGHTS)


@sight()
def flow(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow")


@sight()
def flow_with_problems(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow?range=1y")
    page.locator("#refusals-list").click()
    for name in ("blockers", "refusals", "work-mix", "markers"):
        page.locator(f"#{name}-help").click()
    expect(page.locator("#markers")).to_be_visible()


@sight()
def flow_wrong_target(page: Page, scene: Scene) -> None:
    page.goto(f"{scene.url}/flow?target=much")
    expect(page.locator("#work-mix-problem")).to_be_visible()


@sight()
def markers(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow/markers")


@sight(READER)
def markers_for_a_reader(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow/markers")


@sight()
def markers_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow/markers")
    page.locator("#marker-words").fill(" ")
    page.locator("#marker-day").fill("2026-03-02")
    page.get_by_role("button", name="Set the marker").click()
    expect(page.locator("#marker-words-help")).to_be_visible()


@sight()
def flow_sample(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.sample.key}/flow")


@sight()
def flow_card(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow?card={scene.card('Raise the')['number']}")
    expect(page.locator("#panel-name")).to_contain_text("Raise the")


@sight()
def flow_card_moving(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow?card={scene.card('Raise the')['number']}")
    page.locator("#panel-move").click()
    expect(page.locator("#move-column")).to_be_visible()


@sight()
def flow_as_of(page: Page, scene: Scene) -> None:
    day = clock.to_datetime(clock.now()).date() - timedelta(days=8)
    visit(page, f"{scene.url}/flow?as_of={day}")
    expect(page.locator("#aging-sentence")).to_contain_text("At the end of")


@sight()
def flow_walked(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow")
    box = page.locator("#times-scatter .chart-box[data-drawn]")
    for key in ("End", "Enter"):
        box.press(key)
    expect(page.locator("#times-scatter-pinned")).to_be_visible()


@sight()
def flow_filter(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow?team=ops")
    page.get_by_role("button", name="Team").click()
    page.locator("#histogram-table").click()


@sight()
def flow_explained(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/flow")
    page.locator("#aging-chart-table").click()
    page.locator("#aging-help").click()


@sight()
def flow_stream(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.sample.key}/flow")
    page.locator("#stream-table").click()
    page.locator("#stream-map .stream-card").nth(1).press("Enter")


@sight()
def flow_forecast(page: Page, scene: Scene) -> None:
    today = clock.to_datetime(clock.now()).date()
    query = f"items=12&sample_from={today - timedelta(days=40)}&interval=day"
    visit(page, f"/boards/{scene.sample.key}/flow?{query}")
    page.locator("#forecast-when-table").click()
    page.locator("#forecast-help").click()
    page.locator("#throughput-help").click()


@sight()
def flow_with_a_wrong_forecast(page: Page, scene: Scene) -> None:
    page.goto(f"{scene.url}/flow?items=0&interval=year")


@sight()
def flow_without_cards(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.unused.key}/flow")


@sight()
def flow_with_errors(page: Page, scene: Scene) -> None:
    page.goto(f"{scene.url}/flow?from=2026-04-01&to=2026-03-01")


@sight()
def portfolio(page: Page, scene: Scene) -> None:
    visit(page, "/portfolio?sort=-lost")
    page.locator("#portfolio-help").click()


@sight(NEWCOMER)
def portfolio_without_boards(page: Page, scene: Scene) -> None:
    visit(page, "/portfolio")


@sight()
def standup(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/standup")


@sight()
def standup_card(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/standup")
    page.locator(".part-blocked .standup-title").first.click()
    expect(page.locator("#panel-blocked")).to_be_visible()


@sight()
def standup_unused(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.unused.key}/standup")


@sight()
def flow_constraint(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.sample.key}/flow")
    page.locator("#constraint-little-table").click()
    page.locator("#constraint-help").click()


@sight()
def archive(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/archive")


@sight()
def archive_refusal(page: Page, scene: Scene) -> None:
    while scene.ops.try_add("Fills", "Ready").is_success:
        pass
    visit(page, f"{scene.url}/archive")
    page.get_by_role("button", name=re.compile("Finds no room")).click()
    expect(page.locator(".notice")).to_be_visible()
    for each in scene.ops.cards():
        if each["title"] == "Fills":
            scene.ada.post(f"/cards/{each['id']}/archive")


@sight()
def archive_search(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/archive?q=long")
    page.get_by_role("checkbox").first.check()


@sight()
def archive_empty(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.unused.key}/archive")


@sight()
def people(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/people")
    page.get_by_text("What may each role do?").click()


@sight()
def people_invite(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.unused.key}/people")
    page.get_by_role("button", name="Make an invite link").click()


@sight()
def people_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/people")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def exchange(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/import")


@sight(READER)
def exchange_for_a_viewer(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/import")


@sight()
def exchange_tried(page: Page, scene: Scene) -> None:
    card = {"title": "Old", "created_at": "2020-01-01T00:00:00Z", "column": "Backlog"}
    _paste_import(page, scene, {"format": "weir-history/1", "cards": [card]})
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_text("would come onto the board")).to_be_visible()


@sight()
def exchange_with_errors(page: Page, scene: Scene) -> None:
    card = {"title": "Old", "created_at": "2020-01-01T00:00:00Z", "column": "Nowhere"}
    moves = [{"at": "2019-01-01T00:00:00Z", "to": "Ready"}]
    cards = [{**card, "moves": moves}, {**card, "lane": "No lane"}]
    _paste_import(page, scene, {"format": "weir-history/1", "cards": cards})
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("cards[0].moves[0].at")).to_be_visible()


def _paste_import(page: Page, scene: Scene, document: Any) -> None:
    visit(page, f"{scene.url}/import")
    page.get_by_text("Paste its text instead").click()
    page.get_by_label("Text of the file").fill(json.dumps(document, indent=1))
