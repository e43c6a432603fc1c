export default function () {
  const find = (what) => document.querySelector(`[role=dialog] ${what}`);
  const target = find("mark.quote") ?? find("mark") ?? find(".passage");
  target?.scrollIntoView({ block: "center" });
}
