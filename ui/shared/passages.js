// One listener for the whole page's life, which the component's instances only lend their way to
// Python: a click between two of them waits. It is sent again until Python confirms that it came.
const clicks = (window.ranklensClicks ??= { report: null, waiting: null, pressed: null, quiet: 0 });

const note = (chip) => {
  const turn = chip.closest("[class*=st-key-turn-]")?.className.match(/st-key-turn-(\d+)/);
  return chip.dataset.passage + (turn ? "@" + turn[1] : "");
};

const send = () => clicks.waiting && clicks.report?.("passage", clicks.waiting);

const take = (passage) => {
  clicks.waiting = `${passage}#${Date.now()}`;
  clicks.quiet = 0;
  send();
};

// A click that the page swallowed while it was drawn anew: its chip was replaced under the pointer.
const released = ({ clientX, clientY }) => {
  const pressed = clicks.pressed;
  clicks.pressed = null;
  if (!pressed || pressed.chip.isConnected) return;
  if (Math.hypot(clientX - pressed.x, clientY - pressed.y) < 8) take(pressed.passage);
};

const again = () => {
  const running = document.querySelector('[data-test-script-state="running"]');
  clicks.quiet = clicks.waiting && !running ? clicks.quiet + 1 : 0;
  if (clicks.quiet >= 3) (clicks.quiet = 0), send();
};

const listen = () => {
  const chipOf = (event) => event.target.closest?.("[data-passage]");
  document.addEventListener("pointerdown", (event) => {
    const chip = chipOf(event);
    const at = { x: event.clientX, y: event.clientY };
    clicks.pressed = chip ? { chip, passage: note(chip), ...at } : null;
  });
  document.addEventListener("pointerup", released);
  document.addEventListener("click", (event) => chipOf(event) && take(note(chipOf(event))));
  setInterval(again, 400);
  // A chip that was clicked before there was a listener has the focus, and not by the keyboard.
  const focused = document.activeElement;
  if (focused?.matches("[data-passage]:not(:focus-visible)")) take(note(focused));
};

export default function ({ setTriggerValue, data }) {
  clicks.report = setTriggerValue;
  if (!clicks.listening) (clicks.listening = true), listen();
  if (data?.seen && data.seen === clicks.waiting) clicks.waiting = null;
  if (clicks.waiting) send();
  return () => {
    if (clicks.report === setTriggerValue) clicks.report = null;
  };
}
