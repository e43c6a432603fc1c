// What was typed and is not yet stored. It is numbered, kept in the tab's storage, so that a reload
// loses nothing, and sent until Python confirms the last number. A page's component lends its way
// to Python (`report`) for as long as it is there.
const queueOf = (name) => ((window.ranklensQueues ??= {})[name] ??= openQueue(`ranklens-${name}`));

const openQueue = (place) => {
  const most = 200; // in one message
  const queue = { waiting: [], report: null, sent: 0, quiet: 0, last: 0 };
  try {
    queue.waiting = JSON.parse(sessionStorage.getItem(place)) ?? [];
    queue.last = queue.waiting.at(-1)?.n ?? 0;
  } catch {} // no storage: it is kept for as long as the page is
  const keep = () => {
    try {
      sessionStorage.setItem(place, JSON.stringify(queue.waiting));
    } catch {}
  };
  const send = () => {
    if (!queue.report || !queue.waiting.length) return;
    const part = queue.waiting.slice(0, most);
    queue.sent = part.at(-1).n;
    queue.quiet = 0;
    queue.report("typed", part);
  };
  queue.push = (what) => {
    queue.last = Math.max(Date.now(), queue.last + 1);
    queue.waiting.push({ ...what, n: queue.last });
    keep();
    if (!queue.sent) send(); // else it goes with the next message, once this one is confirmed
    return queue.last;
  };
  // `report` is a way to Python, `seen` the last number that came there in this session.
  queue.join = (report, seen) => {
    queue.report = report;
    queue.last = Math.max(queue.last, seen);
    queue.waiting = queue.waiting.filter((one) => one.n > seen);
    keep();
    if (seen >= queue.sent) queue.sent = 0;
    if (!queue.sent) send();
  };
  queue.leave = (report) => {
    if (queue.report === report) (queue.report = null), (queue.sent = 0);
  };
  const again = () => {
    const running = document.querySelector('[data-test-script-state="running"]');
    queue.quiet = queue.waiting.length && !running ? queue.quiet + 1 : 0;
    if (queue.quiet >= 3) send(); // the message was lost: a run of the page was cut short
  };
  setInterval(again, 400);
  return queue;
};

// Whether a key is typed into a box, or belongs to the browser.
const notOurs = (event) =>
  event.ctrlKey ||
  event.metaKey ||
  event.altKey ||
  event.repeat ||
  event.target.closest?.("input, textarea, select, [contenteditable=true], [role=combobox]");
