// Shows that a client without a cache or a protocol of its own gets answers, and errors that it can tell apart.
import { ClientError, GraphQLClient } from "graphql-request";
import { given, signedIn, tell, url } from "./api.mjs";

const client = new GraphQLClient(url, { fetch: signedIn });
const told = [];
for (const { query, variables } of given.asked) {
  try {
    told.push({ data: await client.request(query, variables) });
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const { status, errors } = error.response;
    told.push({ status, codes: errors.map(({ extensions }) => extensions?.code) });
  }
}
tell(told);
