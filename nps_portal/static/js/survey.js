// Tells how a hand was on the page, keeps the chosen score true, and helps; nothing needs it.
const find = (name) => document.querySelector(`[data-behaviour=${name}]`);
const answer = find("answer"), language = find("language"), copy = find("copy");
const kinds = {pointerdown: "pointer", touchstart: "touch", keydown: "key", wheel: "scroll", pointermove: "move"};
const seen = new Set();
let last, told, visible = 0, since = null;

const listen = (type, act) => addEventListener(type, act, {capture: true, passive: true});
const note = (event, kind) => event.isTrusted && seen.add(kind);
for (const type in kinds) listen(type, (event) => note(event, kinds[type]));
for (const type of ["pointerdown", "keydown", "click"]) listen(type, (event) => { last = event; });

const dwell = () => Math.round(visible + (since === null ? 0 : performance.now() - since));
const watch = () => {
  visible = dwell();
  since = document.hidden ? null : performance.now();
};
const tell = () => {
  const {nonce, score} = answer.elements;
  const body = new URLSearchParams({nonce: nonce.value, score: score.value, gestures: [...seen]});
  // Once for each state in which the page is left; an answer that was sent tells for itself.
  if (!answer.dataset.seen || !seen.size || dwell() < 1500 || told === true || told === `${body}`) return;
  told = `${body}`;
  body.set("dwell", dwell());
  navigator.sendBeacon(answer.dataset.seen, body);
};

if (copy) {
  const words = document.querySelector("#words");
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    getSelection().selectAllChildren(words);
    await (navigator.clipboard?.writeText(words.textContent) ?? document.execCommand("copy"));
    copy.nextElementSibling.textContent = copy.dataset.copied;
  });
}
language?.elements.lang.addEventListener("change", () => {
  // The arrow keys change a closed list at every press; who uses them presses the button.
  if (last?.type !== "keydown") language.requestSubmit();
});
for (const form of document.forms) {
  const {hand} = form.elements;
  if (!hand) continue;
  hand.value = "untrusted";
  form.addEventListener("submit", (event) => {
    hand.value = [event.submitter && last?.isTrusted ? "trusted" : "untrusted", ...seen];
    told = true;
  });
}
if (answer) {
  const {comment, score} = answer.elements;
  const chosen = answer.querySelector(".chosen");
  watch();
  answer.addEventListener("click", (event) => event.target.type === "radio" && note(event, "pick"));
  answer.addEventListener("change", (event) => {
    if (!chosen || event.target.type !== "radio") return;
    chosen.textContent = chosen.dataset.words.replace("{score}", score.value);
    chosen.classList.add("now");
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) tell();
    watch();
  });
  addEventListener("pagehide", tell);
  // Another language loads the page anew: what was typed goes along, in this tab alone.
  language?.addEventListener("submit", () => {
    sessionStorage.draft = JSON.stringify([score.value, comment.value]);
  });
  // In an anonymous survey the email's number stands where no server and no log can read it.
  const wanted = document.getElementById(location.hash.slice(1))?.querySelector("[name=score]");
  if (wanted && !score.value) wanted.checked = true;
  const draft = sessionStorage.draft;
  delete sessionStorage.draft;
  if (draft) [score.value, comment.value] = JSON.parse(draft);
}
