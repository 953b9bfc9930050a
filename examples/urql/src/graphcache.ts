// How Graphcache keeps what Custograph answers. Copy it: it follows from the schema and lists no type by hand.
import { stringifyVariables } from "@urql/core";
import type {
  CacheExchangeOpts,
  KeyingConfig,
  Resolver,
  ResolverConfig,
  UpdateResolver,
} from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";

interface TypeRef {
  name?: string;
  ofType?: TypeRef | null;
}
interface Type {
  kind: string;
  name: string;
  fields?: { name: string; type: TypeRef; args: { name: string }[] }[];
}

/** Options for `cacheExchange`; `schema` is what `schema.mjs` writes. */
export function graphcache(schema: NonNullable<CacheExchangeOpts["schema"]>): CacheExchangeOpts {
  const objects = (schema.__schema.types as unknown as Type[]).filter(({ kind }) => kind === "OBJECT");
  const keys: KeyingConfig = {};
  const resolvers: ResolverConfig = {};
  const mutations: Record<string, UpdateResolver> = {};
  for (const { name, fields = [] } of objects) {
    // what has no id belongs to what it was asked of: pages, payloads, errors
    if (!fields.some((field) => field.name === "id")) keys[name] = () => null;
    // a list shows all the pages of it that were fetched, each row once
    const lists = fields.filter(
      ({ type, args }) => /Connection$/.test(named(type)) && args.some(({ name }) => name === "after"),
    );
    if (lists.length) resolvers[name] = Object.fromEntries(lists.map((field) => [field.name, merged]));
    // any record may move any figure: after a write, what is shown is asked again
    if (name === "Mutation") for (const field of fields) mutations[field.name] = askAgain;
  }
  return { schema, keys, resolvers, updates: { Mutation: mutations, Subscription: { kpiChanged: turned } } };
}

function named({ name, ofType }: TypeRef): string {
  return ofType ? named(ofType) : (name ?? "");
}

const pages = relayPagination();

const merged: Resolver = (parent, args, cache, info) =>
  Object.keys(args).length ? pages(parent, args, cache, info) : cache.resolve(info.parentKey, info.fieldName);

const askAgain: UpdateResolver = (_result, _args, cache) => {
  for (const { fieldName, arguments: args } of cache.inspectFields("Query")) cache.invalidate("Query", fieldName, args);
};

// when a period turns, the same question is answered by another figure: whoever asked it asks again
const turned: UpdateResolver<{ kpiChanged: { __typename: "KpiResult"; id: string } | null }> = (
  result,
  args,
  cache,
) => {
  const told = cache.keyOfEntity(result.kpiChanged);
  for (const { fieldName, fieldKey, arguments: asked } of cache.inspectFields("Query")) {
    const questions = fieldName === "kpi" ? [asked] : fieldName === "kpis" ? (asked?.ask as object[]) : [];
    const shown = [cache.resolve("Query", fieldKey)].flat();
    if (questions.some((question, place) => same(question, args) && shown[place] !== told))
      cache.invalidate("Query", fieldName, asked);
  }
};

function same(one: object | null, other: object): boolean {
  const given = (args: object) => Object.fromEntries(Object.entries(args).filter(([, value]) => value != null));
  return stringifyVariables(given(one ?? {})) === stringifyVariables(given(other));
}
