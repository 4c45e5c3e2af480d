// Data of a payload as one line of text, as in `{module: "asyncio", score: 61}`. Text only, never markup. Pure.

const BARE_KEY = /^[A-Za-z_][\w.-]*$/;

/** At most `limit` characters; what was left out is an ellipsis. */
export function preview(value: unknown, limit = 240): string {
  const line = new Line(limit);
  write(value, line);
  return line.text;
}

/** Text that grows up to a limit, so that a large value costs no more than a small one. */
class Line {
  text = "";

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.text.length >= this.limit;
  }

  add(piece: string): void {
    const room = this.limit - this.text.length;
    if (room <= 0) return;
    this.text += piece.length > room ? `${piece.slice(0, room - 1)}…` : piece;
  }
}

/** Marks that turn the direction of the text around them: shown as what they are, they can only be read. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A string as data: in quotes, and what could not be seen of it, or would disturb what stands beside it, by its code. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(TURNS, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function write(value: unknown, line: Line): void {
  if (typeof value === "string") line.add(quoted(value.length > 300 ? value.slice(0, 300) : value));
  else if (typeof value === "number") line.add(plainNumber(value));
  else if (Array.isArray(value)) writeAll(value, "[", "]", line, (item) => write(item, line));
  else if (value && typeof value === "object") writeObject(value, line);
  else line.add(String(value));
}

function writeObject(value: object, line: Line): void {
  writeAll(Object.entries(value), "{", "}", line, ([key, inner]) => {
    line.add(`${BARE_KEY.test(key) ? key : quoted(key)}: `);
    write(inner, line);
  });
}

function writeAll<T>(items: T[], open: string, close: string, line: Line, writeItem: (item: T) => void): void {
  line.add(open);
  for (const [index, item] of items.entries()) {
    if (line.full) return;
    if (index) line.add(", ");
    writeItem(item);
  }
  line.add(close);
}

/** Numbers as they are, but long fractions cut: what is shown is a preview. */
export function plainNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(12)));
}
