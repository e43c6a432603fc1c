// The keys of a component go to its last call only. Streamlit calls a component again when its data
// change, without the cleanup of the call before; and if a call is overtaken while its script loads,
// Streamlit runs that call's cleanup after the next one. So a cleanup removes its own listener alone.
const listeners = (window.ranklensListeners ??= {});

// Returns the cleanup.
const onKeys = (component, press) => {
  const listener = (event) => press(event);
  document.removeEventListener("keydown", listeners[component]);
  document.addEventListener("keydown", listener);
  listeners[component] = listener;
  return () => document.removeEventListener("keydown", listener);
};
