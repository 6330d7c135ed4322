/// <reference lib="dom" />
// Comes before uPlot, which reads the ratio once: canvases hold at least two dots per CSS pixel, because that is what a
// printer or a PDF gets from them.
const ratio = window.devicePixelRatio;
Object.defineProperty(window, "devicePixelRatio", { get: () => Math.max(2, ratio), configurable: true });
