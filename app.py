"""The web app's entry: page config and page list, nothing else.

Run it with ``make run``, or ``streamlit run app.py``.
"""

import streamlit as st

from ui import state
from ui.components import frame

st.set_page_config(page_title="Ranklens", page_icon=frame.ICON, layout="wide")
chosen = st.navigation(
    [
        st.Page("ui/ask.py", title="Ask", icon=":material/search:", default=True),
        st.Page("ui/library.py", title="Library", icon=":material/folder_open:"),
        st.Page("ui/inspect.py", title="Inspect", icon=":material/troubleshoot:"),
        st.Page("ui/judge.py", title="Judge", icon=":material/gavel:"),
        st.Page("ui/measure.py", title="Measure", icon=":material/straighten:"),
        st.Page("ui/answers.py", title="Answers", icon=":material/edit_note:"),
        st.Page("ui/models.py", title="Models", icon=":material/deployed_code:"),
    ],
    position="top",
)
frame.dress()
state.run(chosen)
