// `/` goes to the question box, on the page Ask if this page has none. (Streamlit has the link that
// skips the navigation.)
const BOXES =
  ".st-key-follow_up textarea, [data-testid=stChatInput] textarea, .st-key-compared_question input";
const seen = (element) => element.checkVisibility() && !element.disabled;
const box = () => [...document.querySelectorAll(BOXES)].filter(seen).at(-1);

const toQuestion = () => {
  const link = document.querySelector("[data-testid=stTopNavLink], [data-testid=stSidebarNavLink]");
  if (!box()) link?.click();
  let left = 50; // the page Ask takes a moment
  const focus = () => (box() ? box().focus() : left-- > 0 && setTimeout(focus, 100));
  focus();
};

const press = (event) => {
  if (event.key !== "/" || notOurs(event) || document.querySelector("[role=dialog]")) return;
  event.preventDefault();
  toQuestion();
};

// Grades that waited when their page was left are sent from here, unless this page sends them.
const stranded = (report, seen) => {
  const queue = queueOf("grades");
  if (!queue.report || queue.report === report) queue.join(report, seen);
};

export default function ({ data, setTriggerValue }) {
  document.addEventListener("keydown", press);
  const later = setTimeout(stranded, 1000, setTriggerValue, data.seen);
  return () => {
    clearTimeout(later);
    document.removeEventListener("keydown", press);
    queueOf("grades").leave(setTriggerValue);
  };
}
