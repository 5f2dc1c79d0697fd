// Asking the server. Answers are kept for a while, so that going back shows at once what was there.

const FRESH_MS = 120_000;
const MOST_KEPT = 40;
// Characters of the text of a post that is kept.
const LONGEST_KEPT = 100_000;

const kept = new Map();

/** Why there is no answer. */
export class ApiError extends Error {
  /** status: of HTTP, 0: no answer at all; start, end: where in the query it is, if anywhere. */
  constructor(message, { status = 0, start = null, end = null } = {}) {
    super(message);
    this.status = status;
    this.start = start;
    this.end = end;
  }
}

/** Below /api, by GET or with a picture; raises ApiError, or AbortError once `signal` says so. */
export async function ask(name, parameters, { signal, fresh = false, picture = null } = {}) {
  const address = `api/${name}?${encoded(parameters)}`;
  const question = `${address} ${picture?.name ?? ""}`;
  const known = kept.get(question);
  if (!fresh && known !== undefined && performance.now() - known.at < FRESH_MS) {
    return known.answer;
  }
  const headers = { Accept: "application/json", ...(picture && { "Content-Type": picture.type }) };
  const how = picture ? { method: "POST", body: picture.file } : {};
  const answer = await answered(fetch(address, { signal, headers, ...how }));
  kept.delete(question);
  if ((answer?.text?.length ?? 0) < LONGEST_KEPT) {
    kept.set(question, { answer, at: performance.now() });
  }
  if (kept.size > MOST_KEPT) {
    kept.delete(kept.keys().next().value);
  }
  return answer;
}

/** Shows the key to the server, which gives a cookie for it. */
export async function beginSession(key) {
  await answered(
    fetch("api/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key }),
    }),
  );
}

export function thumbnailAddress(id, size) {
  return `api/thumbnail?${encoded({ id, size })}`;
}

function encoded(parameters) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== "" && one !== null && one !== undefined) {
        asked.append(name, String(one));
      }
    }
  }
  return asked.toString();
}

async function answered(request) {
  let response;
  try {
    response = await request;
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
    throw new ApiError(
      navigator.onLine === false
        ? "This device is offline."
        : "The server cannot be reached.",
    );
  }
  if (response.status === 204) {
    return null;
  }
  let content = null;
  try {
    content = await response.json();
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
  }
  if (response.ok && content !== null) {
    return content;
  }
  const told = content?.error;
  if (typeof told?.message !== "string") {
    throw new ApiError(`The server's answer cannot be read (${response.status}).`, {
      status: response.status || 500,
    });
  }
  throw new ApiError(told.message, {
    status: response.status,
    start: told.start ?? null,
    end: told.end ?? null,
  });
}
