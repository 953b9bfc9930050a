// Where Relay asks, is told what changes, and keeps what it is answered.
import { createClient, type Sink } from "graphql-ws";
import { Environment, type FetchFunction, Network, Observable, type SubscribeFunction } from "relay-runtime";
import type { PayloadData, PayloadError } from "relay-runtime";

export interface Place {
  /** Where the API is, such as http://127.0.0.1:8000/graphql. */
  url: string;
  token: string;
  /** A WebSocket, where the platform has none: `ws` for Node before 22. */
  webSocketImpl?: unknown;
}

const FORBIDDEN = 4403;

interface Answer {
  data?: PayloadData | null;
  errors?: (PayloadError & { extensions?: Record<string, unknown> })[];
}

export function custograph({ url, token, webSocketImpl }: Place): Environment {
  const authorization = `Bearer ${token}`;
  const ask: FetchFunction = async ({ text: query }, variables) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors = [] } = (await response.json()) as Answer;
    // without any data there is nothing to show but the reason
    if (!data) throw new Error(errors[0]?.message ?? response.statusText);
    // of the errors of fields, `@catch` tells the extensions only
    return {
      data,
      errors: errors.map((error) => ({ ...error, extensions: { ...error.extensions, message: error.message } })),
    };
  };
  const socket = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl,
    connectionParams: { authorization },
    retryAttempts: Infinity, // after a break, each subscription tells first how things stand
    shouldRetry: (reason) => (reason as { code?: number }).code !== FORBIDDEN,
  });
  const follow: SubscribeFunction = ({ text: query }, variables) =>
    Observable.create((sink) => socket.subscribe({ query: query ?? "", variables }, sink as Sink));
  return new Environment({ network: Network.create(ask, follow) });
}

/** What went wrong, in the words of the API. */
export function reasons(errors: readonly unknown[]): string {
  return (errors as { extensions?: { message?: string } }[]).map(({ extensions }) => extensions?.message).join(" ");
}
