"""The web app's entry: page config, page list, and what is served beside the page.

Run it with ``make run``, or ``streamlit run app.py``. The server imports this file for ``app``;
every run of the page executes it as ``__main__``.
"""

import streamlit as st

if __name__ == "__main__":
    from ui import state
    from ui.components import frame

    st.set_page_config(page_title="Ranklens", page_icon=frame.ICON, layout="wide")
    chosen = st.navigation(
        [
            st.Page("ui/ask.py", title="Ask", icon=":material/search:", default=True),
            st.Page("ui/library.py", title="Library", icon=":material/folder_open:"),
            st.Page("ui/inspect.py", title="Inspect", icon=":material/troubleshoot:"),
            st.Page("ui/compare.py", title="Compare", icon=":material/compare_arrows:"),
            st.Page("ui/judge.py", title="Judge", icon=":material/gavel:"),
            st.Page("ui/measure.py", title="Measure", icon=":material/straighten:"),
            st.Page("ui/monitor.py", title="Monitor", icon=":material/monitoring:"),
            st.Page("ui/answers.py", title="Answers", icon=":material/edit_note:"),
            st.Page("ui/models.py", title="Models", icon=":material/deployed_code:"),
        ],
        position="top",
    )
    frame.dress()
    state.run(chosen)
else:
    from ui import served

    app = st.App(__file__, routes=served.routes(), lifespan=served.lifespan)
