"""The web app's entry: page config, page list, and what is served beside the page.

Run it with ``make run``, or ``streamlit run app.py``. The server imports this file for ``app``;
every run of the page executes it as ``__main__``.
"""

import streamlit as st

PAGES = (
    # folder of ui/, title, icon, address
    ("ask", "Ask", "search", ""),
    ("library", "Library", "folder_open", "library"),
    ("inspect", "Inspect", "troubleshoot", "inspect"),
    ("compare", "Compare", "compare_arrows", "compare"),
    ("judge", "Judge", "gavel", "judge"),
    ("measure", "Measure", "straighten", "measure"),
    ("monitor", "Monitor", "monitoring", "monitor"),
    ("settings", "Settings", "settings", "settings"),
    ("models", "Models", "deployed_code", "models"),
)

if __name__ == "__main__":
    from ui.shared import frame, keyboard, state

    st.set_page_config(page_title="Ranklens", page_icon=frame.ICON, layout="wide")
    pages = [
        st.Page(
            f"ui/{folder}/page.py",
            title=title,
            icon=f":material/{icon}:",
            url_path=address or None,
            default=not address,
        )
        for folder, title, icon, address in PAGES
        if state.offered(folder)
    ]
    chosen = st.navigation(pages, position=state.menu())
    frame.dress()
    keyboard.listen()
    state.run(chosen)
else:
    from ui import server

    server.refuse_late_options()
    app = st.App(__file__, **server.parts())
