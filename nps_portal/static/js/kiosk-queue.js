// Sends what is kept, oldest first; an answer goes from here only once the portal has it.

import { forget, kept } from "./kiosk-store.js";

const LEAST_WAIT = 2_000;
const LONGEST_WAIT = 120_000;
const PATIENCE = 20_000;

let wait = LEAST_WAIT;
let timer;
let sending = false;
let asked = false;

class Unreachable extends Error {}

async function fetched(address, options = {}) {
  let answer;
  try {
    // A network that wants a sign-in first answers with a page of its own: no redirect is followed.
    const signal = AbortSignal.timeout(PATIENCE);
    answer = await fetch(address, { credentials: "omit", cache: "no-store", redirect: "error", signal, ...options });
  } catch {
    throw new Unreachable();
  }
  if (answer.status === 429 || answer.status >= 500) throw new Unreachable();
  return answer.ok ? answer.json().catch(() => ({})) : {};
}

async function isTaken(answer) {
  const { to, nonceAddress, ...sent } = answer;
  const { nonce } = await fetched(nonceAddress);
  if (!nonce) return false;
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ ...sent, nonce });
  return (await fetched(to, { method: "POST", headers, body })).taken === answer.key;
}

async function sendAll() {
  const answers = await kept();
  let left = answers.length;
  tell(left, !navigator.onLine);
  for (const answer of answers) {
    // What the portal does not want now, such as for a closed survey, must not hold up the rest.
    if (await isTaken(answer)) {
      await forget(answer.key);
      left -= 1;
      tell(left, false);
    }
  }
  return left;
}

function tell(waiting, offline) {
  document.dispatchEvent(new CustomEvent("kiosk:queue", { detail: { waiting, offline } }));
}

export async function send() {
  asked = true;
  if (sending) return;
  sending = true;
  clearTimeout(timer);
  let left = 0;
  while (asked) {
    asked = false;
    try {
      left = await sendAll();
    } catch (fault) {
      left = (await kept().catch(() => [])).length;
      tell(left, fault instanceof Unreachable);
    }
  }
  sending = false;
  if (left) timer = setTimeout(send, wait);
  wait = left ? Math.min(wait * 2, LONGEST_WAIT) : LEAST_WAIT;
}

addEventListener("online", () => {
  wait = LEAST_WAIT;
  send();
});
