import type { ErrorLike } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";

/** Why there is no answer, in the server's words. That it is not reached, the page says once, at the top. */
export function Failure({ error }: { error: ErrorLike }) {
  if (!CombinedGraphQLErrors.is(error)) return null;
  const said = new Set(error.errors.map(({ message }) => message));
  return (
    <p role="alert" className="failure">
      {[...said].join(" ")}
    </p>
  );
}
