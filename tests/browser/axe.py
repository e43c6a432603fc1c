"""What axe-core finds on a page against WCAG 2, levels A and AA."""

from axe_playwright_python.sync_playwright import Axe

OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    "resultTypes": ["violations"],
}


def violations(page):
    """Return a line for each element that breaks a rule: the rule, its weight, the element.

    Minor ones are left out: they are Streamlit's own (the role of its box for files).
    """
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}"
        for one in found
        if one["impact"] != "minor"
        for node in one["nodes"]
    ]
