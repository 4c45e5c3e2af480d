// `<recording-note>`: what this file is, since when, and what is not in it.
import { type TemplateResult, html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";

import { LightElement } from "../parts/element.ts";
import { fullTime, number, plural } from "../parts/format.ts";
import type { About, LeftOut } from "./about.ts";

@customElement("recording-note")
export class RecordingNote extends LightElement {
  @property({ attribute: false }) about: About | null = null;
  /** Why the file cannot be shown, or empty. */
  @property() damage = "";

  protected override render() {
    if (this.damage) return alarm(this.damage);
    return this.about ? note(this.about) : nothing;
  }
}

function alarm(why: string): TemplateResult {
  return html`<div class="banner failed" role="alert">
    <p><b>This recording cannot be shown.</b> The file may be damaged. ${why}</p>
  </div>`;
}

function note(about: About): TemplateResult {
  const missing = missingWords(about);
  const { made_at: at } = about;
  const made = html`<time datetime=${at} title=${fullTime(at)}>${fullTime(at).replace(/\.\d+/, "")}</time>`;
  return html`<div class="recording-note">
    <p><b>Recording</b> made ${made}. It shows the job as it was then.</p>
    ${
      missing.length
        ? html`<details>
            <summary>${plural(missing.length, "thing")} ${missing.length === 1 ? "is" : "are"} not in this file</summary>
            <ul>
              ${missing.map((words) => html`<li>${words}</li>`)}
            </ul>
          </details>`
        : nothing
    }
  </div>`;
}

/** One sentence for each thing that is not in the file. */
export function missingWords({ left_out, limit, masked, missing }: About): string[] {
  const size = `${number(Math.round(limit / 1_000_000))} MB`;
  const hidden = masked.length ? [`Values named ${masked.join(", ")} are hidden.`] : [];
  return [...missing, ...left_out.map((some) => leftOutWords(some, size)), ...hidden];
}

function leftOutWords({ what, first, last, count }: LeftOut, size: string): string {
  const which = `(${number(first)} to ${number(last)})`;
  const were = count === 1 ? "was" : "were";
  const said: { [what in LeftOut["what"]]: string } = {
    payloads: `The data of ${plural(count, "record")} ${which} was`,
    records: `${plural(count, "record")} ${which} ${were}`,
    log: `${plural(count, "entry", "entries")} of the shared log ${which} ${were}`,
    outputs: `${plural(count, "output")} ${which} ${were}`,
    frames: `${plural(count, "moment")} between those that are kept ${were}`,
  };
  return `${said[what]} left out, so that the file has at most ${size}; all counts are exact.`;
}
