export default function ({ setTriggerValue }) {
  const press = (event) => {
    if (!/^[0-3]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target.closest?.("[data-passage]");
    const dialog = document.querySelector("[role=dialog]");
    if (!target || (dialog && !dialog.contains(target))) return;
    const turn = target.closest("[class*=st-key-turn-]")?.className.match(/st-key-turn-(\d+)/);
    const where = target.dataset.passage + (turn ? "@" + turn[1] : "");
    setTriggerValue("grade", event.key + ":" + where);
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
