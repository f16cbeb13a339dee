// Keeps answers in this browser until they are sent; what is kept outlives a restart.

const NAME = "nps-kiosk";
const ANSWERS = "answers";

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(ANSWERS, { keyPath: "key" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("the store is blocked"));
  });
}

async function within(mode, act) {
  const base = await opened();
  try {
    return await new Promise((resolve, reject) => {
      // Strict: it is on the disk before anybody is thanked, should the tablet be switched off.
      const turn = base.transaction(ANSWERS, mode, { durability: "strict" });
      const asked = act(turn.objectStore(ANSWERS));
      turn.oncomplete = () => resolve(asked.result);
      turn.onabort = () => reject(turn.error);
    });
  } finally {
    base.close();
  }
}

export function keep(answer) {
  return within("readwrite", (answers) => answers.put(answer));
}

export function forget(key) {
  return within("readwrite", (answers) => answers.delete(key));
}

export async function kept() {
  const all = await within("readonly", (answers) => answers.getAll());
  return all.sort((one, other) => one.answered_at.localeCompare(other.answered_at));
}
