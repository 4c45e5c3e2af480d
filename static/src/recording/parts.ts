// The data in a recording: each part is JSON, compressed, in a script element of a type that no browser runs.

/** A part of the file, and which rows it holds, for parts that hold rows. */
interface Part {
  element: HTMLScriptElement;
  first: number;
  last: number;
}

/** Parts that hold rows are kept decoded, so many of each kind; the one that was asked for longest ago goes first. */
const KEPT = 12;

/** Reads the parts of the page that it is in. */
export class RecordedParts {
  private readonly parts = new Map<string, Part[]>();
  private readonly kept = new Map<Part, Promise<unknown>>();

  constructor(root: ParentNode = document) {
    for (const element of root.querySelectorAll<HTMLScriptElement>("script[data-part]")) {
      const { part = "", first, last } = element.dataset;
      const known = this.parts.get(part) ?? [];
      known.push({ element, first: Number(first ?? 1), last: Number(last ?? 1) });
      this.parts.set(part, known);
    }
  }

  /** The only part of that name. Rejects when it is not there or damaged. */
  async one<T>(name: string): Promise<T> {
    const [part] = this.of(name);
    if (!part) throw new Error(`The recording has no part “${name}”: the file is not whole.`);
    return (await this.decoded(part)) as T;
  }

  /** The parts that hold rows from `first` to `last`, in order. */
  async rows<T>(name: string, first: number, last: number): Promise<T[]> {
    const wanted = this.of(name).filter((part) => part.first <= last && part.last >= first);
    return (await Promise.all(wanted.map((part) => this.decoded(part)))) as T[];
  }

  /** Number of the first row that is held; `otherwise` when there is none. */
  first(name: string, otherwise: number): number {
    return this.of(name)[0]?.first ?? otherwise;
  }

  private of(name: string): Part[] {
    return this.parts.get(name) ?? [];
  }

  private decoded(part: Part): Promise<unknown> {
    const known = this.kept.get(part) ?? decode(part.element.text);
    this.kept.delete(part);
    this.kept.set(part, known);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value!);
    return known;
  }
}

/** JSON out of gzip out of base64. */
async function decode(text: string): Promise<unknown> {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).json();
}
