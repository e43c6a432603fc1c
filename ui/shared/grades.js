// The keys 0 to 3 grade the passage that has the keyboard's focus; what is typed waits in the queue
// (shared/queue.js) until it is stored.
export default function ({ data, setTriggerValue }) {
  const queue = queueOf("grades");
  const press = (event) => {
    if (!/^[0-3]$/.test(event.key) || notOurs(event)) return;
    const target = event.target.closest?.("[data-passage]");
    const dialog = document.querySelector("[role=dialog]");
    if (!target || (dialog && !dialog.contains(target))) return;
    const turn = target.closest("[class*=st-key-turn-]")?.className.match(/st-key-turn-(\d+)/);
    queue.push({
      passage: target.dataset.passage,
      turn: turn?.[1] ?? "",
      question: data.question,
      grade: Number(event.key),
      judge: data.judge,
    });
  };
  const stop = onKeys("grades", press);
  queue.join(setTriggerValue, data.seen);
  return () => {
    stop();
    queue.leave(setTriggerValue);
  };
}
