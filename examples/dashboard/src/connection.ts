import { Store } from "./store";

/** How the page stands with the server; the links of the client tell it. */
export const connection = new Store({
  /** Whether figures come by themselves; otherwise they are asked for now and then. */
  isLive: false,
  /** Whether the last request was answered. */
  isReached: true,
  /** When the server was last heard. */
  heardAt: 0,
});

/** Milliseconds between questions: few while the server is not reached, none (0) while what is asked comes by itself. */
export function usePace(isRefused: boolean): number {
  const { isLive, isReached } = connection.use();
  return isReached ? (isLive && !isRefused ? 0 : 30_000) : 5_000;
}
