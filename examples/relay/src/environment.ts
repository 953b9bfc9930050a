// Where Relay asks, and where it keeps what it is answered.
import { Environment, type FetchFunction, Network, type PayloadData, type PayloadError } from "relay-runtime";

export interface Place {
  /** Where the API is, such as http://127.0.0.1:8000/graphql. */
  url: string;
  token: string;
}

interface Answer {
  data?: PayloadData | null;
  errors?: (PayloadError & { extensions?: Record<string, unknown> })[];
}

export function custograph({ url, token }: Place): Environment {
  const ask: FetchFunction = async ({ text: query }, variables) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors = [] } = (await response.json()) as Answer;
    // without any data there is nothing to show but the reason
    if (!data) throw new Error(errors[0]?.message ?? response.statusText);
    // of the errors of fields, `@catch` tells the extensions only
    return {
      data,
      errors: errors.map((error) => ({ ...error, extensions: { ...error.extensions, message: error.message } })),
    };
  };
  return new Environment({ network: Network.create(ask) });
}

/** What went wrong, in the words of the API. */
export function reasons(errors: readonly unknown[]): string {
  return (errors as { extensions?: { message?: string } }[]).map(({ extensions }) => extensions?.message).join(" ");
}
