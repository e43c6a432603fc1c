// The texts on the page whose contrast with their ground is below 4.5 (WCAG 2, level AA).
() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    return [...brush.getImageData(0, 0, 1, 1).data];
  };
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const colour = rgba(getComputedStyle(element).backgroundColor);
      if (colour[3] > 200) return colour;
    }
    return [255, 255, 255, 255];
  };
  const seen = { opacityProperty: true, visibilityProperty: true };
  const poor = [];
  let looked = 0;
  const buttons = ".stButton *, .stDownloadButton *, .stFormSubmitButton *, .stButtonGroup *";
  const places = `.stHtml *, .rl-deck *, ${buttons}, .stWidgetLabel *, label *, [role=tab] *, [role=tab]`;
  for (const element of document.querySelectorAll(places)) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility(seen)) continue;
    looked += 1;
    const text = light(rgba(getComputedStyle(element).color));
    const back = light(ground(element));
    const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.textContent.trim().slice(0, 40)}`);
  }
  return looked > 10 ? poor : [`only ${looked} texts were found`];
}
