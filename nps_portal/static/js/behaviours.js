// Attaches each element's behaviour, named by data-behaviour, and fetches only those a page uses.

const attached = new WeakSet();

async function attach(element) {
  if (attached.has(element)) return;
  attached.add(element);
  const behaviour = await import(`./${element.dataset.behaviour}.js`);
  behaviour.attach(element);
}

function attachWithin(root) {
  if (root.matches?.("[data-behaviour]")) attach(root);
  root.querySelectorAll("[data-behaviour]").forEach(attach);
}

attachWithin(document);
document.addEventListener("htmx:load", (event) => attachWithin(event.detail.elt));
