/// <reference lib="dom" />
// Mends what uPlot reads once when it loads, so this must be imported before it.

// Canvases hold at least two dots per CSS pixel, because that is what a printer or a PDF gets from them.
const ratio = window.devicePixelRatio;
Object.defineProperty(window, "devicePixelRatio", { get: () => Math.max(2, ratio), configurable: true });

// uPlot makes a number format of navigator.language, which throws in a browser started with LANG=C ("en-US@posix").
try {
  Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { get: () => "en", configurable: true });
}
