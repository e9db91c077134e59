// The way to the server. A request that may have got lost is sent again under the same key, so it counts once.

const PAUSES_MS = [200, 500, 1000, 2000, 3000, 3000];
const TIMEOUT_MS = 12000;
const SAME_CLICK_MS = 2000;

export function token(bytes) {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function kept(store, name, bytes) {
  const found = store.getItem(name);
  if (found) return found;
  const made = token(bytes);
  store.setItem(name, made);
  return made;
}

const customer = kept(localStorage, "tea-shop-customer", 24);
const conversation = kept(sessionStorage, "tea-shop-conversation", 12);

// The same thing asked again at once is the same click: it keeps its key.
const recent = new Map();
export function keyFor(what) {
  const now = performance.now();
  const before = recent.get(what);
  const key = before && now - before.at < SAME_CLICK_MS ? before.key : token(16);
  recent.set(what, { key, at: now });
  return key;
}

async function once(path, body, key) {
  const headers = { "X-Customer": customer, "X-Conversation": conversation };
  if (key) headers["Idempotency-Key"] = key;
  if (body) headers["Content-Type"] = "application/json";
  return fetch(path, {
    method: body ? "POST" : "GET",
    headers,
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    cache: "no-store",
  });
}

export async function get(path) {
  const response = await once(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

export async function post(path, body, key, onRetry = () => {}) {
  for (const pause of PAUSES_MS) {
    try {
      const response = await once(path, body, key);
      if (response.ok) return await response.json();
      if (response.status < 500) throw new TypeError(`${path}: refused with ${response.status}`, { cause: "refused" });
    } catch (error) {
      if (error.cause === "refused") throw error;
    }
    onRetry();
    await new Promise((go) => setTimeout(go, pause));
  }
  throw new Error(`${path}: no answer`);
}
