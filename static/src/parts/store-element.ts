// Elements that show a store: they listen while they are in the document, whichever store they are given.
import type { PropertyValues } from "lit";

import { LightElement } from "./element.ts";

export abstract class StoreElement<S extends EventTarget> extends LightElement {
  /** Subclasses declare it as a property: `@property({ attribute: false }) override store`. */
  abstract store: S | null;

  private listening: AbortController | null = null;

  /** Adds listeners to `store`, all with `signal`. */
  protected abstract listen(store: S, signal: AbortSignal): void;

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.startListening();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.listening?.abort();
    this.listening = null;
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("store")) this.startListening();
  }

  private startListening(): void {
    this.listening?.abort();
    this.listening = new AbortController();
    if (this.store && this.isConnected) this.listen(this.store, this.listening.signal);
  }
}
