import temml from "temml";
import { Html } from "./html.ts";

/** TeX as MathML, which browsers set by themselves. Throws on TeX that does not parse. */
export function formula(tex: string): Html {
  return new Html(temml.renderToString(tex, { throwOnError: true }));
}

/** The same on a line of its own, which scrolls where the screen is narrow. */
export function displayFormula(tex: string): Html {
  return new Html(
    `<div class="scroll formula">${temml.renderToString(tex, { displayMode: true, throwOnError: true })}</div>`,
  );
}
