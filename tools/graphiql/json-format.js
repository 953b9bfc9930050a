// Prettier's part for the Variables and Headers tabs, by the JSON formatter that is in the bundle already: Babel, which
// Prettier would take, is larger than React.
import { applyEdits, format } from "jsonc-parser";

const style = { insertSpaces: true, tabSize: 2, insertFinalNewline: true };

export const parsers = {
  jsonc: {
    astFormat: "jsonc",
    parse: (text) => ({ text: applyEdits(text, format(text, undefined, style)) }),
    locStart: () => 0,
    locEnd: ({ text }) => text.length,
  },
};

export const printers = { jsonc: { print: ({ node }) => node.text } };
