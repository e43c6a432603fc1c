// `/` goes to the question box, on the Ask page if this page has none. (Streamlit has the link that
// skips the navigation.)
const BOXES =
  ".st-key-follow_up textarea, [data-testid=stChatInput] textarea, .st-key-compared_question input";
const seen = (element) => element.checkVisibility() && !element.disabled;
const box = () => [...document.querySelectorAll(BOXES)].filter(seen).at(-1);

const toQuestion = () => {
  const link = document.querySelector("[data-testid=stTopNavLink], [data-testid=stSidebarNavLink]");
  if (!box()) link?.click();
  let left = 50; // the Ask page takes a moment
  const focus = () => (box() ? box().focus() : left-- > 0 && setTimeout(focus, 100));
  focus();
};

const press = (event) => {
  if (event.key !== "/" || notOurs(event) || document.querySelector("[role=dialog]")) return;
  event.preventDefault();
  toQuestion();
};

// Grades that waited when their page was left are sent from here, unless this page sends them. A
// page may be left at any time, so this looks again and again. `lent` is the way to Python that the
// queue has from here: Streamlit makes a new one with every run.
const keys = (window.ranklensKeys ??= { report: null, seen: 0, lent: null });

const stranded = () => {
  const queue = queueOf("grades");
  if (!keys.report || !queue.waiting.length || (queue.report && queue.report !== keys.lent)) return;
  keys.lent = keys.report;
  queue.join(keys.report, keys.seen);
};
keys.looking ??= setInterval(stranded, 1000);

export default function ({ data, setTriggerValue }) {
  Object.assign(keys, { report: setTriggerValue, seen: data.seen });
  const stop = onKeys("keys", press);
  return () => {
    stop();
    if (keys.report !== setTriggerValue) return;
    queueOf("grades").leave(keys.lent);
    keys.report = keys.lent = null;
  };
}
