// The tablet's page: takes an answer, thanks, and forgets the person before the next one comes.

import { keep } from "./kiosk-store.js";
import { send } from "./kiosk-queue.js";

const THANKS = 8_000;
const IDLE = 60_000;
const RENEWAL = 3_600_000;

const kiosk = document.querySelector("[data-behaviour=kiosk]");
const blank = kiosk.querySelector("form").cloneNode(true);
const since = Date.now();
let timer;
let keeping = false;

for (const field of blank.querySelectorAll("[checked]")) field.removeAttribute("checked");
blank.querySelector("textarea").textContent = "";
blank.querySelector("[role=alert]").hidden = true;
blank.noValidate = true;

// A new form instead of an emptied one: in that, undoing would bring the former words back.
function begin() {
  clearTimeout(timer);
  keeping = false;
  kiosk.querySelector("form").replaceWith(blank.cloneNode(true));
  for (const thanks of kiosk.querySelectorAll(".thanked")) thanks.hidden = true;
  scrollTo(0, 0);
  document.activeElement?.blur();
  // Between two people is the time to fetch what the owner has changed meanwhile.
  if (Date.now() - since > RENEWAL && navigator.serviceWorker?.controller) location.reload();
}

function thank(score) {
  const category = score >= 9 ? "promoter" : score >= 7 ? "passive" : "detractor";
  const thanks = kiosk.querySelector(`[data-category=${category}]`);
  kiosk.querySelector("form").replaceWith(Object.assign(blank.cloneNode(true), { hidden: true }));
  thanks.hidden = false;
  thanks.querySelector("h1").focus();
  clearTimeout(timer);
  timer = setTimeout(begin, THANKS);
}

function complain(form, words) {
  const banner = form.querySelector("[role=alert]");
  banner.firstElementChild.textContent = banner.dataset[words];
  banner.hidden = false;
  banner.scrollIntoView({ block: "nearest" });
}

function newKey() {
  // randomUUID() is missing where the portal is not encrypted.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function take(form) {
  const { score, comment } = form.elements;
  if (!score.value) return complain(form, "noScore");
  if (keeping) return;
  keeping = true;
  const answer = { key: newKey(), score: Number(score.value), comment: comment.value };
  const places = { to: form.action, nonceAddress: new URL(kiosk.dataset.nonce, location).href };
  try {
    await keep({ ...answer, ...places, answered_at: new Date().toISOString() });
    thank(answer.score);
    send();
  } catch {
    complain(form, "busy");
  }
  keeping = false;
}

kiosk.addEventListener("submit", (event) => {
  event.preventDefault();
  take(event.target);
});
kiosk.addEventListener("click", (event) => {
  if (event.target.matches(".next")) begin();
});
for (const touch of ["pointerdown", "keydown", "input", "scroll"]) {
  addEventListener(touch, () => {
    if (kiosk.querySelector("form").hidden) return;
    clearTimeout(timer);
    timer = setTimeout(begin, IDLE);
  }, { passive: true });
}
// Coming back to a page that the browser has kept would show the former person's words.
addEventListener("pageshow", (event) => event.persisted && begin());
document.addEventListener("kiosk:queue", ({ detail }) => {
  const waiting = document.querySelector(".waiting");
  waiting.querySelector("b").textContent = detail.waiting;
  waiting.hidden = detail.waiting === 0;
  document.querySelector(".offline").hidden = !(detail.waiting && detail.offline);
});

async function stayAtHand() {
  await navigator.serviceWorker?.register(kiosk.dataset.worker);
  const parts = performance.getEntriesByType("resource").map((part) => new URL(part.name).href);
  const own = parts.filter((part) => part.startsWith(location.origin) && /\/static\/|\/s\/lo/.test(part));
  const kept = await caches.open("nps-kiosk");
  await kept.addAll([location.href, ...new Set(own)]);
  await navigator.storage?.persist?.();
}

begin();
send();
// Without an encrypted connection there is no worker: the queue works, a restart needs the portal.
if (isSecureContext) stayAtHand().catch(() => {});
