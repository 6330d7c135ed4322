/** The part of svgcanvas that the page's script uses; the package has no types of its own. Its main file would bring an element too. */
declare module "svgcanvas/context.js" {
  export default class Context {
    constructor(options: { width: number; height: number });
    beginPath(): void;
    moveTo(x: number, y: number): void;
    lineTo(x: number, y: number): void;
    bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void;
    arc(x: number, y: number, radius: number, from: number, to: number, counterClockwise?: boolean): void;
    rect(x: number, y: number, width: number, height: number): void;
    closePath(): void;
    stroke(): void;
    fill(): void;
    clip(): void;
    clearRect(x: number, y: number, width: number, height: number): void;
    getSvg(): SVGSVGElement;
  }
}
