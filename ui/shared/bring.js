export default function () {
  const turn = document.querySelector(".st-key-turn-new");
  const box = turn?.getBoundingClientRect();
  if (box && (box.top < 0 || box.top > innerHeight / 2)) turn.scrollIntoView({ block: "start" });
}
