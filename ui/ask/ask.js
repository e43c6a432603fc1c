// What the question box does beside sending: it takes the focus, and offers names of documents
// after an @; and the buttons that copy an answer. One set of listeners for the whole page's life.
const ask = (window.ranklensAsk ??= { names: [], turns: null, area: null, list: null, chosen: 0, found: [] });
const MOST = 8;

const box = () => document.querySelector("[data-testid=stChatInputTextArea]");
const open = () => document.querySelector("[role=dialog]");

// Where a finger is the pointer, focus would open the keyboard over the page.
const focus = (tries = 20) => {
  if (matchMedia("(pointer: coarse)").matches || open()) return;
  const active = document.activeElement;
  if (active && active !== document.body && active !== box() && active.tagName !== "BUTTON") return;
  ask.area = box();
  ask.area?.focus({ preventScroll: true });
  if (!ask.area && tries) setTimeout(() => focus(tries - 1), 150);
};

// The @ and what follows it, up to the caret.
const mention = (area) => {
  const before = area.value.slice(0, area.selectionStart);
  return before.match(/(?:^|[\s([])(@"?([^\s"@]*))$/);
};

const rank = (name, part) => {
  const low = name.toLowerCase();
  return low.startsWith(part) ? 0 : low.includes(part) ? 1 : 2;
};

const close = () => {
  ask.list?.remove();
  ask.list = null;
  box()?.removeAttribute("aria-activedescendant");
};

// None is chosen at first: part of a name means every document that has it, so Enter sends it.
const mark = (to) => {
  ask.chosen = (to + ask.found.length) % ask.found.length;
  [...ask.list.children].forEach((item, place) => {
    item.setAttribute("aria-selected", place === ask.chosen);
    if (place === ask.chosen) box().setAttribute("aria-activedescendant", item.id);
  });
};

const take = (name) => {
  const area = box();
  const typed = mention(area);
  if (!typed) return close();
  const end = area.selectionStart;
  const start = end - typed[1].length;
  const put = (/[\s"]/.test(name) ? `@"${name}"` : `@${name}`) + " ";
  const text = area.value.slice(0, start) + put + area.value.slice(end).trimStart();
  // React listens to the property's own setter.
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(area, text);
  area.dispatchEvent(new Event("input", { bubbles: true }));
  close();
  area.focus();
  area.setSelectionRange(start + put.length, start + put.length);
};

const item = (name, place) => {
  const made = document.createElement("li");
  made.id = `rl-name-${place}`;
  made.role = "option";
  made.textContent = name;
  made.addEventListener("pointerdown", (event) => (event.preventDefault(), take(name)));
  return made;
};

const offer = () => {
  const area = box();
  const typed = area && mention(area);
  close();
  if (!typed) return;
  const part = typed[2].toLowerCase();
  const found = ask.names.filter((name) => rank(name, part) < 2);
  ask.found = found.sort((a, b) => rank(a, part) - rank(b, part)).slice(0, MOST);
  if (!ask.found.length) return;
  ask.list = document.createElement("ul");
  ask.list.className = "rl-names";
  ask.list.role = "listbox";
  ask.list.setAttribute("aria-label", "Documents");
  ask.list.append(...ask.found.map(item));
  const place = area.getBoundingClientRect();
  const above = place.top > innerHeight / 2;
  ask.list.style.left = `${place.left}px`;
  ask.list.style[above ? "bottom" : "top"] = above
    ? `${innerHeight - place.top + 10}px`
    : `${place.bottom + 10}px`;
  (document.querySelector("[data-testid=stApp]") ?? document.body).append(ask.list);
  ask.chosen = -1;
};

const keys = (event) => {
  if (!ask.list || event.target !== box()) return;
  if (event.key === "ArrowDown") mark(ask.chosen + 1);
  else if (event.key === "ArrowUp") mark(ask.chosen < 0 ? -1 : ask.chosen - 1);
  else if (event.key === "Tab") take(ask.found[Math.max(ask.chosen, 0)]);
  else if (event.key === "Enter" && ask.chosen >= 0) take(ask.found[ask.chosen]);
  else if (event.key === "Escape") close();
  else return event.key === "Enter" ? close() : undefined;
  event.preventDefault();
  event.stopImmediatePropagation();
};

const copy = async (button) => {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = "The browser does not allow it";
  }
  setTimeout(() => (button.textContent = "Copy"), 2000);
};

const listen = () => {
  document.addEventListener("input", (event) => event.target === box() && offer());
  document.addEventListener("keydown", keys, true);
  document.addEventListener("focusout", (event) => event.target === box() && close());
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
};

export default function ({ data }) {
  ask.names = data?.names ?? [];
  if (!ask.listening) (ask.listening = true), listen();
  if (ask.turns === data?.turns && ask.area?.isConnected) return;
  ask.turns = data?.turns;
  focus();
}
