// Clicks on passages are heard from the page's first moment, before there is a component that could
// take them to Python: this script runs as soon as the page has it. A click waits for a component,
// which lends its way to Python (`report`), and is sent again until Python confirms that it came.
(() => {
  const clicks = (window.ranklensClicks ??= { report: null, waiting: null });
  if (clicks.send) return;
  let pressed = null;
  let quiet = 0;

  const note = (chip) => {
    const turn = chip.closest("[class*=st-key-turn-]")?.className.match(/st-key-turn-(\d+)/);
    return chip.dataset.passage + (turn ? "@" + turn[1] : "");
  };

  clicks.send = () => clicks.waiting && clicks.report?.("passage", clicks.waiting);

  const take = (passage) => {
    clicks.waiting = `${passage}#${Date.now()}`;
    quiet = 0;
    clicks.send();
  };

  // A click that the page swallowed while it was drawn anew: its chip was replaced under the pointer.
  const released = ({ clientX, clientY }) => {
    const { chip, passage, x, y } = pressed ?? {};
    pressed = null;
    if (chip && !chip.isConnected && Math.hypot(clientX - x, clientY - y) < 8) take(passage);
  };

  const again = () => {
    const running = document.querySelector('[data-test-script-state="running"]');
    quiet = clicks.waiting && !running ? quiet + 1 : 0;
    if (quiet >= 3) (quiet = 0), clicks.send();
  };

  const chipOf = (event) => event.target.closest?.("[data-passage]");
  document.addEventListener("pointerdown", (event) => {
    const chip = chipOf(event);
    const at = { x: event.clientX, y: event.clientY };
    pressed = chip ? { chip, passage: note(chip), ...at } : null;
  });
  document.addEventListener("pointerup", released);
  document.addEventListener("click", (event) => chipOf(event) && take(note(chipOf(event))));
  setInterval(again, 400);
})();
