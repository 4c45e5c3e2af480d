// What every element here has in common: light DOM, so that styles, focus and tests see one document.
import { LitElement } from "lit";

export abstract class LightElement extends LitElement {
  /** Renders into the element itself, in place of what the template had put there. */
  protected override createRenderRoot(): HTMLElement {
    this.replaceChildren();
    return this;
  }
}
