// What the API's scalars are on this side; relay.config.json names them.
export type CurrencyCode = string;
export type Day = `${number}-${number}-${number}`;
export type Instant = `${string}T${string}`;
export type Decimal = `${number}`; // exact, and therefore text
export type Json = unknown;
