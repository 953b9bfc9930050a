import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { OperationTypeNode } from "graphql";
import { tap } from "rxjs";
import { connection } from "./connection";
import { possibleTypes } from "./__generated__/possibleTypes";
import { settings } from "./settings";
import { typePolicies } from "./typePolicies";

const ADDRESS = new URL(import.meta.env.VITE_CUSTOGRAPH_URL ?? "/graphql", location.href);

/** A client for one token: subscriptions over a WebSocket, all else over HTTP, into one cache. */
export function makeClient(token: string): ApolloClient {
  const authorization = `Bearer ${token}`;
  const signed = new SetContextLink(() => ({
    headers: { authorization, "accept-language": settings.get().locale },
  }));
  return new ApolloClient({
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      socket(authorization),
      ApolloLink.from([heard, signed, new HttpLink({ uri: ADDRESS.href })]),
    ),
  });
}

/** Tells whether the server is reached, and signs out where it does not take the token. */
const heard = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    tap({
      next: ({ errors }) => {
        connection.set({ isReached: true, heardAt: Date.now() });
        const refused = errors?.find(({ extensions }) => extensions?.code === "UNAUTHENTICATED");
        if (refused) settings.set({ token: null, refusal: refused.message });
      },
      // what is no GraphQL comes from something between the page and the server
      error: () => connection.set({ isReached: false }),
    }),
  ),
);

const SILENCE = 40_000; // milliseconds; the server shows every twelve seconds that it lives

/** Where no WebSocket is to be had it tries again ever more seldom, and the page goes on asking. */
function socket(authorization: string): GraphQLWsLink {
  const url = new URL(ADDRESS);
  url.protocol = url.protocol.replace("http", "ws");
  let silence: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: url.href,
    connectionParams: { Authorization: authorization },
    retryAttempts: Infinity,
    retryWait: async (retries) => {
      const seconds = Math.min(2 ** retries, 300) * (0.5 + Math.random());
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    },
    on: {
      message: ({ type }) => {
        clearTimeout(silence);
        silence = setTimeout(() => client.terminate(), SILENCE); // a network can go without a word
        if (type === "next") connection.set({ isLive: true, isReached: true, heardAt: Date.now() });
      },
      closed: () => {
        clearTimeout(silence);
        connection.set({ isLive: false });
      },
    },
  });
  return new GraphQLWsLink(client);
}
