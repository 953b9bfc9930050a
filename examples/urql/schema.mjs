// Writes src/__generated__/schema.ts: the API's types without their words, from which the cache knows what is what.
// Elsewhere than in Custograph's repository, give it the schema that your server serves at /schema.graphql.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { minifyIntrospectionQuery } from "@urql/introspection";
import { buildSchema, introspectionFromSchema } from "graphql";

const [file = "../../docs/schema.graphql"] = process.argv.slice(2);
const told = introspectionFromSchema(buildSchema(readFileSync(file, "utf8")), { descriptions: false });
const schema = JSON.stringify(minifyIntrospectionQuery(told));
mkdirSync("src/__generated__", { recursive: true });
writeFileSync(
  "src/__generated__/schema.ts",
  `import type { CacheExchangeOpts } from "@urql/exchange-graphcache";

export const schema: NonNullable<CacheExchangeOpts["schema"]> = ${schema};
`,
);
