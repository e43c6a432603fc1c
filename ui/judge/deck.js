// One passage after the other, graded by keys or buttons. A key acts here at once; what it did
// waits in the queue (shared/queue.js) until it is stored. The data hold what this judge has not
// graded: of the question at hand, and of the next one that is not judged, so that there is no
// pause between them. Names below: a card is a passage; `graded` has the keys of cards that were
// graded here since the data came.
const deck = (window.ranklensDeck ??= {
  graded: new Map(), // key of a card → number in the queue
  skipped: new Set(),
  done: [], // { question, card, judge }, for Undo
  again: null, // the card whose grade was taken back
  question: null, // the words of the question that is shown
  wanted: 0, // the number of a question that the data do not hold yet
});

const keyOf = (question, card) => `${deck.data.judge}\0${question.text}\0${card.id}`;
const ungraded = (question) =>
  question.cards.filter((card) => !deck.graded.has(keyOf(question, card)));
const open = (question) =>
  ungraded(question).filter((card) => !deck.skipped.has(keyOf(question, card)));

// The question and the card that are shown; the card is missing if none is left.
const shown = () => {
  if (deck.again) return deck.again;
  if (deck.wanted) return {};
  const { questions } = deck.data;
  const question = questions.find((one) => one.text === deck.question) ?? questions[0];
  deck.question = question?.text ?? null;
  return question ? { question, card: open(question)[0] } : {};
};

const goTo = (number) => {
  if (number < 1 || number > deck.data.count || deck.wanted) return;
  deck.again = null;
  const held = deck.data.questions.find((one) => one.number === number);
  deck.question = held?.text ?? null;
  deck.wanted = held ? 0 : number;
  queue().push({ go: number });
  draw();
};

const grade = (value) => {
  const { question, card } = shown();
  if (!card) return;
  const note = part("note").value;
  const judge = deck.data.judge;
  const n = queue().push({ question: question.text, passage: card.id, grade: value, note, judge });
  deck.graded.set(keyOf(question, card), n);
  deck.done.push({ question, card, judge });
  leave(question);
};

const skip = () => {
  const { question, card } = shown();
  if (!card) return;
  deck.skipped.add(keyOf(question, card));
  leave(question);
};

// On to the next card, or to the next question after the last one.
const leave = (question) => {
  part("note").value = "";
  const returned = deck.again !== null;
  deck.again = null;
  const next = deck.data.questions.find((one) => one.number === deck.data.next);
  if (!returned && !open(question).length && next) return goTo(next.number);
  draw();
};

const undo = () => {
  const last = deck.done.pop();
  if (!last) return;
  const { question, card, judge } = last;
  queue().push({ question: question.text, passage: card.id, grade: null, judge });
  deck.graded.delete(keyOf(question, card));
  deck.again = { question, card };
  draw();
};

const acts = {
  before: () => goTo(shown().question?.number - 1),
  after: () => goTo(shown().question?.number + 1),
  unjudged: () => goTo(deck.data.next),
  skip,
  undo,
  explain: () => part("note").focus(),
};
const keys = { s: "skip", u: "undo", n: "unjudged", e: "explain" };

const press = (event) => {
  if (event.target === part("note") && event.key === "Enter") return event.target.blur();
  if (notOurs(event) || document.querySelector("[role=dialog]")) return;
  const act = acts[keys[event.key.toLowerCase()]];
  if (!act && !/^[0-3]$/.test(event.key)) return;
  event.preventDefault();
  act ? act() : grade(Number(event.key));
};

const click = (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.grade) grade(Number(button.dataset.grade));
  else if (button?.dataset.do) acts[button.dataset.do]();
};

// Drawing. Texts of documents and questions become text nodes, nothing else.

const queue = () => queueOf("grades");
const find = (place) => deck.parent.querySelector(place);
const part = (name) => find(`[data-is=${name}]`);
const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });
const count = (number) => number.toLocaleString("en");

const draw = () => {
  const { data } = deck;
  const { question, card } = shown();
  const number = question?.number ?? deck.wanted;
  part("place").textContent = `Question ${count(number)} of ${count(data.count)}`;
  find("[data-do=before]").disabled = number <= 1;
  find("[data-do=after]").disabled = number >= data.count;
  find("[data-do=unjudged]").disabled = !data.next;
  find("[data-do=undo]").disabled = !deck.done.length;
  for (const button of find(".grades").querySelectorAll("[data-grade], [data-do=skip]"))
    button.disabled = !card;
  part("question").textContent = question?.shown ?? "…";
  drawProgress(question);
  drawCard(question, card);
};

const drawProgress = (question) => {
  const { data } = deck;
  const total = question?.total ?? 0;
  const left = question ? ungraded(question).length : 0;
  const skipped = question ? left - open(question).length : 0;
  const waiting = queue().waiting.filter((one) => one.passage).length;
  find(".rl-far").style.setProperty("--share", `${total ? (100 * (total - left)) / total : 0}%`);
  part("progress").textContent = [
    `${count(total - left)} of ${count(total)} passages of this question judged by ${data.judge}`,
    skipped ? `${count(skipped)} skipped` : "",
    `${count(data.mine)} of ${count(data.count)} questions`,
    waiting ? `${count(waiting)} being stored` : "all stored",
  ]
    .filter(Boolean)
    .join(" · ");
};

const drawCard = (question, card) => {
  const [box, empty] = [find(".rl-card"), find(".rl-empty")];
  box.hidden = !card;
  empty.hidden = !!card;
  if (!card) return drawEmpty(empty, question);
  if (box.dataset.judging === card.id && box.dataset.of === question.text) return;
  box.dataset.judging = card.id;
  box.dataset.of = question.text;
  find(".from b").textContent = card.document;
  find(".from span").textContent = card.where ? ` · ${card.where}` : "";
  const pieces = card.pieces.map(([text, marked]) => (marked ? element("mark", text) : text));
  find(".text").replaceChildren(...pieces);
  find(".text").scrollTop = 0;
};

const drawEmpty = (empty, question) => {
  const [headline, text] = empty.children;
  const left = question ? ungraded(question).length : 0;
  if (!question) headline.textContent = deck.data.problem ? "No passages" : "Searching…";
  else if (!question.total) headline.textContent = "No passage was found for this question";
  else headline.textContent = left ? "The rest was left for later" : "Every passage is judged";
  text.textContent = deck.data.next
    ? "N goes to the next question that you have not judged."
    : "You have judged every other question of this set.";
};

// The next question's passages come in a run of their own, so that nobody waits for them.
const askAhead = () => {
  const { next, questions, problem, set } = deck.data;
  const asked = `${set}\0${next}`;
  if (!next || problem || deck.asked === asked || questions.some((one) => one.number === next))
    return;
  deck.asked = asked;
  queue().push({});
};

const drawGuide = () => {
  const { labels, guidelines } = deck.data;
  for (const [grade, label, meaning] of labels) {
    const button = find(`[data-grade="${grade}"]`);
    button.replaceChildren(element("kbd", grade), ` ${label}`);
    button.title = meaning;
  }
  part("guidelines").textContent = guidelines;
  const rows = labels.flatMap(([grade, label, meaning]) => [
    element("dt", `${grade} ${label}`),
    element("dd", meaning),
  ]);
  find(".rl-guide dl").replaceChildren(...rows);
};

export default function ({ parentElement, data, setTriggerValue }) {
  if (deck.data?.set !== data.set) Object.assign(deck, { again: null, done: [] });
  Object.assign(deck, { parent: parentElement, data });
  queue().join(setTriggerValue, data.seen);
  // What is stored is left out of the data, and what could not be stored is in them again.
  for (const [key, n] of deck.graded) if (n <= data.seen) deck.graded.delete(key);
  if (!queue().waiting.some((one) => one.go)) deck.wanted = 0, deck.question = null;
  const root = find(".rl-deck");
  root.onclick = click;
  const stop = onKeys("deck", press);
  drawGuide();
  draw();
  askAhead();
  return () => {
    stop();
    queue().leave(setTriggerValue);
  };
}
