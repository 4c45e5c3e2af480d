// Renders a host again in a steady rhythm while it is shown: for clocks and ages that grow by themselves.
import type { ReactiveController, ReactiveControllerHost } from "lit";

export class Ticking implements ReactiveController {
  private timer = 0;

  /** `ms` between two renderings. Nothing happens while the tab is hidden. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly ms: number,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.timer = window.setInterval(() => document.hidden || this.host.requestUpdate(), this.ms);
  }

  hostDisconnected(): void {
    clearInterval(this.timer);
  }
}
