"""The dashboard in a browser, as somebody sees it."""

import json

from chromium import Page


class Board:
    """One page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, f"{address}/dashboard/"

    def open(self, **fragment: str) -> None:
        self.page.open(f"{self.address}#" + "&".join(f"{name}={value}" for name, value in fragment.items()))

    def text(self, selector: str) -> str | None:
        """What the first such element says."""
        found = self.page.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent")
        return None if found is None else " ".join(found.split())

    def says(self, selector: str, text: str) -> None:
        """Wait until an element says so."""
        name = json.dumps(selector)
        self.page.wait(
            f"document.querySelector({name})?.textContent", lambda found: text in " ".join((found or "").split())
        )

    def count(self, selector: str) -> int:
        return self.page.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")

    def attribute(self, selector: str, name: str) -> str:
        return self.page.wait(f"document.querySelector({json.dumps(selector)})?.getAttribute({json.dumps(name)})")

    def table(self, card: str) -> list[list[str]]:
        """The table of a card, row by row."""
        rows = f"[...document.querySelectorAll({json.dumps(card + ' tbody tr')})]"
        return self.page.evaluate(f"{rows}.map((row) => [...row.cells].map((cell) => cell.textContent))")

    def chosen(self, label: str, value: str) -> None:
        """Choose in a select of the filter bar."""
        self.page.evaluate(f"""(() => {{
            const labels = [...document.querySelectorAll(".filters label")];
            const select = labels.find((one) => one.textContent.startsWith("{label}")).querySelector("select");
            select.value = {json.dumps(value)};
            select.dispatchEvent(new Event("change", {{ bubbles: true }}));
        }})()""")

    def background(self) -> str:
        return self.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    @property
    def requests(self) -> int:
        """How many requests were sent to the API."""
        self.page.evaluate("0")
        return sum(one.startswith("http") and one.endswith("/graphql") for one in self.page.requests)

    @property
    def complaints(self) -> list[str]:
        """What the page complained of; not that it found no WebSocket."""
        return [one for one in self.page.complaints if "WebSocket" not in one]
