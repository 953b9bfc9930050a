// A client of urql for Custograph: it signs in, keeps what it is answered, and is told what changes.
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { createClient, type Sink } from "graphql-ws";
import { schema } from "./__generated__/schema.js";
import { graphcache } from "./graphcache.js";

export interface Place {
  /** Where the API is, such as http://127.0.0.1:8000/graphql. */
  url: string;
  token: string;
  /** A WebSocket, where the platform has none: `ws` for Node before 22. */
  webSocketImpl?: unknown;
}

const FORBIDDEN = 4403;

export function custograph({ url, token, webSocketImpl }: Place): Client {
  const authorization = `Bearer ${token}`;
  const socket = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl,
    connectionParams: { authorization },
    retryAttempts: Infinity, // after a break, each subscription tells first how things stand
    shouldRetry: (reason) => (reason as { code?: number }).code !== FORBIDDEN,
  });
  return new Client({
    url,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization } },
    exchanges: [
      cacheExchange(graphcache(schema)),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = "", variables = {} }) => ({
          subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink as Sink) }),
        }),
      }),
    ],
  });
}
