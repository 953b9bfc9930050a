/*
 * How Apollo's cache takes in what Custograph answers. Copy this file.
 *
 * Records, figures and the parts of figures need nothing: each has an `id`, figures one made of KPI, variant, dates and
 * filter, so that what one component has fetched completes what another shows. What is left to say here: the pages of
 * a list are one list, and there is only one rate limit.
 */
import type { FieldPolicy, TypePolicies } from "@apollo/client";

interface Page {
  nodes?: readonly unknown[];
  edges?: readonly unknown[];
}

const LISTS = [
  "auditLog businessCalendars channels contracts costs customers engagements exchangeRates exports feedback imports",
  "interactions invitations leads members orders predictionFits predictions referrals refunds segments staff surveys",
  "targets teams tokens touchpoints webhookDeliveries webhooks workspaces",
]
  .join(" ")
  .split(" ");

const PAGING = new Set(["first", "after", "last", "before"]);

/** Pages after one another grow one list for each filter and order; a page without `after` begins it anew. */
const pages: FieldPolicy<Page> = {
  keyArgs: (args) => Object.keys(args ?? {}).filter((name) => !PAGING.has(name)),
  merge(existing, incoming, { args }) {
    if (!args?.after || !existing) return incoming;
    const { nodes, edges } = incoming;
    return {
      ...incoming,
      ...(nodes && { nodes: [...(existing.nodes ?? []), ...nodes] }),
      ...(edges && { edges: [...(existing.edges ?? []), ...edges] }),
    };
  },
};

export const typePolicies: TypePolicies = {
  Query: { fields: Object.fromEntries(LISTS.map((name) => [name, pages])) },
  RateLimit: { merge: true },
};
