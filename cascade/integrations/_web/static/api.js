// Asking the service. The key stays in this tab.

const KEPT = "cascade.key";

export const key = () => sessionStorage.getItem(KEPT) ?? "";
export const useKey = (given) => (given ? sessionStorage.setItem(KEPT, given) : sessionStorage.removeItem(KEPT));

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.errors?.map((one) => `${one.at}: ${one.message}`).join("; ") || problem.detail || String(status));
    this.status = status;
    this.code = problem.code;
  }
}

export async function ask(method, path, body) {
  const headers = {};
  const sent = key();
  if (sent) headers.Authorization = `Bearer ${sent}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    credentials: "same-origin",
    signal: AbortSignal.timeout(65_000),
  });
  if (response.status === 204) return null;
  const told = await response.json().catch(() => ({}));
  if (response.status === 401) {
    // Refused with the key of before, while another was given: that says nothing of the new one.
    if (key() && key() !== sent) return ask(method, path, body);
    useKey("");
  }
  if (!response.ok) throw new Refused(response.status, told);
  return told;
}
