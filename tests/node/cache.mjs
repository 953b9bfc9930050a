// Shows whether components of one page can share Apollo's cache as it comes, without any typePolicies: each watches
// a query of its own, and they settle when none overwrites what another has. What they show then stands beside what
// the server answers without a cache. Afterwards, one more asks for what should be there already.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { loadDevMessages, loadErrorMessages } from "@apollo/client/dev";
import { counted, given, requests, signedIn, tell, url } from "./api.mjs";

const QUIET = 300; // milliseconds without a request
const QUARREL = 12; // requests

loadDevMessages();
loadErrorMessages();
const complaints = [];
for (const level of ["debug", "warn", "error"]) console[level] = (...words) => complaints.push(words.join(" "));

const cache = new InMemoryCache();
const client = new ApolloClient({ cache, link: new HttpLink({ uri: url, fetch: counted }) });
const settled = async () => {
  for (let before = -1; before < requests.length && before < QUARREL; ) {
    before = requests.length;
    while (requests.some(({ status }) => !status)) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, QUIET)); // for the cache to take it in, and ask again
  }
};
const plainly = async (query) => {
  const headers = { "content-type": "application/json" };
  const response = await signedIn(url, { method: "POST", headers, body: JSON.stringify({ query }) });
  return (await response.json()).data;
};
const bare = (data) => JSON.parse(JSON.stringify(data ?? null, (key, value) => (key === "__typename" ? undefined : value)));

const components = [];
for (const query of given.watched) {
  const component = { query, shown: null };
  client.watchQuery({ query: gql(query) }).subscribe(({ data, dataState, error }) => {
    component.shown = dataState === "complete" ? bare(data) : null;
    if (error) complaints.push(error.message);
  });
  components.push(component);
  if (!given.atOnce) await settled();
}
await settled();
const asked = requests.length;

let later = null;
if (given.later) {
  const { data } = await client.query({ query: gql(given.later), fetchPolicy: "cache-first" });
  later = { shown: bare(data), answered: await plainly(given.later), requests: requests.length - asked };
}
for (const component of components) component.answered = await plainly(component.query);
tell({ requests: asked, components, later, complaints });
process.exit();
