// Shows how far the endpoint keeps to "GraphQL over HTTP": the result of each audit of that specification's suite.
import { auditServer } from "graphql-http";
import { signedIn, tell, url } from "./api.mjs";

const results = await auditServer({ url, fetchFn: signedIn });
tell(results.map(({ id, name, status, reason }) => ({ id, name, status, reason })));
