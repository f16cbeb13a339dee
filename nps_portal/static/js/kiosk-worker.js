// Keeps the tablet's page at hand for a restart without a connection; answers pass it by.

const KEPT = "nps-kiosk";
const PATIENCE = 5_000;
const PARTS = ["style", "script", "image"];

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const isPage = request.mode === "navigate" && new URL(request.url).pathname.startsWith("/k/");
  if (request.method !== "GET" || !(isPage || PARTS.includes(request.destination))) return;
  event.respondWith(newest(request));
});

// A page that came just before the connection went may name files of a version not yet kept.
async function alike(kept, request) {
  const plain = ({ url }) => url.replace(/\?.*/, "").replace(/\/static\/v-[^/]+\//, "/static/");
  const found = (await kept.keys()).findLast((one) => plain(one) === plain(request));
  return found && kept.match(found, { ignoreVary: true });
}

async function newest(request) {
  const kept = await caches.open(KEPT);
  let answer;
  try {
    answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    // A network that wants a sign-in first answers in the portal's place: by a redirect.
    if (answer.ok && !answer.redirected) await kept.put(request, answer.clone());
    if (answer.status > 0 && answer.status < 500 && !answer.redirected) return answer;
  } catch {
    // No connection, or none that is of use.
  }
  const former = await kept.match(request, { ignoreVary: true });
  return former ?? (await alike(kept, request)) ?? answer ?? Response.error();
}
