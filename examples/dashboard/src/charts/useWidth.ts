import { useCallback, useState } from "react";

/** The width that an element has, and what to give it as `ref`. */
export function useWidth<E extends Element>(): [number, (element: E) => () => void] {
  const [width, setWidth] = useState(0);
  const ref = useCallback((element: E) => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, ref];
}
