// A client of urql for Custograph: it signs in, and keeps what it is answered.
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { graphcache } from "./graphcache.js";
import { schema } from "./__generated__/schema.js";

export interface Place {
  /** Where the API is, such as http://127.0.0.1:8000/graphql. */
  url: string;
  token: string;
}

export function custograph({ url, token }: Place): Client {
  return new Client({
    url,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    exchanges: [cacheExchange(graphcache(schema)), fetchExchange],
  });
}
