import { useSyncExternalStore } from "react";

/** A value that components watch, and that others than components may set. */
export class Store<T extends object> {
  #value: T;
  readonly #watchers = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get = (): T => this.#value;

  set(change: Partial<T>): void {
    const moved = (Object.keys(change) as (keyof T)[]).some((key) => change[key] !== this.#value[key]);
    if (!moved) return;
    this.#value = { ...this.#value, ...change };
    for (const watcher of this.#watchers) watcher();
  }

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  use(): T {
    return useSyncExternalStore(this.watch, this.get);
  }
}
