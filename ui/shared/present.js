// Shows slides, which the server has escaped, one at a time. Keys act at once: nothing waits for it.
const LONG = 1920, SHORT = 1080;
const upright = matchMedia("(max-aspect-ratio: 1/1)");

const save = (blob, name) => {
  const link = Object.assign(document.createElement("a"), { download: name });
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

const asPng = (blob, name) => {
  const picture = new Image();
  picture.onload = () => {
    const [width, height] = picture.width < picture.height ? [SHORT, LONG] : [LONG, SHORT];
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
    canvas.toBlob((dots) => save(dots, name));
    URL.revokeObjectURL(picture.src);
  };
  picture.src = URL.createObjectURL(blob);
};

export default function ({ parentElement, data, setTriggerValue }) {
  const stage = parentElement.querySelector(".stage");
  const slide = stage.querySelector(".slide");
  const button = (name) => stage.querySelector(`[data-do=${name}]`);
  const last = data.slides.length;
  let at = Number(stage.dataset.at) || data.at;

  const svg = () => data.slides[at - 1][upright.matches ? "upright" : "svg"];
  const draw = () => {
    const shown = data.slides[at - 1];
    stage.dataset.at = at;
    slide.innerHTML = svg();
    slide.firstElementChild.setAttribute("role", "img");
    slide.firstElementChild.setAttribute("aria-label", shown.title);
    stage.querySelector(".count").textContent = `${at} of ${last}`;
    button("back").disabled = at === 1;
    button("next").disabled = at === last;
    nameInAddress(at);
  };
  const nameInAddress = (number) => {
    const address = new URL(location.href);
    number ? address.searchParams.set("slide", number) : address.searchParams.delete("slide");
    history.replaceState(history.state, "", address);
  };
  const go = (to) => {
    const next = Math.max(1, Math.min(last, to));
    if (next !== at) (at = next), draw();
  };
  const picture = () => new Blob([svg()], { type: "image/svg+xml" });
  const name = (suffix) => `${data.stem}-${at}.${suffix}`;
  const acts = {
    back: () => go(at - 1),
    next: () => go(at + 1),
    again: draw,
    svg: () => save(picture(), name("svg")),
    png: () => asPng(picture(), name("png")),
    full: () =>
      document.fullscreenElement
        ? document.exitFullscreen()
        : document.documentElement.requestFullscreen(),
    end: () => {
      if (document.fullscreenElement) document.exitFullscreen();
      nameInAddress(0);
      setTriggerValue("end", true);
    },
  };
  const keys = {
    ArrowRight: acts.next, ArrowDown: acts.next, PageDown: acts.next,
    ArrowLeft: acts.back, ArrowUp: acts.back, PageUp: acts.back,
    Home: () => go(1), End: () => go(last), a: acts.again, f: acts.full, Escape: acts.end,
  };
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  };
  const click = (event) => {
    const pressed = event.target.closest?.("[data-do]");
    if (pressed) acts[pressed.dataset.do]();
  };
  const stop = onKeys("slides", press);
  stage.onclick = click; // of the last call only, as the keys
  upright.onchange = draw;
  draw();
  stage.focus();
  return () => {
    stop();
    if (upright.onchange === draw) upright.onchange = null;
  };
}
