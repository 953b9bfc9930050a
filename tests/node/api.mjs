// What the scripts share: where the API is, a fetch that signs in and keeps account, and the way back to the test.
import { readFileSync, writeSync } from "node:fs";

export const { url, token, ...given } = JSON.parse(readFileSync(0, "utf8"));

/** Every request that was sent and how it was answered, in order. */
export const requests = [];

export function signedIn(address, init = {}) {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(address, { ...init, headers });
}

export async function counted(address, init = {}) {
  const method = init.method ?? "GET";
  const request = { method, ...(method === "GET" ? read(new URL(address)) : JSON.parse(init.body)) };
  requests.push(request);
  const response = await signedIn(address, init);
  request.errors = (await response.clone().json()).errors ?? [];
  request.status = response.status;
  return response;
}

function read(address) {
  const { query, variables, extensions } = Object.fromEntries(address.searchParams);
  return { query, variables: variables && JSON.parse(variables), extensions: extensions && JSON.parse(extensions) };
}

export function tell(what) {
  writeSync(1, JSON.stringify(what));
}
