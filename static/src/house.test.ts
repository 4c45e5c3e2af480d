// The compiler settings that Lit elements rely on (see tsconfig.json).
import { LitElement, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { expect, test } from "vitest";

@customElement("house-probe")
class HouseProbe extends LitElement {
  @property({ type: Number }) count = 1;
  @state() private label = "first";

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  rename(label: string): void {
    this.label = label;
  }

  override render() {
    return html`<p>${this.label} ${this.count}</p>`;
  }
}

test("a decorated field with a default value still updates the element", async () => {
  const probe = document.createElement("house-probe") as HouseProbe;
  document.body.append(probe);
  await probe.updateComplete;
  expect(probe.textContent).toBe("first 1");

  probe.count = 2;
  probe.rename("second");
  await probe.updateComplete;
  expect(probe.textContent).toBe("second 2");
});
