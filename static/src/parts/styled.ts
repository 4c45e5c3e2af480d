// `<div ${styled({ height: "4px" })}>`: sets properties of an element's style by script. Lit's own styleMap writes the
// style attribute first, which a strict Content-Security-Policy refuses.
import type { ElementPart } from "lit";
import { noChange } from "lit";
import { Directive, directive } from "lit/directive.js";

class Styled extends Directive {
  override render(_properties: { [name: string]: string }): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [properties]: [{ [name: string]: string }]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(properties)) style.setProperty(name, value);
    return noChange;
  }
}

/** Properties by their names in CSS, custom ones too; "" takes one away. */
export const styled = directive(Styled);
