import { useWords } from "../words";

/** What a chart shows, as a table that opens below it. */
export function Values({ caption, head, rows }: { caption: string; head: string[]; rows: string[][] }) {
  const words = useWords();
  return (
    <details>
      <summary>{words.values}</summary>
      <div className="scroll">
        <table>
          <caption>{caption}</caption>
          <thead>
            <tr>
              {head.map((text, index) => (
                <th key={index} scope="col">
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([first, ...rest]) => (
              <tr key={first}>
                <th scope="row">{first}</th>
                {rest.map((text, index) => (
                  <td key={index}>{text}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
