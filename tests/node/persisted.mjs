// Shows automatic persisted queries, as Apollo Client and urql speak them: the requests of a client that asks what
// the server has not heard yet, then those of another that asks the same.
import { createHash } from "node:crypto";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { createClient, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { counted, given, requests, tell, url } from "./api.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

const CLIENTS = {
  apollo({ get }) {
    const persisted = createPersistedQueryLink({ sha256, useGETForHashedQueries: get });
    const link = persisted.concat(new HttpLink({ uri: url, fetch: counted }));
    const client = new ApolloClient({ cache: new InMemoryCache(), link });
    return (query, variables) => client.query({ query: gql(query), variables, errorPolicy: "all" });
  },
  urql({ get }) {
    const persisted = persistedExchange({
      preferGetForPersistedQueries: get ? "within-url-limit" : false,
      generateHash: async (text) => sha256(text),
    });
    const client = createClient({ url, fetch: counted, exchanges: [persisted, fetchExchange], preferGetMethod: false });
    return (query, variables) => client.query(query, variables).toPromise();
  },
};

const told = [];
for (const _ of ["who asks first", "another"]) {
  const ask = CLIENTS[given.client](given);
  const { data, error } = await ask(given.query, given.variables);
  told.push({ data, error: error?.message ?? null, requests: requests.splice(0) });
}
tell(told);
process.exit();
