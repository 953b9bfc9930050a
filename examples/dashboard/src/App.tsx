import { ApolloProvider, useApolloClient, useQuery } from "@apollo/client/react";
import { useEffect, useMemo, useState } from "react";
import { CohortCard } from "./cards/CohortCard";
import { KpiCard } from "./cards/KpiCard";
import { StackCard } from "./cards/StackCard";
import { makeClient } from "./client";
import { connection } from "./connection";
import { FilterBar } from "./FilterBar";
import type { By, Filters } from "./filters";
import { FrameDocument, type KpiKey } from "./__generated__/graphql";
import { choose, settings } from "./settings";
import { SignIn } from "./SignIn";
import { fill, useWords } from "./words";

/** The KPIs of the page, and by which channel each is known. */
const BOARD: [KpiKey, By][] = [
  ["CSAT", "CHANNEL"],
  ["NPS", "CHANNEL"],
  ["RETENTION_RATE", "ACQUISITION_CHANNEL"],
  ["RESPONSE_TIME", "CHANNEL"],
  ["CAC", "ACQUISITION_CHANNEL"],
  ["CLV", "ACQUISITION_CHANNEL"],
];

export function App() {
  const { token } = settings.use();
  return token ? <SignedIn key={token} token={token} /> : <SignIn />;
}

function SignedIn({ token }: { token: string }) {
  const client = useMemo(() => makeClient(token), [token]);
  return (
    <ApolloProvider client={client}>
      <Dashboard />
    </ApolloProvider>
  );
}

function Dashboard() {
  const [filters, setFilters] = useState<Filters>({ period: "months12", grain: "MONTH", channel: "" });
  const { data, fetchMore } = useQuery(FrameDocument);
  const page = data?.channels?.pageInfo;
  useEffect(() => {
    // more channels than one page holds: the cache makes one list of them
    if (page?.hasNextPage) fetchMore({ variables: { after: page.endCursor } }).catch(() => undefined);
  }, [page, fetchMore]);
  return (
    <>
      <Top name={data?.workspace?.name} />
      <Lost />
      <FilterBar filters={filters} channels={data?.channels?.nodes ?? []} onChange={setFilters} />
      <main className="board">
        {BOARD.map(([kpi, by]) => (
          <KpiCard key={kpi} kpi={kpi} by={by} filters={filters} />
        ))}
        <StackCard filters={filters} />
        <CohortCard filters={filters} />
      </main>
    </>
  );
}

function Top({ name }: { name: string | undefined }) {
  const words = useWords();
  const client = useApolloClient();
  const { locale, theme } = settings.use();
  const { isLive } = connection.use();
  useEffect(() => {
    document.title = name ? `${words.title} · ${name}` : words.title;
  }, [words, name]);
  return (
    <header className="top">
      <h1>
        {words.title} {name && <small>{name}</small>}
      </h1>
      <span role="status" className={isLive ? "state live" : "state"}>
        {isLive ? words.live : words.asking}
      </span>
      <button type="button" id="refresh" onClick={() => void client.refetchQueries({ include: "active" })}>
        {words.refresh}
      </button>
      <button
        type="button"
        id="language"
        lang={locale === "en" ? "zh-CN" : "en"}
        onClick={() => choose({ locale: locale === "en" ? "zh" : "en" })}
      >
        {words.language}
      </button>
      <button
        type="button"
        id="theme"
        aria-pressed={theme === "dark"}
        onClick={() => choose({ theme: theme === "dark" ? "light" : "dark" })}
      >
        {words.dark}
      </button>
      <button type="button" onClick={() => settings.set({ token: null, refusal: null })}>
        {words.signOut}
      </button>
    </header>
  );
}

/** Says that what is shown may be old. */
function Lost() {
  const words = useWords();
  const { locale } = settings.use();
  const { isReached, heardAt } = connection.use();
  return (
    <div role="alert">
      {!isReached && (
        <p className="failure">
          {heardAt ? fill(words.lost, { time: new Date(heardAt).toLocaleTimeString(locale) }) : words.unreached}
        </p>
      )}
    </div>
  );
}
